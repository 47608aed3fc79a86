/// A dense, row-major, immutable array: element type, shape, and a view into a `Storage`.
package struct Tensor: Sendable {
  package let dtype: DType
  package let shape: [Int]
  package let storage: Storage
  package let byteOffset: Int

  /// - Precondition: `byteOffset` plus the tensor's bytes lie inside `storage`.
  package init(_ dtype: DType, _ shape: [Int], storage: Storage, byteOffset: Int = 0) {
    self.dtype = dtype
    self.shape = shape
    self.storage = storage
    self.byteOffset = byteOffset
    precondition(byteOffset >= 0 && byteOffset + byteCount <= storage.byteCount)
  }

  /// A new tensor whose bytes `fill` writes (they start as zeros).
  package init(_ dtype: DType, _ shape: [Int], fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
    let count = try Tensor.checkedByteCount(dtype, shape)
    self.init(dtype, shape, storage: try Storage(byteCount: count, fill: fill))
  }

  /// A new tensor of `elements`, whose Swift type must match `dtype` in size.
  package init<Element: BitwiseCopyable>(_ dtype: DType, _ shape: [Int], _ elements: [Element]) throws {
    guard MemoryLayout<Element>.stride == dtype.byteCount,
      try Tensor.checkedByteCount(dtype, shape) == elements.count * dtype.byteCount
    else {
      throw Failure(.shapeMismatch, "\(elements.count) elements do not fill \(dtype.name)\(shape)")
    }
    try self.init(dtype, shape) { bytes in elements.withUnsafeBytes { bytes.copyMemory(from: $0) } }
  }

  package init(_ shape: [Int], _ elements: [Float]) throws { try self.init(.f32, shape, elements) }

  package var count: Int { shape.reduce(1, *) }
  package var byteCount: Int { count * dtype.byteCount }

  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: storage.base + byteOffset, count: byteCount)
  }

  /// The elements as `type`. The pointer is valid as long as `storage` is alive.
  /// - Precondition: `type` has the size of `dtype`; the bytes are aligned for it.
  package func elements<Element: BitwiseCopyable>(as type: Element.Type) -> UnsafeBufferPointer<Element> {
    precondition(MemoryLayout<Element>.stride == dtype.byteCount)
    return bytes.assumingMemoryBound(to: Element.self)
  }

  /// The same bytes seen with another shape of equal count.
  package func reshaped(_ newShape: [Int]) throws -> Tensor {
    guard try Tensor.checkedByteCount(dtype, newShape) == byteCount else {
      throw Failure(.shapeMismatch, "cannot view \(shape) as \(newShape)")
    }
    return Tensor(dtype, newShape, storage: storage, byteOffset: byteOffset)
  }

  /// Bytes of a tensor, refusing negative extents and products that overflow.
  package static func checkedByteCount(_ dtype: DType, _ shape: [Int]) throws -> Int {
    try checkedByteCount(dtype, rank: shape.count) { shape[$0] }
  }

  /// The same for up to four extents, which needs no array.
  package static func checkedByteCount(_ dtype: DType, _ a: Int, _ b: Int, _ c: Int = 1, _ d: Int = 1) throws -> Int {
    let extents = SIMD4(a, b, c, d)
    return try checkedByteCount(dtype, rank: 4) { extents[$0] }
  }

  private static func checkedByteCount(_ dtype: DType, rank: Int, _ extent: (Int) -> Int) throws -> Int {
    var (bound, isEmpty) = (dtype.byteCount, false)
    for axis in 0..<rank {
      // An empty tensor is held to the same bound, so that no product of its other extents overflows later.
      let (product, overflow) = bound.multipliedReportingOverflow(by: max(extent(axis), 1))
      guard extent(axis) >= 0, !overflow, product <= 1 << 46 else {
        throw Failure(.shapeMismatch, "the shape \((0..<rank).map(extent)) is negative or too large")
      }
      bound = product
      isEmpty = isEmpty || extent(axis) == 0
    }
    return isEmpty ? 0 : bound
  }
}
