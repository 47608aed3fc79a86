import Tensors

// The known elements of an integer value are a row-major list; operators that move elements of more than one dimension need its shape.
extension InferenceContext {
  /// Whether the input has at most one dimension, so that its list of elements is all of it.
  package func isVector(_ position: Int) -> Bool { ((try? shape(position).count) ?? 2) <= 1 }

  /// The elements of a matrix of known elements that come from these coordinates along each axis.
  private func elements(_ all: [Dim], shape: [Int], taking indices: [[Int]]) -> [Dim] {
    var offsets = [0]
    for (axis, taken) in indices.enumerated() {
      offsets = offsets.flatMap { offset in taken.map { offset * shape[axis] + $0 } }
    }
    return offsets.map { all[$0] }
  }

  /// The elements that Slice takes, nil where they are not known.
  package func slicedElements() -> [Dim]? {
    guard let all = dims(0), !all.isEmpty, let shape = try? shape(0).fixed, let ranges = try? sliceRanges(), shape.reduce(1, *) == all.count
    else {
      return nil
    }
    var indices: [[Int]] = []
    for (axis, range) in ranges.enumerated() {
      switch range {
      case nil: indices.append(Array(0..<shape[axis]))
      case .some(nil): return nil
      case .some(.some(let range)): indices.append((0..<range.count).map { range.start + $0 * range.step })
      }
    }
    return elements(all, shape: shape, taking: indices)
  }

  /// The elements in the order that Transpose gives them, nil where they are not known.
  package func transposedElements() -> [Dim]? {
    guard let all = dims(0), !all.isEmpty, let shape = try? shape(0).fixed, let order = try? permutation(rank: shape.count),
      shape.reduce(1, *) == all.count
    else { return nil }
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    var offsets = [0]
    for axis in order {
      offsets = offsets.flatMap { offset in (0..<shape[axis]).map { offset + $0 * strides[axis] } }
    }
    return offsets.map { all[$0] }
  }
}
