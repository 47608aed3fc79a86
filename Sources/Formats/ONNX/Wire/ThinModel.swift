import Tensors

/// A copy of an ONNX file's structure without the bulk: what SwiftProtobuf decodes in the file's stead.
///
/// Every byte of the file is walked once, so that damage is found with its offset and the decoder never sees a hostile
/// file: the nesting is that of the schema (a subgraph is not entered), and each message is paid for from the budget.
/// A tensor's data stay where they are: in the copy its `raw_data` is the range of the tensor's message in the file
/// (two little-endian 64-bit offsets), which `TensorDecoder` reads in place.
struct ThinModel {
  private(set) var bytes: [UInt8] = []
  private let file: UnsafeRawBufferPointer
  private let budget: MemoryBudget

  /// - Throws: `malformedFile` with the byte offset of the damage.
  init(file: UnsafeRawBufferPointer, budget: MemoryBudget) throws {
    self.file = file
    self.budget = budget
    try copy(.model, 0..<file.count)
  }

  /// The range of the file that the thin form of a tensor stands for.
  static func messageRange(_ marker: some Sequence<UInt8>) -> Range<Int>? {
    let bytes = Array(marker)
    guard bytes.count == 16 else { return nil }
    func offset(_ from: Int) -> Int { (0..<8).reduce(0) { $0 | Int(bytes[from + $1]) << (8 * $1) } }
    let (start, end) = (offset(0), offset(8))
    return start >= 0 && start <= end ? start..<end : nil
  }

  private mutating func copy(_ message: ThinMessage, _ range: Range<Int>) throws {
    try budget.take(message.memoryCost, for: message.title, at: range.lowerBound)
    var cursor = WireCursor(file, range, section: message.title)
    while !cursor.isAtEnd {
      let start = cursor.position
      let (number, wire) = try cursor.field()
      let content = try cursor.content(wire)
      guard let rule = message.rule(number) else { continue }
      let field = start..<cursor.position
      switch (rule, wire) {
      case (.number, .varint), (.fixed32, .fixed32): try keep(field, cost: 16, message)
      case (.text, .bytes):
        guard String(validating: file[content], as: UTF8.self) != nil else {
          throw Failure(.malformedFile, "a name in \(message.title) of the ONNX file is not valid UTF-8", byteOffset: content.lowerBound)
        }
        try keep(field, cost: message.textCost(number) + 2 * content.count, message)
      case (.bytes, .bytes): try keep(field, cost: 64 + 2 * content.count, message)
      // A packed number is at least one byte and becomes eight, twice: as decoded and as the graph holds it.
      case (.numbers, .bytes): try keep(field, cost: 64 + 16 * content.count, message)
      case (.numbers(let form), wire) where form == wire: try keep(field, cost: 32, message)
      case (.message(let inner), .bytes): try nest(inner, number, content)
      default: throw Failure(.malformedFile, "field \(number) of \(message.title) has the wrong form", byteOffset: start)
      }
    }
    if case .tensor = message {
      append(varint: 9 << 3 | 2)
      append(varint: 16)
      for offset in [range.lowerBound, range.upperBound] {
        withUnsafeBytes(of: UInt64(offset).littleEndian) { bytes.append(contentsOf: $0) }
      }
    }
  }

  private mutating func keep(_ range: Range<Int>, cost: Int, _ message: ThinMessage) throws {
    try budget.take(cost + range.count, for: message.title, at: range.lowerBound)
    bytes.append(contentsOf: file[range])
  }

  /// A message inside: its length is known only afterwards, so five bytes are kept free for it (a number may be written
  /// longer than it need be).
  private mutating func nest(_ message: ThinMessage, _ number: Int, _ content: Range<Int>) throws {
    append(varint: UInt64(number << 3 | 2))
    let place = bytes.count
    bytes.append(contentsOf: [0x80, 0x80, 0x80, 0x80, 0])
    try copy(message, content)
    let length = bytes.count - place - 5
    guard length <= Int32.max else {
      throw Failure(
        .unsupported, "\(message.title) of the ONNX file is larger than 2 GB without its tensors", byteOffset: content.lowerBound)
    }
    for byte in 0..<5 { bytes[place + byte] = UInt8(length >> (7 * byte) & 0x7F) | (byte < 4 ? 0x80 : 0) }
  }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
