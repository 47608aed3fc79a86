import Tensors

/// NumPy broadcasting, which ONNX took over: shapes are aligned at their last extent, and an extent of 1 stretches.
package enum Broadcasting {
  /// The common shape; nil where two known extents differ and neither is 1.
  ///
  /// A symbol beside a number above 1 can only be that number (or 1), so the number is taken. Of two different symbols the
  /// left one is taken: once the extents are fixed they are checked again.
  package static func shape(_ left: [Dim], _ right: [Dim]) -> [Dim]? {
    let rank = max(left.count, right.count)
    var result: [Dim] = []
    result.reserveCapacity(rank)
    for position in 0..<rank {
      let a = position < rank - left.count ? .fixed(1) : left[position - (rank - left.count)]
      let b = position < rank - right.count ? .fixed(1) : right[position - (rank - right.count)]
      switch (a, b) {
      case (.fixed(1), let other), (let other, .fixed(1)): result.append(other)
      case (.fixed(let x), .fixed(let y)):
        guard x == y else { return nil }
        result.append(a)
      case (.fixed, .symbolic): result.append(a)
      case (.symbolic, .fixed): result.append(b)
      case (.symbolic, .symbolic): result.append(a)
      }
    }
    return result
  }

  /// The common shape of shapes that are numbers.
  package static func shape(_ left: [Int], _ right: [Int]) -> [Int]? {
    shape(left.map(Dim.fixed), right.map(Dim.fixed))?.fixed
  }

  /// For each dimension of `target`, how far one step moves in a row-major tensor of `shape`: 0 where it is stretched.
  /// - Precondition: `shape` broadcasts to `target`.
  package static func strides(_ shape: [Int], to target: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: target.count)
    var step = 1
    for position in stride(from: shape.count - 1, through: 0, by: -1) {
      strides[target.count - shape.count + position] = shape[position] == 1 ? 0 : step
      step *= shape[position]
    }
    return strides
  }
}
