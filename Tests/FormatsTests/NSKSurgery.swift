import Formats

/// Changes .nsk files byte by byte, by the offsets of docs/formats.md, so that the reader is not tested against itself.
struct NSKSurgery {
  var bytes: [UInt8]

  struct Section {
    let entry: Int
    let kind: String
    let offset: Int
    let byteCount: Int
    var range: Range<Int> { offset..<offset + byteCount }
  }

  func word(_ offset: Int, _ count: Int = 8) -> Int { (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }

  mutating func set(_ offset: Int, _ value: Int, _ count: Int = 8) {
    for index in 0..<count { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  var sections: [Section] {
    (0..<word(12, 4)).map { index in
      let entry = 64 + 48 * index
      return Section(
        entry: entry, kind: String(decoding: bytes[entry..<entry + 4], as: UTF8.self), offset: word(entry + 16), byteCount: word(entry + 24)
      )
    }
  }

  func section(_ kind: String) -> Section? { sections.first { $0.kind == kind } }

  /// Makes every checksum match again (of sections that lie inside the file), so that damage reaches what they guard.
  mutating func sign() {
    for section in sections where section.offset >= 0 && section.byteCount >= 0 && section.byteCount <= bytes.count - section.offset {
      set(section.entry + 40, hash(section.range))
    }
    signHeader()
  }

  /// The table's and the header's checksums only.
  mutating func signHeader() {
    set(24, hash(64..<min(64 + 48 * word(12, 4), bytes.count)))
    set(56, hash(0..<56))
  }

  private func hash(_ range: Range<Int>) -> Int {
    bytes.withUnsafeBytes { Int(truncatingIfNeeded: XXH64.hash(UnsafeRawBufferPointer(rebasing: $0[range]))) }
  }

  /// A file of these sections with right offsets, lengths and checksums.
  static func assemble(_ contents: [(kind: String, bytes: [UInt8])]) -> [UInt8] {
    var file = NSKSurgery(bytes: [0x89, 0x4E, 0x53, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 0, count: 56 + 48 * contents.count))
    file.set(8, 1, 2)
    file.set(12, contents.count, 4)
    for (index, content) in contents.enumerated() {
      let entry = 64 + 48 * index
      for (place, byte) in content.kind.utf8.prefix(4).enumerated() { file.bytes[entry + place] = byte }
      file.set(entry + 4, content.kind == "META" ? 0 : 1, 2)
      file.set(entry + 8, 1, 2)
      file.bytes += [UInt8](repeating: 0, count: (64 - file.bytes.count % 64) % 64)
      file.set(entry + 16, file.bytes.count)
      file.set(entry + 24, content.bytes.count)
      file.set(entry + 32, content.bytes.count)
      file.bytes += content.bytes
    }
    file.set(16, file.bytes.count)
    file.sign()
    return file.bytes
  }
}
