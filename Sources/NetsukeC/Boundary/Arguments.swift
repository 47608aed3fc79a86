import Netsuke

/// A pointer that must be there and lie at a multiple of its type's alignment.
/// - Throws: `invalidArgument` naming the argument.
func required<T>(_ pointer: UnsafeMutablePointer<T>?, _ name: StaticString) throws -> UnsafeMutablePointer<T> {
  guard let pointer else { throw Failure(.invalidArgument, "\(name) is NULL") }
  try requireAligned(UnsafeRawPointer(pointer), MemoryLayout<T>.alignment, name)
  return pointer
}

func required<T>(_ pointer: UnsafePointer<T>?, _ name: StaticString) throws -> UnsafePointer<T> {
  guard let pointer else { throw Failure(.invalidArgument, "\(name) is NULL") }
  try requireAligned(UnsafeRawPointer(pointer), MemoryLayout<T>.alignment, name)
  return pointer
}

/// A pointer that may be NULL, but must be aligned where it is not.
func optional<T>(_ pointer: UnsafePointer<T>?, _ name: StaticString) throws -> UnsafePointer<T>? {
  try pointer.map { try required($0, name) }
}

func optional<T>(_ pointer: UnsafeMutablePointer<T>?, _ name: StaticString) throws -> UnsafeMutablePointer<T>? {
  try pointer.map { try required($0, name) }
}

private func requireAligned(_ pointer: UnsafeRawPointer, _ alignment: Int, _ name: StaticString) throws {
  guard UInt(bitPattern: pointer) % UInt(alignment) == 0 else {
    throw Failure(.invalidArgument, "\(name) must lie at a multiple of \(alignment) bytes")
  }
}

/// The elements at a pointer; NULL is fine for none.
/// - Throws: `invalidArgument` for NULL, misalignment or a size that cannot be.
func elements<T>(_ pointer: UnsafePointer<T>?, _ extents: Int..., name: StaticString) throws -> UnsafeBufferPointer<T> {
  let count = try product(extents, MemoryLayout<T>.stride, name)
  return UnsafeBufferPointer(start: count == 0 ? nil : try required(pointer, name), count: count)
}

func elements<T>(_ pointer: UnsafeMutablePointer<T>?, _ extents: Int..., name: StaticString) throws -> UnsafeMutableBufferPointer<T> {
  let count = try product(extents, MemoryLayout<T>.stride, name)
  return UnsafeMutableBufferPointer(start: count == 0 ? nil : try required(pointer, name), count: count)
}

/// The bytes at a pointer to elements of one byte.
func bytes(_ pointer: UnsafeRawPointer?, _ count: Int, name: StaticString) throws -> UnsafeRawBufferPointer {
  UnsafeRawBufferPointer(try elements(pointer?.assumingMemoryBound(to: UInt8.self), count, name: name))
}

func bytes(_ pointer: UnsafeMutableRawPointer?, _ count: Int, name: StaticString) throws -> UnsafeMutableRawBufferPointer {
  UnsafeMutableRawBufferPointer(try elements(pointer?.assumingMemoryBound(to: UInt8.self), count, name: name))
}

/// The product of sizes that C counts in size_t, far enough below the address space that sums of a few never overflow.
private func product(_ extents: [Int], _ stride: Int, _ name: StaticString) throws -> Int {
  var total = 1
  for extent in extents {
    let (next, overflow) = total.multipliedReportingOverflow(by: extent)
    guard extent >= 0, !overflow, next <= (1 << 46) / stride else {
      throw Failure(.invalidArgument, "the size of \(name) is absurd: \(extents.map { UInt(bitPattern: $0) })")
    }
    total = next
  }
  return total
}

/// Checks a matrix of `rows` rows of `columns` elements whose rows begin `leading` elements apart.
func requireMatrix<T>(_ pointer: UnsafePointer<T>?, _ rows: Int, _ columns: Int, leading: Int, name: StaticString) throws -> UnsafePointer<
  T
> {
  _ = try product([rows, columns], MemoryLayout<T>.stride, name)
  _ = try product([rows, leading], MemoryLayout<T>.stride, name)
  guard leading >= columns else {
    throw Failure(.shapeMismatch, "the rows of \(name) have \(columns) elements and begin \(leading) apart")
  }
  return try required(pointer, name)
}
