import Graph
import Tensors

/// The form of one layer of the chain that stands for a factorized layer: what it costs is known before its weights are.
package struct FactorShape: Sendable, Equatable {
  /// Extents of the weight: [outputs, inputs / groups, kernel…] of a convolution, [outputs, inputs] of a product.
  package var shape: [Int]
  package var groups: Int
  /// The spatial axes (0: vertical, the only one of a one-dimensional convolution) along which this layer has the window of the layer
  /// that it stands for: its strides, dilations and padding. Along the others it has a kernel of 1 and moves nothing.
  package var axes: [Int]
  /// The share of the weight that is not zero, where that is known to be small: what is multiplied.
  package var density = 1.0

  package init(_ shape: [Int], groups: Int = 1, axes: [Int] = []) {
    self.shape = shape
    self.groups = groups
    self.axes = axes
  }

  package var outputs: Int { shape.first ?? 0 }
  package var inputs: Int { shape.count > 1 ? shape[1] * groups : 0 }
  /// Elements of the weight.
  package var count: Int { shape.reduce(1, *) }
}

/// One layer of the chain that stands for a factorized layer. It has no bias and no activation: those are the last one's, and that one's
/// only.
package struct FactorStage: Sendable {
  package var form: FactorShape
  /// Of the form's extents; f32 elements.
  package var weight: Weight

  package init(_ form: FactorShape, _ elements: [Float]) throws {
    self.form = form
    weight = Weight(try Tensor(form.shape, elements))
  }

  package init(_ form: FactorShape, weight: Weight) {
    self.form = form
    self.weight = weight
  }

  /// A weight of elements of the usual size, whatever they are: for taking times.
  init(filling form: FactorShape, _ random: inout Xorshift64) throws {
    let scale = 2 / Float(max(form.count / max(form.outputs, 1), 1)).squareRoot()
    try self.init(form, (0..<form.count).map { _ in (Float(random.next() >> 40) * 0x1p-24 - 0.5) * scale })
  }
}
