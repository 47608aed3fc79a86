import Tensors

/// A place in one section of a .nsk file, from which everything is read with its bounds checked.
///
/// Every failure names the section and the byte of the file. The bytes belong to a `Storage` that the reader keeps alive.
struct NSKCursor {
  let bytes: UnsafeRawBufferPointer
  let section: String
  /// From the start of the file.
  private(set) var position: Int
  let end: Int

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, section: String) {
    self.bytes = bytes
    self.section = section
    position = range.lowerBound
    end = range.upperBound
  }

  var remaining: Int { end - position }

  func failure(_ message: String, at offset: Int? = nil, status: Failure.Status = .malformedFile) -> Failure {
    Failure(status, "\(section): \(message)", byteOffset: offset ?? position)
  }

  /// The next `count` bytes, in place.
  mutating func raw(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else {
      throw failure("\(count) bytes are needed and \(remaining) are left; the file is damaged")
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  mutating func byte() throws -> UInt8 { try raw(1)[0] }

  mutating func fixed<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type) throws -> Word {
    Word(littleEndian: try raw(MemoryLayout<Word>.size).loadUnaligned(as: Word.self))
  }

  mutating func float() throws -> Float { Float(bitPattern: try fixed(UInt32.self)) }

  /// An unsigned LEB128 number in its shortest form.
  mutating func varint() throws -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let next = try byte()
      let part = UInt64(next & 0x7F)
      guard shift < 63 || part <= 1, next != 0 || shift == 0 else { throw failure("a number is not well formed", at: start) }
      value |= part << shift
      if next & 0x80 == 0 { return value }
    }
    throw failure("a number has more than 64 bits", at: start)
  }

  /// A varint that is a size, an extent or an index.
  mutating func int() throws -> Int {
    let start = position
    guard let value = Int(exactly: try varint()) else { throw failure("a number does not fit 63 bits", at: start) }
    return value
  }

  /// A signed number: 0, −1, 1, −2 … are stored as the varints 0, 1, 2, 3 …
  mutating func signed() throws -> Int {
    let value = try varint()
    return Int(truncatingIfNeeded: value >> 1) ^ (0 &- Int(truncatingIfNeeded: value & 1))
  }

  /// How many things follow, each of at least `bytesEach` bytes: refused before anything is allocated for them.
  mutating func count(of things: String, bytesEach: Int) throws -> Int {
    let start = position
    let value = try int()
    guard value <= remaining / bytesEach else {
      throw failure("\(value) \(things) cannot lie in the \(remaining) bytes that are left; the file is damaged", at: start)
    }
    return value
  }

  /// Moves to the next multiple of `alignment` of the file's bytes; those skipped must be zero.
  mutating func align(to alignment: Int) throws {
    for byte in try raw(min((alignment - position % alignment) % alignment, remaining)) where byte != 0 {
      throw failure("the padding is not zero; the file is damaged")
    }
  }

  func finish() throws {
    guard remaining == 0 else { throw failure("\(remaining) bytes are left over; the file is damaged") }
  }
}
