import Tensors

/// Operators that take, join, repeat or surround elements.
extension Schema {
  static let selection: [Schema] = [
    Schema(
      .concat, inputs: 1...(1 << 16), attributes: ["axis"], infer: inferConcat,
      elements: { context in
        var result: [Dim] = []
        for position in context.node.inputs.indices {
          guard let part = context.dims(position), context.isVector(position) else { return [nil] }
          result += part
          if result.count > Graph.maximumKnownElements { return [nil] }
        }
        return [result]
      }),
    Schema(
      .split, inputs: 1...2, outputs: 1...(1 << 16), attributes: ["axis", "num_outputs"],
      infer: { context in
        let type = try context.type(0)
        let x = try context.shape(0)
        let axis = try context.axis(default: 0, rank: x.count)
        return try context.splitSizes(axis: axis).map { size in
          var part = x
          part[axis] = size
          return ValueType(type.dtype, part)
        }
      },
      elements: { context in
        guard context.isVector(0), let all = context.dims(0), let sizes = try? context.splitSizes(axis: 0).fixed else { return [] }
        var begin = 0
        return sizes.map { size in
          defer { begin += size }
          return begin + size <= all.count ? Array(all[begin..<begin + size]) : nil
        }
      }),
    Schema(
      .slice, inputs: 3...5, infer: inferSlice, elements: { [$0.slicedElements()] }),
    Schema(.pad, inputs: 2...4, attributes: ["mode"], infer: inferPad),
    Schema(
      .gather, inputs: 2...2, attributes: ["axis"], infer: inferGather,
      elements: { context in
        guard let all = context.dims(0), let indices = context.dims(1)?.fixed, (try? context.shape(0).count) == 1 else { return [nil] }
        var result: [Dim] = []
        for index in indices {
          guard index >= -all.count, index < all.count else { return [nil] }
          result.append(all[index < 0 ? index + all.count : index])
        }
        return [result]
      }),
    Schema(
      .expand, inputs: 2...2, infer: inferExpand,
      elements: { context in
        guard context.isVector(0), let all = context.dims(0), let target = context.dims(1)?.fixed, target.count <= 1 else { return [nil] }
        let count = max(target.first ?? 1, all.count)
        if all.count == count { return [all] }
        return [all.count == 1 && count <= Graph.maximumKnownElements ? [Dim](repeating: all[0], count: count) : nil]
      }),
  ]

  private static func inferConcat(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.type(0)
    var result = try context.shape(0)
    let axis = try context.axis(default: 0, rank: result.count)
    for position in context.node.inputs.indices.dropFirst() {
      try context.require(position, type.dtype)
      let part = try context.shape(position)
      guard part.count == result.count else {
        throw context.failure("input \(position) has rank \(part.count), the first has \(result.count)")
      }
      for index in part.indices where index != axis {
        try context.requireEqual(result[index], part[index], "input \(position) differs from the first on axis \(index)")
        if part[index].value != nil { result[index] = part[index] }
      }
      result[axis] = try context.checked(Dim.sum(result[axis], part[axis]))
    }
    return [ValueType(type.dtype, result)]
  }

  private static func inferSlice(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.type(0)
    let x = try context.shape(0)
    let ranges = try context.sliceRanges()
    return [
      ValueType(
        type.dtype,
        x.indices.map { axis in
          switch ranges[axis] {
          case .none: x[axis]
          case .some(.none): context.unknownDim(axis)
          case .some(.some(let range)): .fixed(range.count)
          }
        })
    ]
  }

  /// Pads are begins then ends, for `axes` or for all; negative ones crop.
  private static func inferPad(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.type(0)
    var x = try context.shape(0)
    let mode = try context.node.attributes.string("mode", default: "constant")
    guard ["constant", "reflect", "edge"].contains(mode) else {
      throw Failure(.unsupported, "the padding mode '\(mode)' is not supported", node: context.node.name)
    }
    try context.requireIntegers(1)
    try context.requireIntegers(3)
    if context.node.input(2) != nil {
      try context.require(2, type.dtype)
      let value = try context.shape(2)
      guard value.isEmpty || value == [1] else { throw context.failure("the padding value must be a scalar, it is \(value)") }
    }
    let axes = try context.ints(3).map { try context.normalized($0, rank: x.count) } ?? Array(x.indices)
    guard let pads = try context.ints(1), pads.count == 2 * axes.count else {
      throw context.failure("\(axes.count) axes need \(2 * axes.count) pads")
    }
    for (position, axis) in axes.enumerated() {
      let (begin, end) = (pads[position], pads[position + axes.count])
      guard begin.magnitude <= 1 << 40, end.magnitude <= 1 << 40 else { throw context.failure("the padding \(pads) is too large") }
      if let extent = x[axis].value {
        guard extent + min(begin, 0) + min(end, 0) >= 0 else {
          throw context.failure("the padding \(pads) crops more than axis \(axis) has")
        }
        if mode == "reflect", begin >= max(extent, 1) || end >= max(extent, 1) {
          throw context.failure("a reflection of \(max(begin, end)) is longer than axis \(axis)")
        }
        if mode == "edge", extent == 0, begin > 0 || end > 0 { throw context.failure("axis \(axis) is empty: it has no edge") }
      }
      x[axis] = try context.checked(Dim.sum(x[axis], .fixed(begin + end)))
    }
    return [ValueType(type.dtype, x)]
  }

  /// The axis is replaced by the indices' shape; a scalar index drops it.
  private static func inferGather(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.type(0)
    try context.requireIntegers(1)
    let (x, indices) = (try context.shape(0), try context.shape(1))
    let axis = try context.axis(default: 0, rank: x.count)
    guard x.count - 1 + indices.count <= Graph.maximumRank else { throw context.failure("the result's rank is too large") }
    if let extent = x[axis].value, let known = context.dims(1)?.fixed, let wrong = known.first(where: { $0 < -extent || $0 >= extent }) {
      throw context.failure("the index \(wrong) is outside axis \(axis) of \(x)")
    }
    return [ValueType(type.dtype, Array(x[..<axis]) + indices + Array(x[(axis + 1)...]))]
  }

  /// Broadcasts in both directions: an extent of 1 in the target keeps the input's.
  private static func inferExpand(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.type(0)
    let x = try context.shape(0)
    try context.requireIntegers(1)
    guard let target = context.dims(1) else {
      guard let count = try context.shape(1).first?.value, count <= Graph.maximumRank else {
        throw Failure(.unsupported, "the rank that Expand makes is not known", node: context.node.name)
      }
      return [ValueType(type.dtype, (0..<max(count, x.count)).map(context.unknownDim))]
    }
    guard target.count <= Graph.maximumRank, target.allSatisfy({ $0.value ?? 0 >= 0 }) else {
      throw context.failure("the target \(target) is not a shape")
    }
    guard let shape = Broadcasting.shape(x, target) else { throw context.failure("\(x) does not expand to \(target)") }
    return [ValueType(type.dtype, shape)]
  }
}
