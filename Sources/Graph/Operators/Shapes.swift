import Tensors

/// Operators of shape arithmetic and element types.
extension Schema {
  static let shapes: [Schema] = [
    Schema(
      .shape, inputs: 1...1, attributes: ["start", "end"],
      infer: { [ValueType(.s64, [.fixed(try $0.shapeRange().count)])] },
      elements: { context in
        guard let x = try? context.shape(0), let range = try? context.shapeRange() else { return [nil] }
        return [Array(x[range])]
      }),
    Schema(
      .constantOfShape, inputs: 1...1, attributes: ["value"],
      infer: { context in
        let value = try context.node.attributes.tensor("value")
        if let value, value.count != 1 { throw context.failure("'value' must have one element, it has \(value.count)") }
        try context.requireIntegers(0)
        let dtype = value?.dtype ?? .f32
        guard let shape = context.dims(0) else {
          guard let rank = try context.shape(0).first?.value, rank <= Graph.maximumRank else {
            throw Failure(.unsupported, "the rank that ConstantOfShape makes is not known", node: context.node.name)
          }
          return [ValueType(dtype, (0..<rank).map(context.unknownDim))]
        }
        guard shape.count <= Graph.maximumRank, shape.allSatisfy({ $0.value ?? 0 >= 0 }) else {
          throw context.failure("\(shape) is not a shape")
        }
        return [ValueType(dtype, shape)]
      },
      elements: { context in
        guard let shape = context.dims(0)?.fixed, shape.count <= 1, shape.first ?? 1 <= Graph.maximumKnownElements,
          let value = try? context.node.attributes.tensor("value")?.ints().first
        else { return [nil] }
        return [[Dim](repeating: .fixed(value), count: shape.first ?? 1)]
      }),
    Schema(
      .cast, inputs: 1...1, attributes: ["to", "saturate"],
      infer: { context in
        let type = try context.type(0)
        let code = try context.node.attributes.int("to", default: 0)
        guard let raw = UInt8(exactly: code), let dtype = DType(rawValue: raw) else {
          throw Failure(.unsupported, "the element type \(code) of Cast is not supported", node: context.node.name)
        }
        return [ValueType(dtype, type.shape)]
      },
      elements: { context in
        // Only between the types that shapes are written in, where no value known as an extent changes.
        guard let from = try? context.type(0).dtype, from == .s64 || from == .s32,
          let code = try? context.node.attributes.int("to", default: 0),
          code == Int(DType.s64.rawValue) || code == Int(DType.s32.rawValue)
        else { return [nil] }
        guard code == Int(DType.s32.rawValue), let all = context.dims(0) else { return [context.dims(0)] }
        return [all.map { dim in dim.value.map { .fixed(Int(Int32(truncatingIfNeeded: $0))) } ?? dim }]
      }),
  ]
}

extension InferenceContext {
  /// The part of the input's shape that Shape returns; `start` and `end` are clamped as ONNX says.
  package func shapeRange() throws -> Range<Int> {
    let rank = try shape(0).count
    func clamped(_ value: Int) -> Int { min(max(value < 0 ? max(value, -rank) + rank : value, 0), rank) }
    let start = clamped(try node.attributes.int("start", default: 0))
    let end = clamped(try node.attributes.int("end", default: rank))
    return start..<max(start, end)
  }
}
