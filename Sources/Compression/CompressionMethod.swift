import Graph
import Tensors

/// A way to change a network for size or speed: one conforming type in one file, and one line in `MethodRegistry`.
package protocol CompressionMethod: Sendable {
  /// As in recipes: family.method.
  var name: String { get }
  /// One sentence for help and documentation.
  var summary: String { get }
  /// Every key a step may have besides "method" and "layers".
  var options: [OptionSchema] { get }
  /// The layers a step is for when it does not say.
  var defaultLayers: LayerSelector { get }

  /// Whether a step with these options reads calibration samples.
  func needsCalibration(_ options: Options) -> Bool

  /// Changes `graph`. A throw leaves the caller's graph as it was.
  func apply(to graph: inout Graph, _ step: StepContext) throws
}

extension CompressionMethod {
  package var defaultLayers: LayerSelector { LayerSelector() }
  package func needsCalibration(_ options: Options) -> Bool { false }
}

/// The methods there are.
package enum MethodRegistry {
  package static let all: [any CompressionMethod] = [
    PruneMagnitude(),
    PruneReconstruct(),
    PruneBlock(),
    PruneNM(),
    PruneWinograd(),
    PruneChannels(),
    PruneBranches(),
    FactorizeSVD(),
    FactorizeSpatial(),
    FactorizeChannel(),
    FactorizeTucker(),
    FactorizeCP(),
    FactorizeDepthwise(),
    FactorizeDCT(),
    QuantizeAffine(),
    QuantizeMixed(),
  ]

  package static var names: [String] { all.map(\.name) }

  package static func method(named name: String) -> (any CompressionMethod)? { all.first { $0.name == name } }
}
