/// A protocol-buffers message as a tree of fields without a schema, so that ONNX files can be damaged and stay well formed.
///
/// A length-delimited field counts as a message if it parses as one; texts that happen to do so do no harm.
struct ProtobufTree {
  enum Content {
    case varint(UInt64)
    case fixed([UInt8])
    case bytes([UInt8])
    case message(ProtobufTree)
  }

  struct Field {
    var number: UInt64
    var content: Content
  }

  var fields: [Field] = []

  init() {}

  init?(_ bytes: ArraySlice<UInt8>, depth: Int = 0) {
    var place = bytes.startIndex
    while place < bytes.endIndex {
      guard let key = ProtobufTree.varint(bytes, &place), key >> 3 > 0, key >> 3 < 1000 else { return nil }
      switch key & 7 {
      case 0:
        guard let value = ProtobufTree.varint(bytes, &place) else { return nil }
        fields.append(Field(number: key >> 3, content: .varint(value)))
      case 1, 5:
        let count = key & 7 == 1 ? 8 : 4
        guard bytes.endIndex - place >= count else { return nil }
        fields.append(Field(number: key >> 3, content: .fixed(Array(bytes[place..<place + count]))))
        place += count
      case 2:
        guard let length = ProtobufTree.varint(bytes, &place), length <= UInt64(bytes.endIndex - place) else { return nil }
        let content = bytes[place..<place + Int(length)]
        place += Int(length)
        // Weights are long and are not messages.
        let isCandidate = depth < 8 && !content.isEmpty && (depth < 2 || content.count < 4096)
        let message = isCandidate ? ProtobufTree(content, depth: depth + 1) : nil
        fields.append(Field(number: key >> 3, content: message.map { .message($0) } ?? .bytes(Array(content))))
      default: return nil
      }
    }
  }

  private static func varint(_ bytes: ArraySlice<UInt8>, _ place: inout Int) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard place < bytes.endIndex else { return nil }
      value |= UInt64(bytes[place] & 0x7F) << shift
      place += 1
      if bytes[place - 1] & 0x80 == 0 { return value }
    }
    return nil
  }

  var encoded: [UInt8] {
    var result: [UInt8] = []
    for field in fields {
      let number = field.number
      switch field.content {
      case .varint(let value): result += MutateBytes.varint(number << 3) + MutateBytes.varint(value)
      case .fixed(let bytes): result += MutateBytes.varint(number << 3 | (bytes.count == 8 ? 1 : 5)) + bytes
      case .bytes(let bytes): result += MutateBytes.varint(number << 3 | 2) + MutateBytes.varint(UInt64(bytes.count)) + bytes
      case .message(let tree):
        let bytes = tree.encoded
        result += MutateBytes.varint(number << 3 | 2) + MutateBytes.varint(UInt64(bytes.count)) + bytes
      }
    }
    return result
  }

  /// One change somewhere in the tree: a field dropped, doubled, moved, renumbered, or its content damaged.
  mutating func damage(_ random: inout SplitMix) {
    guard !fields.isEmpty else { return fields.append(Field(number: UInt64(1 + random.below(20)), content: .varint(random.next()))) }
    let place = random.below(fields.count)
    if case .message(var tree) = fields[place].content, !random.oneIn(5) {
      tree.damage(&random)
      return fields[place].content = .message(tree)
    }
    switch random.below(6) {
    case 0: fields.remove(at: place)
    case 1: fields.insert(fields[place], at: random.below(fields.count + 1))
    case 2: fields.swapAt(place, random.below(fields.count))
    case 3: fields[place].number = UInt64(1 + random.below(20))
    default: damageContent(place, &random)
    }
  }

  private mutating func damageContent(_ place: Int, _ random: inout SplitMix) {
    switch fields[place].content {
    case .varint(let value):
      let choices = [0, 1, 2, value &+ 1, value &- 1, 1 << 31, 1 << 40, 1 << 62, .max, UInt64(random.below(64))]
      fields[place].content = .varint(choices[random.below(choices.count)])
    case .fixed(var bytes):
      bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
      fields[place].content = .fixed(bytes)
    case .bytes(var bytes):
      MutateBytes.damage(&bytes, others: [], &random)
      fields[place].content = .bytes(bytes)
    case .message(let tree): fields[place].content = .bytes(Array(tree.encoded.prefix(random.below(64))))
    }
  }
}
