import Tensors

/// Operators that give the same elements another shape or order.
extension Schema {
  static let layout: [Schema] = [
    Schema(.reshape, inputs: 2...2, attributes: ["allowzero"], infer: inferReshape, elements: sameElements),
    Schema(.flatten, inputs: 1...1, attributes: ["axis"]) { context in
      let type = try context.type(0)
      let x = try context.shape(0)
      let axis = try context.node.attributes.int("axis", default: 1)
      guard axis >= -x.count, axis <= x.count else { throw context.failure("the axis \(axis) is outside a tensor of rank \(x.count)") }
      let split = axis < 0 ? axis + x.count : axis
      return [ValueType(type.dtype, try [product(x.prefix(split), context), product(x.dropFirst(split), context)])]
    },
    Schema(
      .transpose, inputs: 1...1, attributes: ["perm"],
      infer: { context in
        let type = try context.type(0)
        let x = try context.shape(0)
        return [ValueType(type.dtype, try context.permutation(rank: x.count).map { x[$0] })]
      }, elements: { [$0.transposedElements()] }),
    Schema(
      .squeeze, inputs: 1...2,
      infer: { context in
        let type = try context.type(0)
        let x = try context.shape(0)
        try context.requireIntegers(1)
        guard let stated = try context.ints(1) else {
          // Without axes, every extent of 1 goes; a symbol is taken not to be 1.
          return [ValueType(type.dtype, x.filter { $0 != .fixed(1) })]
        }
        let axes = try context.normalized(stated, rank: x.count)
        for axis in axes { try context.requireEqual(x[axis], 1, "the squeezed axis \(axis) is not of extent 1") }
        return [ValueType(type.dtype, x.indices.filter { !axes.contains($0) }.map { x[$0] })]
      }, elements: sameElements),
    Schema(
      .unsqueeze, inputs: 2...2,
      infer: { context in
        let type = try context.type(0)
        let x = try context.shape(0)
        try context.requireIntegers(1)
        let stated = try context.ints(1) ?? []
        let rank = x.count + stated.count
        guard rank <= Graph.maximumRank else { throw context.failure("a rank of \(rank) is too large") }
        let axes = Set(try context.normalized(stated, rank: rank))
        var rest = x.makeIterator()
        return [ValueType(type.dtype, (0..<rank).compactMap { axes.contains($0) ? 1 : rest.next() })]
      }, elements: sameElements),
    Schema(.identity, inputs: 1...1, infer: { [try $0.type(0)] }, elements: sameElements),
    Schema(.channelShuffle, inputs: 1...1, attributes: ["groups"]) { context in
      let type = try context.type(0)
      let x = try context.shape(0)
      let groups = try context.node.attributes.int("groups", default: 1)
      guard x.count >= 2, groups >= 1 else { throw context.failure("ChannelShuffle needs channels and at least 1 group") }
      if let channels = x[1].value, channels % groups != 0 {
        throw context.failure("\(channels) channels do not divide into \(groups) groups")
      }
      return [type]
    },
  ]

  static let sameElements: @Sendable (InferenceContext) -> [[Dim]?] = { [$0.dims(0)] }

  private static func product(_ dims: ArraySlice<Dim>, _ context: InferenceContext) throws -> Dim {
    var result: Dim = 1
    for dim in dims { result = try context.checked(Dim.product(result, dim)) }
    return result
  }

  /// The target may hold 0 (the input's extent, unless allowzero) and one −1 (what is left).
  private static func inferReshape(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.type(0)
    let x = try context.shape(0)
    try context.requireIntegers(1)
    let allowZero = try context.flag("allowzero")
    guard var target = context.dims(1) else {
      // Only the number of extents is known.
      guard let rank = try context.shape(1).first?.value, rank <= Graph.maximumRank else {
        throw Failure(.unsupported, "the rank that Reshape makes is not known", node: context.node.name)
      }
      return [ValueType(type.dtype, (0..<rank).map(context.unknownDim))]
    }
    guard target.count <= Graph.maximumRank else { throw context.failure("a rank of \(target.count) is too large") }
    var open: Int?
    for index in target.indices {
      switch target[index] {
      case .fixed(-1):
        guard open == nil else { throw context.failure("the target \(target) has more than one −1") }
        open = index
      case .fixed(0) where !allowZero:
        guard index < x.count else { throw context.failure("the 0 at \(index) of \(target) has no extent of \(x) to copy") }
        target[index] = x[index]
      case .fixed(let value):
        guard value >= 0 else { throw context.failure("the target \(target) has a negative extent") }
      case .symbolic: break
      }
    }
    guard let whole = ExtentProduct(x) else { throw context.failure("the shape \(x) overflows") }
    guard let open else {
      guard let part = ExtentProduct(target) else { throw context.failure("the shape \(target) overflows") }
      if part.symbols == whole.symbols, part.coefficient != whole.coefficient {
        throw context.failure("\(x) cannot be reshaped to \(target)")
      }
      return [ValueType(type.dtype, target)]
    }
    var others = target
    others.remove(at: open)
    guard let part = ExtentProduct(others) else { throw context.failure("the shape \(target) overflows") }
    if let rest = whole.divided(by: part) {
      target[open] = rest
    } else if part.symbols.isEmpty && whole.symbols.isEmpty {
      throw context.failure("\(x) cannot be reshaped to \(target)")
    } else {
      target[open] = context.unknownDim(open)
    }
    return [ValueType(type.dtype, target)]
  }
}

extension InferenceContext {
  /// The attribute `perm`; absent, the order is reversed.
  package func permutation(rank: Int) throws -> [Int] {
    guard let perm = try node.attributes.ints("perm") else { return Array((0..<rank).reversed()) }
    guard perm.count == rank, perm.sorted() == Array(0..<rank) else { throw failure("'perm' \(perm) does not order \(rank) axes") }
    return perm
  }
}
