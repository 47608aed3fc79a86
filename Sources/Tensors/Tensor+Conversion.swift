extension Tensor {
  /// Every element as a `Double` (integers above 2^53 are rounded).
  package func doubles() -> [Double] {
    switch dtype {
    case .f32: elements(as: Float.self).map(Double.init)
    case .f64: Array(elements(as: Double.self))
    case .f16: elements(as: UInt16.self).map { Double(Float(halfBits: $0)) }
    case .u8, .bool: elements(as: UInt8.self).map(Double.init)
    case .s8: elements(as: Int8.self).map(Double.init)
    case .u16: elements(as: UInt16.self).map(Double.init)
    case .s16: elements(as: Int16.self).map(Double.init)
    case .s32: elements(as: Int32.self).map(Double.init)
    case .u32: elements(as: UInt32.self).map(Double.init)
    case .s64: elements(as: Int64.self).map(Double.init)
    case .u64: elements(as: UInt64.self).map(Double.init)
    }
  }

  /// Every element as a `Float`, rounded to nearest.
  package func floats() -> [Float] {
    dtype == .f32 ? Array(elements(as: Float.self)) : doubles().map { Float($0) }
  }

  /// Every element as an `Int`, exactly.
  /// - Throws: `invalidArgument` for a floating-point tensor or a value outside `Int`.
  package func ints() throws -> [Int] {
    switch dtype {
    case .s64: return elements(as: Int64.self).map { Int($0) }
    case .s32: return elements(as: Int32.self).map { Int($0) }
    case .u64:
      return try elements(as: UInt64.self).map {
        guard let value = Int(exactly: $0) else { throw Failure(.invalidArgument, "\($0) does not fit 64 signed bits") }
        return value
      }
    case .f32, .f64, .f16: throw Failure(.invalidArgument, "an integer tensor is needed, this one is \(dtype.name)")
    default: return doubles().map { Int($0) }
    }
  }
}

extension Float {
  /// The value of an IEEE 754 binary16 pattern; exact for every pattern (Float16 arithmetic needs no hardware here).
  package init(halfBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      // A subnormal half is fraction·2⁻²⁴, which a Float holds exactly.
      let magnitude = Float(fraction) * 0x1p-24
      self = sign == 0 ? magnitude : -magnitude
    case 31: self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
