import Tensors

extension JSONValue {
  /// Reads one JSON document (RFC 8259), strictly: names may not repeat, numbers must fit a finite double, nothing may follow.
  ///
  /// - maximumBytes, maximumDepth: bounds on what a caller is willing to read; work and memory are linear in the text.
  /// - Throws: `status`, with the byte offset at fault.
  package init(
    parsing text: String, maximumBytes: Int = 1 << 20, maximumDepth: Int = 32, status: Failure.Status = .recipe
  ) throws {
    var text = text
    self = try text.withUTF8 { bytes in
      guard bytes.count <= maximumBytes else {
        throw Failure(status, "the JSON text has \(bytes.count) bytes; at most \(maximumBytes) are read")
      }
      var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth, status: status)
      return try parser.document()
    }
  }
}

/// A recursive-descent reader of JSON over borrowed bytes; `maximumDepth` bounds the recursion.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let maximumDepth: Int
  let status: Failure.Status
  private var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, status: Failure.Status) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    self.status = status
  }

  mutating func document() throws -> JSONValue {
    let result = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw failure("text follows the end of the JSON document") }
    return result
  }

  private func failure(_ message: String) -> Failure { Failure(status, "not valid JSON: \(message)", byteOffset: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    guard depth < maximumDepth else { throw failure("nested deeper than \(maximumDepth) levels") }
    skipSpace()
    guard let byte = next else { throw failure("the text ends where a value should begin") }
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    guard position + word.utf8CodeUnitCount <= bytes.count,
      (0..<word.utf8CodeUnitCount).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
    else { throw failure("expected a value (true, false, null, a number, a string, a list or an object)") }
    position += word.utf8CodeUnitCount
    return value
  }

  private mutating func array(depth: Int) throws -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(elements) }
      guard take(UInt8(ascii: ",")) else { throw failure("expected ',' or ']' in a list") }
    }
  }

  private mutating func object(depth: Int) throws -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("expected a key in double quotes") }
      let start = position
      let name = try string()
      guard names.insert(name).inserted else {
        position = start
        throw failure("the key \"\(name)\" appears twice")
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw failure("expected ':' after the key \"\(name)\"") }
      members.append(.init(name, try value(depth: depth + 1)))
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw failure("expected ',' or '}' in an object") }
    }
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
    return position - start
  }

  private mutating func number() throws -> Double {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let leadingZero = next == 0x30
    let whole = digits()
    guard whole > 0 else {
      position = start
      throw failure("expected a value (true, false, null, a number, a string, a list or an object)")
    }
    guard !leadingZero || whole == 1 else { throw failure("a number may not begin with 0") }
    if take(UInt8(ascii: ".")), digits() == 0 { throw failure("a digit must follow the decimal point") }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      if digits() == 0 { throw failure("a digit must follow the exponent") }
    }
    guard position - start <= 64, let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
      position = start
      throw failure("the number is too large or too long")
    }
    return value
  }

  private mutating func string() throws -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        text.append(contentsOf: try escape().utf8)
      case 0..<0x20: throw failure("a control character in a string must be escaped")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw failure("the text ends inside a string")
  }

  private mutating func escape() throws -> String {
    guard let byte = next else { throw failure("the text ends inside a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      if let scalar = UnicodeScalar(first) { return String(scalar) }
      guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw failure("half of a surrogate pair") }
      let second = try hexadecimal()
      guard second >= 0xDC00, second < 0xE000,
        let scalar = UnicodeScalar(0x10000 + (UInt32(first) - 0xD800) << 10 + UInt32(second) - 0xDC00)
      else { throw failure("half of a surrogate pair") }
      return String(scalar)
    default: throw failure("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw failure("\\u needs four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
