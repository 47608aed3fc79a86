import Graph
import Tensors

extension ReferenceOperator {
  static let shape = ReferenceOperator(.shape) { call in
    let extents = try call.input(0).shape[call.context.shapeRange()]
    return [try Tensor(.s64, [extents.count], extents.map { Int64($0) })]
  }

  static let constantOfShape = ReferenceOperator(.constantOfShape) { call in
    let value = try call.node.attributes.tensor("value") ?? Tensor([1], [Float(0)])
    return [try value.picking([Int](repeating: 0, count: call.shape().reduce(1, *)), shape: call.shape())]
  }

  /// Floats to integers lose their fraction and stop at the type's ends (NaN: 0); integers wrap; bool is "not zero".
  static let cast = ReferenceOperator(.cast) { call in
    let x = try call.input(0)
    let (from, to) = (x.dtype, call.dtype)
    if from == to { return [x] }
    if from.isFloat {
      if to.isFloat { return try call.rounded(x.doubles()) }
      if to == .bool { return [try Tensor(to, x.shape, wrapping: x.doubles().map { $0 == 0 ? 0 : 1 })] }
      let bounds = to.integerBounds
      return [
        try Tensor(
          to, x.shape,
          wrapping: x.doubles().map { value in
            if value.isNaN { return 0 }
            if to == .u64 { return Int(bitPattern: UInt(exactly: value.rounded(.towardZero)) ?? (value < 0 ? 0 : .max)) }
            return Int(exactly: value.rounded(.towardZero)).map { min(max($0, bounds.lowerBound), bounds.upperBound) }
              ?? (value < 0 ? bounds.lowerBound : bounds.upperBound)
          })
      ]
    }
    if to.isFloat {
      // Straight from the integer, so that f32 is rounded once.
      if to == .f32, from != .u64 { return [try Tensor(to, x.shape, x.ints().map { Float($0) })] }
      return try call.rounded(x.doubles())
    }
    return [try Tensor(to, x.shape, wrapping: x.wrappedInts())]
  }
}

extension DType {
  /// The least and the largest value of an integer type; u64 by the part that fits `Int`.
  package var integerBounds: ClosedRange<Int> {
    switch self {
    case .u8: 0...255
    case .s8: -128...127
    case .u16: 0...65535
    case .s16: -32768...32767
    case .s32: Int(Int32.min)...Int(Int32.max)
    case .u32: 0...Int(UInt32.max)
    case .bool: 0...1
    case .u64: 0...Int.max
    case .s64, .f32, .f64, .f16: Int.min...Int.max
    }
  }
}
