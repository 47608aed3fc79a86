import Tensors

/// How a protocol-buffer field is written; groups, which ONNX does not have, are refused.
enum WireType: UInt8 {
  case varint = 0
  case fixed64 = 1
  case bytes = 2
  case fixed32 = 5
}

/// A place in protocol-buffer bytes that come from outside: every read is checked against the end of its message.
struct WireCursor {
  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  let end: Int
  /// What the message is, for errors: "a node", "an initializer".
  let section: String

  /// - Precondition: `range` lies inside `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, section: String) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
    self.section = section
  }

  var isAtEnd: Bool { position >= end }

  /// The next base-128 number; bits beyond the 64th are dropped as protocol buffers do.
  mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end, shift < 70 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw damaged("a number is cut off or too long")
  }

  /// The next field's number and form.
  mutating func field() throws -> (number: Int, wire: WireType) {
    let start = position
    let key = try varint()
    guard key >> 3 > 0, key >> 3 < 1 << 29, let wire = WireType(rawValue: UInt8(key & 7)) else {
      position = start
      throw damaged("this is no field")
    }
    return (Int(key >> 3), wire)
  }

  /// Steps over a field's value: the range of its content (without the length, where it has one).
  mutating func content(_ wire: WireType) throws -> Range<Int> {
    let start = position
    switch wire {
    case .varint:
      _ = try varint()
      return start..<position
    case .fixed64: return try take(8)
    case .fixed32: return try take(4)
    case .bytes:
      let length = try varint()
      guard let count = Int(exactly: length) else {
        position = start
        throw damaged("a length of \(length) bytes is beyond the end")
      }
      return try take(count)
    }
  }

  private mutating func take(_ count: Int) throws -> Range<Int> {
    guard count <= end - position else {
      throw damaged("\(count) bytes are announced and \(end - position) are left")
    }
    let start = position
    position += count
    return start..<position
  }

  func damaged(_ what: String) -> Failure {
    Failure(.malformedFile, "the ONNX file is cut off or damaged in \(section): \(what)", byteOffset: position)
  }
}
