import Graph
import Tensors

/// A value of the network under construction, with the extents that the next layer needs: [N, channels, height, width].
struct Feature {
  let id: ValueID
  let channels: Int
  let height: Int
  let width: Int
  /// Whether the value is [N, channels], as fully connected layers take and give it.
  var isFlat = false

  /// The same extents, another value.
  func replaced(by id: ValueID) -> Feature { Feature(id: id, channels: channels, height: height, width: width, isFlat: isFlat) }
}

/// A window that slides over height and width.
struct Window {
  typealias Pair = (height: Int, width: Int)

  let kernel: Pair
  let stride: Pair
  let padding: Pair
  /// Whether a last window that hangs over the edge counts too.
  var roundsUp = false

  init(_ kernel: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0)) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  init(_ side: Int, stride: Int = 1, padding: Int = 0, roundsUp: Bool = false) {
    self.init((side, side), stride: (stride, stride), padding: (padding, padding))
    self.roundsUp = roundsUp
  }

  static let pointwise = Window(1)

  var attributes: [String: Attribute] {
    var result: [String: Attribute] = [
      "kernel_shape": .ints([kernel.height, kernel.width]), "strides": .ints([stride.height, stride.width]),
      "pads": .ints([padding.height, padding.width, padding.height, padding.width]),
    ]
    if roundsUp { result["ceil_mode"] = .int(1) }
    return result
  }

  /// Height and width of what a layer with this window gives.
  func output(_ x: Feature, _ name: String) throws -> Pair {
    let axes: [WindowGeometry.Axis]
    do {
      axes = try WindowAttributes(Attributes(attributes), kernel: [kernel.height, kernel.width]).axes(over: [x.height, x.width])
    } catch var failure as Failure {
      failure.node = name
      throw failure
    }
    return (axes[0].output, axes[1].output)
  }
}
