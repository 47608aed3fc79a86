import Tensors

extension Schema {
  static let quantization: [Schema] = [
    Schema(.quantizeLinear, inputs: 2...3, attributes: ["axis", "saturate", "output_dtype", "requantization"]) { context in
      let x = try context.type(0)
      guard x.dtype == .f32 || x.dtype == .s32 else { throw context.failure("QuantizeLinear takes f32 or s32, not \(x.dtype.name)") }
      try requireScales(context)
      _ = try context.node.quantizesInFixedPoint()
      let code: DType
      if context.node.input(2) != nil {
        code = try context.type(2).dtype
      } else if let raw = UInt8(exactly: try context.node.attributes.int("output_dtype", default: 0)), let stated = DType(rawValue: raw) {
        code = stated
      } else {
        code = .u8
      }
      guard [.u8, .s8, .u16, .s16].contains(code) else {
        throw context.failure("QuantizeLinear makes u8, s8, u16 or s16, not \(code.name)")
      }
      return [ValueType(code, x.shape)]
    },
    Schema(.dequantizeLinear, inputs: 2...3, attributes: ["axis"]) { context in
      let x = try context.type(0)
      guard [.u8, .s8, .u16, .s16, .s32].contains(x.dtype) else {
        throw context.failure("DequantizeLinear takes u8, s8, u16, s16 or s32, not \(x.dtype.name)")
      }
      try context.require(2, x.dtype)
      try requireScales(context)
      return [ValueType(.f32, x.shape)]
    },
  ]

  /// Scale and zero point: f32 scalars, or one for each slice along `axis`.
  private static func requireScales(_ context: InferenceContext) throws {
    try context.require(1, .f32)
    let (x, scale) = (try context.shape(0), try context.shape(1))
    if context.node.input(2) != nil {
      let zero = try context.shape(2)
      let single = [scale, zero].allSatisfy { $0.isEmpty || $0 == [1] }
      guard scale == zero || single else { throw context.failure("the scale is \(scale) but the zero point is \(zero)") }
    }
    guard scale.count <= 1 else {
      throw Failure(.unsupported, "scales of rank \(scale.count): block-wise quantization is not supported", node: context.node.name)
    }
    // One element is a scale for all, whatever the axis says.
    if let first = scale.first, first != .fixed(1) {
      let axis = try context.axis(default: 1, rank: x.count)
      try context.requireEqual(first, x[axis], "the scales do not match axis \(axis)")
    }
  }
}

extension Node {
  /// Whether a QuantizeLinear rounds as integer-only hardware does (Jacob et al. 2018; `requantization` = `fixed_point`): exact sums of products reach
  /// their codes through a multiplier of 31 bits and a shift. Without the attribute, or with `float`, they do through one f32 product.
  package func quantizesInFixedPoint() throws -> Bool {
    switch try attributes.string("requantization", default: "float") {
    case "float": return false
    case "fixed_point": return true
    case let other: throw Failure(.malformedFile, "'requantization' is 'float' or 'fixed_point', not '\(other)'", node: name)
    }
  }
}
