import Tensors

/// A layer's weight as a matrix of output channels × what one output position reads, whatever its stored orientation.
package struct LayerMatrix {
  /// Output channels.
  package let rows: Int
  /// Inputs of one output channel: input channels of its group × taps, in the order of the stored weight.
  package let width: Int
  package let groups: Int
  /// Row-major.
  package var elements: [Float]
  private let transposed: Bool

  package init(_ layer: Layer, _ weight: Tensor) {
    rows = layer.shape[layer.outputAxis]
    width = layer.shape.reduce(1, *) / max(rows, 1)
    groups = max(layer.groups, 1)
    transposed = layer.outputAxis != 0
    let stored = weight.elements(as: Float.self)
    guard transposed else {
      elements = Array(stored)
      return
    }
    elements = [Float](repeating: 0, count: stored.count)
    for row in 0..<rows { for column in 0..<width { elements[row * width + column] = stored[column * rows + row] } }
  }

  /// Output channels of one group.
  package var rowsPerGroup: Int { max(rows / groups, 1) }

  /// Where the element of a row and column lies in the stored weight.
  package func stored(_ row: Int, _ column: Int) -> Int { transposed ? column * rows + row : row * width + column }

  /// The matrix in the stored orientation.
  package func tensor(_ shape: [Int]) throws -> Tensor {
    guard transposed else { return try Tensor(shape, elements) }
    var out = [Float](repeating: 0, count: elements.count)
    for row in 0..<rows { for column in 0..<width { out[column * rows + row] = elements[row * width + column] } }
    return try Tensor(shape, out)
  }
}
