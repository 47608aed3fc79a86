extension Tensor {
  /// A floating-point tensor of `elements`, each rounded once, to nearest even.
  package init(_ dtype: DType, _ shape: [Int], rounding elements: [Double]) throws {
    switch dtype {
    case .f32: try self.init(dtype, shape, elements.map { Float($0) })
    case .f64: try self.init(dtype, shape, elements)
    case .f16: try self.init(dtype, shape, elements.map { UInt16(halfRounding: $0) })
    default: throw Failure(.invalidArgument, "\(dtype.name) is not a floating-point type")
    }
  }

  /// An integer tensor of the low bits of `elements`: arithmetic wraps, as in ONNX's integer types.
  package init(_ dtype: DType, _ shape: [Int], wrapping elements: [Int]) throws {
    switch dtype {
    case .s64, .u64: try self.init(dtype, shape, elements)
    case .s32, .u32: try self.init(dtype, shape, elements.map { Int32(truncatingIfNeeded: $0) })
    case .s16, .u16: try self.init(dtype, shape, elements.map { Int16(truncatingIfNeeded: $0) })
    case .s8, .u8: try self.init(dtype, shape, elements.map { Int8(truncatingIfNeeded: $0) })
    case .bool: try self.init(dtype, shape, elements.map { UInt8($0 == 0 ? 0 : 1) })
    case .f32, .f64, .f16: throw Failure(.invalidArgument, "\(dtype.name) is not an integer type")
    }
  }

  /// Every element of an integer or bool tensor as an `Int`; u64 by its bits, so that wrapping arithmetic stays exact.
  /// - Throws: `invalidArgument` for a floating-point tensor.
  package func wrappedInts() throws -> [Int] {
    dtype == .u64 ? elements(as: UInt64.self).map { Int(bitPattern: UInt($0)) } : try ints()
  }

  /// The elements at `offsets`, in that order, in a tensor of `shape`.
  /// - Precondition: `offsets` fills `shape` and lies inside this tensor; −1 stands for `filler`.
  package func picking(_ offsets: [Int], shape: [Int], filler: Tensor? = nil) throws -> Tensor {
    switch dtype.byteCount {
    case 1: try picking(UInt8.self, offsets, shape, filler)
    case 2: try picking(UInt16.self, offsets, shape, filler)
    case 4: try picking(UInt32.self, offsets, shape, filler)
    default: try picking(UInt64.self, offsets, shape, filler)
    }
  }

  private func picking<Bits: FixedWidthInteger & BitwiseCopyable>(
    _: Bits.Type, _ offsets: [Int], _ shape: [Int], _ filler: Tensor?
  ) throws -> Tensor {
    let source = elements(as: Bits.self)
    let empty = filler?.elements(as: Bits.self).first ?? 0
    return try Tensor(dtype, shape, offsets.map { $0 < 0 ? empty : source[$0] })
  }
}

extension UInt16 {
  /// The IEEE 754 binary16 pattern nearest to `value`, ties to even.
  package init(halfRounding value: Double) {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    let magnitude = value.magnitude
    if value.isNaN {
      self = sign | 0x7E00
    } else if magnitude >= 65520 {
      self = sign | 0x7C00
    } else if magnitude < 0x1p-14 {
      self = sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
    } else {
      let exponent = Int(magnitude.exponent)
      let scaled = (magnitude * Double(sign: .plus, exponent: 10 - exponent, significand: 1)).rounded(.toNearestOrEven)
      // A carry out of the fraction raises the exponent, which is right.
      self = sign | (UInt16((exponent + 15) << 10) + UInt16(scaled) - 1024)
    }
  }
}
