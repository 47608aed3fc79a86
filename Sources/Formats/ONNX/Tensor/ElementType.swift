import Tensors

/// What an ONNX element type is in the file and in the graph: the graph computes in f32, so every wider or narrower float becomes f32.
struct ElementType {
  /// The type in the graph.
  let dtype: DType
  /// Bytes of one element in `raw_data` and in external files.
  let storedBytes: Int
  let storage: Storage
  /// Where the elements are when they are not raw: the field of TensorProto.
  let typedField: Int

  enum Storage {
    case same, half, bfloat, double
  }

  /// - Parameter code: `TensorProto.DataType`, whose numbers are also those of `Cast`'s attribute `to`.
  init(code: Int, of what: @autoclosure () -> String) throws {
    func make(_ dtype: DType, _ bytes: Int, _ field: Int, _ storage: Storage = .same) -> ElementType {
      ElementType(dtype: dtype, storedBytes: bytes, storage: storage, typedField: field)
    }
    switch code {
    case 1: self = make(.f32, 4, 4)
    case 2: self = make(.u8, 1, 5)
    case 3: self = make(.s8, 1, 5)
    case 4: self = make(.u16, 2, 5)
    case 5: self = make(.s16, 2, 5)
    case 6: self = make(.s32, 4, 5)
    case 7: self = make(.s64, 8, 7)
    case 9: self = make(.bool, 1, 5)
    case 10: self = make(.f32, 2, 5, .half)
    case 11: self = make(.f32, 8, 10, .double)
    case 12: self = make(.u32, 4, 11)
    case 13: self = make(.u64, 8, 11)
    case 16: self = make(.f32, 2, 5, .bfloat)
    default:
      let name = Onnx_TensorProto.DataType(rawValue: code).map { "\($0)" } ?? "number \(code)"
      let known = "float, double, float16, bfloat16, bool and the integers of 8 to 64 bits"
      throw Failure(.unsupported, "\(what()) has the element type \(name); known are \(known)")
    }
  }

  private init(dtype: DType, storedBytes: Int, storage: Storage, typedField: Int) {
    self.dtype = dtype
    self.storedBytes = storedBytes
    self.storage = storage
    self.typedField = typedField
  }

  /// Writes `count` stored elements from `source` as elements of `dtype`; the source need not be aligned.
  func convert(_ source: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer, count: Int) {
    switch storage {
    case .same: out.copyMemory(from: source)
    case .half:
      for index in 0..<count {
        let bits = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        out.storeBytes(of: Float(halfBits: bits), toByteOffset: 4 * index, as: Float.self)
      }
    case .bfloat:
      for index in 0..<count {
        let bits = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        out.storeBytes(of: Float(bitPattern: UInt32(bits) << 16), toByteOffset: 4 * index, as: Float.self)
      }
    case .double:
      for index in 0..<count {
        let value = source.loadUnaligned(fromByteOffset: 8 * index, as: Double.self)
        out.storeBytes(of: Float(value), toByteOffset: 4 * index, as: Float.self)
      }
    }
  }

  /// Writes one element given as a number of `int32_data`, `int64_data` or `uint64_data`.
  /// - Returns: false where it does not fit the element type.
  func store(_ number: UInt64, into out: UnsafeMutableRawBufferPointer, at index: Int) -> Bool {
    func put<Value: FixedWidthInteger>(_ type: Value.Type) -> Bool {
      // Signed fields are sign-extended to 64 bits on the wire.
      let value = Value.isSigned || typedField == 5 ? Value(exactly: Int64(bitPattern: number)) : Value(exactly: number)
      guard let value else { return false }
      out.storeBytes(of: value, toByteOffset: index * MemoryLayout<Value>.size, as: Value.self)
      return true
    }
    func bits() -> UInt16? { UInt16(exactly: number) }
    switch (storage, dtype) {
    case (.half, _):
      guard let bits = bits() else { return false }
      out.storeBytes(of: Float(halfBits: bits), toByteOffset: 4 * index, as: Float.self)
      return true
    case (.bfloat, _):
      guard let bits = bits() else { return false }
      out.storeBytes(of: Float(bitPattern: UInt32(bits) << 16), toByteOffset: 4 * index, as: Float.self)
      return true
    case (_, .u8), (_, .bool): return put(UInt8.self)
    case (_, .s8): return put(Int8.self)
    case (_, .u16): return put(UInt16.self)
    case (_, .s16): return put(Int16.self)
    case (_, .s32): return put(Int32.self)
    case (_, .u32): return put(UInt32.self)
    case (_, .s64): return put(Int64.self)
    case (_, .u64): return put(UInt64.self)
    default: return false
    }
  }
}
