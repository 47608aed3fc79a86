import Tensors

extension Schema {
  private static let activation: Set<String> = [
    "activation", "activation_min", "activation_max", "activation_alpha", "activation_beta",
  ]

  static let linearAlgebra: [Schema] = [
    Schema(
      .conv, inputs: 2...3,
      attributes: activation.union(["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"]), infer: inferConv),
    Schema(.gemm, inputs: 2...3, attributes: activation.union(["alpha", "beta", "transA", "transB"]), infer: inferGemm),
    Schema(.matMul, inputs: 2...2, infer: inferMatMul),
    winogradConv,
    Schema(
      .add, inputs: 2...2, attributes: activation,
      infer: { context in
        if try Activation(context.node.attributes) != .none { _ = try context.floatType(0) }
        return try inferArithmetic(context)
      },
      elements: arithmetic(Dim.sum)),
  ]

  /// X [N, C, spatial…], W [M, C/group, kernel…], B [M] → [N, M, spatial…].
  private static func inferConv(_ context: InferenceContext) throws -> [ValueType] {
    _ = try Activation(context.node.attributes)
    let dtype = try context.floatType(0).dtype
    try context.require(1, dtype)
    try context.require(2, dtype)
    let (x, w) = (try context.shape(0), try context.shape(1))
    guard x.count == w.count, x.count >= 3 else { throw context.failure("the input has rank \(x.count), the weight \(w.count)") }
    guard let kernel = Array(w.dropFirst(2)).fixed else { throw context.failure("the extents of the weight's window must be numbers") }
    let group = try context.node.attributes.int("group", default: 1)
    guard group >= 1 else { throw context.failure("'group' must be at least 1, it is \(group)") }
    if let channels = x[1].value, let slice = w[1].value, slice == 0 || channels % slice != 0 || channels / slice != group {
      throw context.failure("the input has \(channels) channels, the weight takes \(group) groups of \(slice)")
    }
    if let outputs = w[0].value, outputs == 0 || outputs % group != 0 {
      throw context.failure("\(outputs) output channels do not divide into \(group) groups")
    }
    if context.node.input(2) != nil {
      let bias = try context.shape(2)
      guard bias.count == 1 else { throw context.failure("the bias must have rank 1, it has \(bias.count)") }
      try context.requireEqual(bias[0], w[0], "bias and weight differ in output channels")
    }
    let window = try WindowAttributes(context.node.attributes, kernel: kernel)
    return [ValueType(dtype, try [x[0], w[0]] + window.outputs(over: Array(x.dropFirst(2))))]
  }

  /// alpha · op(A) · op(B) + beta · C, with C broadcast to [M, N].
  private static func inferGemm(_ context: InferenceContext) throws -> [ValueType] {
    _ = try Activation(context.node.attributes)
    _ = try context.node.attributes.float("alpha", default: 1)
    _ = try context.node.attributes.float("beta", default: 1)
    let dtype = try context.floatType(0).dtype
    try context.require(1, dtype)
    try context.require(2, dtype)
    let (a, b) = (try context.shape(0), try context.shape(1))
    guard a.count == 2, b.count == 2 else { throw context.failure("both factors must have rank 2, they have \(a.count) and \(b.count)") }
    let (transA, transB) = (try context.flag("transA"), try context.flag("transB"))
    try context.requireEqual(a[transA ? 0 : 1], b[transB ? 1 : 0], "the factors differ in their common extent")
    let result = [a[transA ? 1 : 0], b[transB ? 0 : 1]]
    if context.node.input(2) != nil {
      let c = try context.shape(2)
      guard c.count <= 2, let common = Broadcasting.shape(c, result), common.count == 2 else {
        throw context.failure("the addend \(c) does not broadcast to \(result)")
      }
      for (one, other) in zip(common, result) { try context.requireEqual(one, other, "the addend \(c) is larger than \(result)") }
    }
    return [ValueType(dtype, result)]
  }

  /// NumPy's matmul: vectors are a row or a column, leading extents broadcast.
  private static func inferMatMul(_ context: InferenceContext) throws -> [ValueType] {
    let dtype = try context.floatType(0).dtype
    try context.require(1, dtype)
    var (a, b) = (try context.shape(0), try context.shape(1))
    guard !a.isEmpty, !b.isEmpty else { throw context.failure("a factor of rank 0 cannot be multiplied") }
    let (row, column) = (a.count == 1, b.count == 1)
    if row { a.insert(1, at: 0) }
    if column { b.append(1) }
    try context.requireEqual(a[a.count - 1], b[b.count - 2], "the factors differ in their common extent")
    guard var result = Broadcasting.shape(Array(a.dropLast(2)), Array(b.dropLast(2))) else {
      throw context.failure("the leading extents of \(a) and \(b) do not broadcast")
    }
    if !row { result.append(a[a.count - 2]) }
    if !column { result.append(b[b.count - 1]) }
    return [ValueType(dtype, result)]
  }
}
