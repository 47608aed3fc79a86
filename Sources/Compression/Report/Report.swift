/// What a compression did: per layer and in all, before and after. The keys of its JSON are stable; docs/recipes.md lists them.
package struct Report: Sendable, Equatable {
  /// One figure before and after; nil where it is not known.
  package struct Change<Figure: Sendable & Equatable>: Sendable, Equatable {
    package var before: Figure
    package var after: Figure

    package init(before: Figure, after: Figure) {
      self.before = before
      self.after = after
    }
  }

  package struct Layer: Sendable, Equatable {
    package var name: String
    /// The ONNX operator's name.
    package var `operator`: String
    /// The weight's extents.
    package var shape: [Int]
    package var roles: [String]
    /// How the weight is stored now: `f32`, `s8`, `f32 bitmap 20%` …
    package var format: String
    /// Stored bytes of weight and bias: elements, scales, bitmap or gaps.
    package var bytes: Change<Int>
    /// Multiply-accumulates of one sample; nil where the shape is not known.
    package var macs: Int?
    /// The share of the weight's elements that are zero.
    package var zeros: Change<Double>
    /// Median milliseconds on this machine, conversions to and from integers included; nil where nothing was measured.
    package var milliseconds: Change<Double?>
    /// Of the layer's output against the float model, everything before it compressed too; nil where nothing was measured.
    package var signalToNoise: Double?
    /// Of a quantized layer by itself; nil for others.
    package var alone: Alone?
    /// Of a layer that became a chain of layers; then bytes, milliseconds and zeros are those of all of them together.
    package var factors: Factors?
  }

  /// The chain of layers that stands for one.
  package struct Factors: Sendable, Equatable {
    /// Extents of their weights.
    package var shapes: [[Int]]
    /// Elements of weights and biases, before and after.
    package var parameters: Change<Int>
    /// Multiply-accumulates of one sample; nil where the shapes are not known.
    package var macs: Int?
  }

  /// What quantization does to one layer that is given the float network's inputs.
  package struct Alone: Sendable, Equatable {
    /// Of the layer's sums, in decibels.
    package var signalToNoise: Double?
    /// What the codes of its input can say; nil where it reads floats.
    package var low: Double?
    package var high: Double?
    /// The share of its inputs' elements that lie beyond.
    package var inputSaturation: Double?
    /// The share of its weights that lie beyond what their codes can say.
    package var weightSaturation: Double
  }

  /// Something that a recipe asked for and that was not done because it did not pay.
  package struct Refusal: Sendable, Equatable {
    package var layer: String
    /// What was refused, by method: `quantize.affine: integer activations`.
    package var what: String
    package var reason: String
    /// Median milliseconds of the layer as it was (before) and with what was refused (after); nil where something else decided.
    package var milliseconds: Change<Double?>

    package init(layer: String, what: String, reason: String, milliseconds: Change<Double?>) {
      self.layer = layer
      self.what = what
      self.reason = reason
      self.milliseconds = milliseconds
    }
  }

  /// The channels that a step took from a pruning group.
  package struct Removal: Sendable, Equatable {
    /// Where the step stands in the recipe: `steps[0]`.
    package var step: String
    package var group: String
    /// How many channels there were.
    package var channels: Int
    /// Those that went, ascending, as the group numbers them.
    package var removed: [Int]

    package init(step: String, group: String, channels: Int, removed: [Int]) {
      self.step = step
      self.group = group
      self.channels = channels
      self.removed = removed
    }
  }

  package var model: String
  package var recipe: JSONValue
  /// The processor, and when (UTC, ISO 8601).
  package var machine: String
  package var time: String
  /// Calibration samples that were there.
  package var samples: Int
  /// Bytes of the whole file as .nsk, header and tables included.
  package var bytes: Change<Int>
  /// Elements of all layers' weights and biases.
  package var parameters: Int
  package var macs: Int?
  /// The same of what came of it.
  package var parametersAfter: Int
  package var macsAfter: Int?
  package var zeros: Change<Double>
  package var milliseconds: Change<Double?>
  /// Of the model's first output, in decibels.
  package var signalToNoise: Double?
  package var layers: [Layer]
  package var refused: [Refusal]
  package var removed: [Removal] = []
  /// What could not be measured, and why.
  package var notes: [String]

  /// The decibels that stand for "no difference".
  package static let noNoise = 200.0
  /// The key of the graph's metadata under which the report travels with the model.
  package static let metadataKey = "netsuke.report"
}
