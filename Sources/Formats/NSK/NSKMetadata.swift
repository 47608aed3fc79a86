import Tensors

/// The metadata section: keys and values in UTF-8, sorted by the keys' bytes.
enum NSKMetadata {
  static func encode(_ metadata: [String: String]) -> [UInt8] {
    var sink = NSKSink()
    sink.int(metadata.count)
    for (key, value) in metadata.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      for text in [key, value] {
        sink.int(text.utf8.count)
        sink.raw(Array(text.utf8))
      }
    }
    return sink.bytes
  }

  static func read(_ cursor: inout NSKCursor, _ budget: inout NSKBudget) throws -> [String: String] {
    let count = try cursor.count(of: "entries", bytesEach: 2)
    try budget.charge(count, each: 4 * MemoryLayout<String>.stride, cursor)
    var metadata: [String: String] = [:]
    metadata.reserveCapacity(count)
    var previous: UnsafeRawBufferPointer?
    for index in 0..<count {
      let start = cursor.position
      var texts: [String] = []
      for part in 0..<2 {
        let bytes = try cursor.raw(try cursor.int())
        try budget.charge(bytes.count, each: 1, cursor)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw cursor.failure("entry \(index) is not UTF-8", at: start) }
        texts.append(text)
        guard part == 0 else { continue }
        guard previous.map({ $0.lexicographicallyPrecedes(bytes) }) ?? true else {
          throw cursor.failure("key \(index) is out of order", at: start)
        }
        previous = bytes
      }
      guard metadata.updateValue(texts[1], forKey: texts[0]) == nil else {
        throw cursor.failure("the key '\(texts[0])' is there twice", at: start)
      }
    }
    try cursor.finish()
    return metadata
  }
}
