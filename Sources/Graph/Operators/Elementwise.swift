import Tensors

extension Schema {
  static let elementwise: [Schema] = [
    Schema(.sub, inputs: 2...2, infer: inferArithmetic, elements: arithmetic(Dim.difference)),
    Schema(.mul, inputs: 2...2, infer: inferArithmetic, elements: arithmetic(Dim.product)),
    Schema(.div, inputs: 2...2, infer: inferArithmetic, elements: arithmetic(Dim.quotient)),
  ]

  static let activations: [Schema] = [
    Schema(.relu, inputs: 1...1, infer: inferFloatMap),
    Schema(.sigmoid, inputs: 1...1, infer: inferFloatMap),
    Schema(.hardSigmoid, inputs: 1...1, attributes: ["alpha", "beta"], infer: inferFloatMap),
    Schema(.hardSwish, inputs: 1...1, infer: inferFloatMap),
    Schema(.leakyRelu, inputs: 1...1, attributes: ["alpha"], infer: inferFloatMap),
    Schema(.tanh, inputs: 1...1, infer: inferFloatMap),
    Schema(.clip, inputs: 1...3, infer: inferClip),
    Schema(.softmax, inputs: 1...1, attributes: ["axis"]) { context in
      let type = try context.floatType(0)
      _ = try context.axis(default: -1, rank: context.shape(0).count)
      return [type]
    },
  ]

  /// Two tensors of one numeric element type, broadcast.
  static func inferArithmetic(_ context: InferenceContext) throws -> [ValueType] {
    let dtype = try context.type(0).dtype
    guard dtype != .bool else { throw context.failure("\(context.node.op.rawValue) does not take bool") }
    try context.require(1, dtype)
    let (a, b) = (try context.shape(0), try context.shape(1))
    guard let shape = Broadcasting.shape(a, b) else { throw context.failure("the shapes \(a) and \(b) do not broadcast") }
    return [ValueType(dtype, shape)]
  }

  /// Element by element over lists of known extents, of which one may be a single element.
  static func arithmetic(_ combine: @escaping @Sendable (Dim, Dim) -> Dim?) -> @Sendable (InferenceContext) -> [[Dim]?] {
    { context in
      guard let a = context.dims(0), let b = context.dims(1), a.count == 1 || b.count == 1 || haveEqualShapes(context) else { return [nil] }
      guard !a.isEmpty, !b.isEmpty else { return [[]] }
      var result: [Dim] = []
      for index in 0..<max(a.count, b.count) {
        guard let element = combine(a[a.count == 1 ? 0 : index], b[b.count == 1 ? 0 : index]) else { return [nil] }
        result.append(element)
      }
      return [result]
    }
  }

  private static func haveEqualShapes(_ context: InferenceContext) -> Bool {
    guard let a = try? context.shape(0), let b = try? context.shape(1) else { return false }
    return a == b
  }

  private static func inferFloatMap(_ context: InferenceContext) throws -> [ValueType] {
    for name in ["alpha", "beta"] { _ = try context.node.attributes.float(name, default: 0) }
    return [try context.floatType(0)]
  }

  /// The bounds are scalars (or tensors of one element, which some exporters write).
  private static func inferClip(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.type(0)
    guard type.dtype != .bool else { throw context.failure("Clip does not take bool") }
    for position in 1...2 where context.node.input(position) != nil {
      try context.require(position, type.dtype)
      let shape = try context.shape(position)
      guard shape.isEmpty || shape == [1] else { throw context.failure("the bound of Clip must be a scalar, it is \(shape)") }
    }
    return [type]
  }
}
