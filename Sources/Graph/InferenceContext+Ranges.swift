import Tensors

extension InferenceContext {
  /// What Slice takes of one axis, clamped: `count` elements from `start`, `step` apart.
  package struct SliceRange: Hashable, Sendable {
    package let start: Int
    package let step: Int
    package let count: Int

    /// ONNX's clamping: ends count from the back where negative, and stop at the axis's ends.
    package init(start: Int, end: Int, step: Int, extent: Int) {
      func clamped(_ value: Int, _ low: Int, _ high: Int) -> Int {
        min(max(value < 0 ? max(value, -extent - 1) + extent : value, low), high)
      }
      self.step = step
      if step > 0 {
        self.start = clamped(start, 0, extent)
        let stop = clamped(end, 0, extent)
        count = stop > self.start ? (stop - self.start - 1) / step + 1 : 0
      } else {
        self.start = clamped(start, 0, max(extent - 1, 0))
        let stop = clamped(end, -1, extent - 1)
        // −Int.min does not exist; a step that long takes one element like any other beyond the extent.
        let stride = step == .min ? Int.max : -step
        count = self.start > stop && extent > 0 ? (self.start - stop - 1) / stride + 1 : 0
      }
    }
  }

  /// For each axis: nil where it is left whole, `.some(nil)` where what is taken is not known yet.
  package func sliceRanges() throws -> [SliceRange??] {
    let x = try shape(0)
    for position in 1...4 { try requireIntegers(position) }
    var ranges = [SliceRange??](repeating: nil, count: x.count)
    guard let count = try dims(1)?.count ?? dims(2)?.count ?? shape(1).first?.value else { throw failure("the starts must be a list") }
    let axes: [Int]
    if node.input(3) != nil {
      guard let stated = try ints(3) else { throw failure("the axes must be constant") }
      axes = try normalized(stated, rank: x.count)
    } else {
      guard count <= x.count else { throw failure("\(count) starts for a tensor of rank \(x.count)") }
      axes = Array(0..<count)
    }
    let steps = try ints(4) ?? [Int](repeating: 1, count: axes.count)
    let (starts, ends) = (dims(1), dims(2))
    guard axes.count == count, steps.count == count, starts?.count ?? count == count, ends?.count ?? count == count else {
      throw failure("starts, ends, axes and steps differ in length")
    }
    for (position, axis) in axes.enumerated() {
      guard steps[position] != 0 else { throw failure("a step of 0 never ends") }
      let (start, end) = (starts?[position], ends?[position])
      // From 0 to the end or beyond: the whole axis, whatever its extent.
      let whole = end == x[axis] || end?.value ?? 0 >= Int(Int32.max)
      if start == .fixed(0), steps[position] == 1, whole, x[axis].value == nil { continue }
      guard let extent = x[axis].value, let start = start?.value, let end = end?.value else {
        ranges[axis] = .some(nil)
        continue
      }
      ranges[axis] = SliceRange(start: start, end: end, step: steps[position], extent: extent)
    }
    return ranges
  }

  /// The extents of Split's outputs along `axis`: as stated, or equal with a smaller last one.
  package func splitSizes(axis: Int) throws -> [Dim] {
    let extent = try shape(0)[axis]
    let parts = node.outputs.count
    try requireIntegers(1)
    if node.input(1) != nil {
      guard node.attributes["num_outputs"] == nil else { throw failure("Split has both sizes and 'num_outputs'") }
      guard let sizes = dims(1) else { throw failure("the sizes of Split must be known") }
      guard sizes.count == parts else { throw failure("\(sizes.count) sizes for \(parts) outputs") }
      var sum: Dim = 0
      for size in sizes {
        guard size.value ?? 0 >= 0 else { throw failure("a size of Split is negative") }
        sum = try checked(Dim.sum(sum, size))
      }
      try requireEqual(sum, extent, "the sizes do not add up to the axis")
      return sizes
    }
    guard try node.attributes.int("num_outputs", default: parts) == parts else { throw failure("'num_outputs' is not \(parts)") }
    guard let total = extent.value else {
      guard let part = extent.divided(exactlyBy: .fixed(parts)) else { throw failure("\(extent) cannot be split into \(parts)") }
      return [Dim](repeating: part, count: parts)
    }
    let chunk = total / parts + (total % parts == 0 ? 0 : 1)
    let last = total - chunk * (parts - 1)
    guard last >= 0 else { throw failure("\(total) elements cannot be split into \(parts)") }
    return (0..<parts).map { .fixed($0 == parts - 1 ? last : chunk) }
  }
}
