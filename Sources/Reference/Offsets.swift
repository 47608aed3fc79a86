/// Index arithmetic of the operators that move elements.
package enum Offsets {
  /// How far one step in each dimension moves in a row-major tensor of `shape`.
  package static func strides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  /// For every element of `shape` in row-major order: `base` plus the sum of its indices times `strides`.
  package static func walk(_ shape: [Int], strides: [Int], base: Int = 0) -> [Int] {
    let count = shape.reduce(1, *)
    guard count > 0 else { return [] }
    guard let inner = shape.last, let step = strides.last else { return [base] }
    return [Int](unsafeUninitializedCapacity: count) { buffer, initialized in
      var index = [Int](repeating: 0, count: shape.count)
      var (row, written) = (base, 0)
      while written < count {
        for position in 0..<inner { buffer.initializeElement(at: written + position, to: row + position * step) }
        written += inner
        var axis = shape.count - 2
        while axis >= 0 {
          index[axis] += 1
          row += strides[axis]
          if index[axis] < shape[axis] { break }
          row -= strides[axis] * shape[axis]
          index[axis] = 0
          axis -= 1
        }
      }
      initialized = written
    }
  }
}
