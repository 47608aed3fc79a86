import FoundationEssentials
import Tensors

/// Turns the tensors of an ONNX file into ours: from raw bytes, typed fields or external data, checked against their shape.
struct TensorDecoder {
  let file: UnsafeRawBufferPointer
  let budget: MemoryBudget
  let external: ExternalData

  /// The tensor, its floats widened or rounded to f32. The elements are copied into aligned memory: the wire format aligns nothing.
  /// - Parameter what: the tensor for messages, such as "initializer 'conv1_w'".
  func tensor(_ proto: Onnx_TensorProto, _ what: String) throws -> Tensor {
    let type = try ElementType(code: Int(proto.dataType), of: what)
    let shape = try TensorDecoder.shape(proto.dims, what)
    let count = shape.reduce(1, *)
    guard let range = ThinModel.messageRange(proto.rawData), range.upperBound <= file.count else {
      throw Failure(.malformedFile, "\(what) has no data")
    }
    if proto.dataLocation == .external || !proto.externalData.isEmpty {
      return try fromExternalData(proto, type, shape, what)
    }
    let data = try TensorData(in: file, range, type: type, what)
    if let raw = data.raw {
      let (needed, overflow) = count.multipliedReportingOverflow(by: type.storedBytes)
      guard !overflow, raw.count == needed else {
        throw Failure(
          .malformedFile, "\(what) has \(raw.count) bytes of data, its shape \(shape) needs \(count) elements of \(type.storedBytes) bytes",
          byteOffset: raw.lowerBound)
      }
      return try make(type, shape, what) { out in type.convert(UnsafeRawBufferPointer(rebasing: file[raw]), into: out, count: count) }
    }
    guard data.typedCount == count else {
      throw Failure(
        .malformedFile, "\(what) has \(data.typedCount) elements, its shape \(shape) needs \(count)", byteOffset: range.lowerBound)
    }
    return try make(type, shape, what) { out in try data.write(into: out, what) }
  }

  private func make(
    _ type: ElementType, _ shape: [Int], _ what: String, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> Tensor {
    try budget.take(Tensor.checkedByteCount(type.dtype, shape), for: what)
    return try Tensor(type.dtype, shape, fill: fill)
  }

  private func fromExternalData(_ proto: Onnx_TensorProto, _ type: ElementType, _ shape: [Int], _ what: String) throws -> Tensor {
    let count = shape.reduce(1, *)
    let stored = count * type.storedBytes
    let source = try external.bytes(at: ExternalData.Place(proto.externalData, what), count: stored, what)
    guard type.storage != .same else { return try make(type, shape, what) { try source.read(into: $0) } }
    try budget.take(stored, for: what)
    let asStored = try Tensor(.u8, [stored]) { try source.read(into: $0) }
    return try make(type, shape, what) { type.convert(asStored.bytes, into: $0, count: count) }
  }

  /// The extents as numbers that cannot overflow a byte count.
  static func shape(_ dims: [Int64], _ what: String) throws -> [Int] {
    guard dims.count <= 64 else { throw Failure(.malformedFile, "\(what) has \(dims.count) dimensions") }
    let shape = dims.map { Int($0) }
    guard (try? Tensor.checkedByteCount(.f64, shape)) != nil else {
      throw Failure(.malformedFile, "\(what) has the shape \(shape), which is negative or too large")
    }
    return shape
  }
}
