import Tensors

/// The first 64 bytes of a .nsk file and the section table behind them. docs/formats.md gives every byte.
enum NSKHeader {
  /// Like PNG's: not text, and damaged visibly by anything that translates line ends.
  static let magic: [UInt8] = [0x89, 0x4E, 0x53, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A]
  static let byteCount = 64
  static let entryByteCount = 48
  static let alignment = 64
  /// Zeros at the end of the data section: whoever uses a part in place may load whole vectors past its end.
  static let slackByteCount = 64

  static func matches(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: magic) }

  /// The sections of the file, in its order; everything but their content is checked.
  static func read(_ bytes: UnsafeRawBufferPointer) throws -> [NSKSection] {
    var cursor = NSKCursor(bytes, 0..<min(bytes.count, byteCount), section: "header")
    guard matches(bytes) else { throw cursor.failure("this is not a .nsk file") }
    guard bytes.count >= byteCount else {
      throw cursor.failure("the file ends after \(bytes.count) of \(byteCount) bytes", at: bytes.count)
    }
    _ = try cursor.raw(magic.count)
    let version = NSKVersion(major: try cursor.fixed(UInt16.self), minor: try cursor.fixed(UInt16.self))
    guard version.major == NSKVersion.current.major else {
      throw cursor.failure(
        "format version \(version) is not one this library reads (\(NSKVersion.current.major).x)", at: 8, status: .unsupported)
    }
    let count = Int(try cursor.fixed(UInt32.self))
    let fileLength = try cursor.fixed(UInt64.self)
    let tableChecksum = try cursor.fixed(UInt64.self)
    guard try cursor.raw(24).allSatisfy({ $0 == 0 }) else { throw cursor.failure("the reserved bytes are not zero", at: 32) }
    guard try cursor.fixed(UInt64.self) == XXH64.hash(UnsafeRawBufferPointer(rebasing: bytes[..<56])) else {
      throw cursor.failure("the checksum does not match; the file is damaged", at: 56)
    }
    guard fileLength == UInt64(bytes.count) else {
      throw cursor.failure("the file has \(bytes.count) bytes and should have \(fileLength); it was cut short or added to", at: 16)
    }
    guard count <= (bytes.count - byteCount) / entryByteCount else {
      throw cursor.failure("\(count) sections cannot lie in \(bytes.count) bytes", at: 12)
    }
    let range = byteCount..<byteCount + count * entryByteCount
    var table = NSKCursor(bytes, range, section: "section table")
    guard XXH64.hash(UnsafeRawBufferPointer(rebasing: bytes[range])) == tableChecksum else {
      throw table.failure("the checksum does not match; the file is damaged")
    }
    return try sections(&table, count: count)
  }

  /// Sections lie in the order of the table without overlapping, and what lies between them is zero.
  private static func sections(_ table: inout NSKCursor, count: Int) throws -> [NSKSection] {
    var sections: [NSKSection] = []
    var end = table.end
    for _ in 0..<count {
      let start = table.position
      let section = try entry(&table)
      guard section.offset % alignment == 0, section.offset >= end, section.byteCount <= table.bytes.count - section.offset else {
        throw table.failure(
          "section \(section.kind) (bytes \(section.offset) to \(section.offset) + \(section.byteCount)) is misaligned, overlaps another or "
            + "leaves the file", at: start)
      }
      try checkPadding(table.bytes, end..<section.offset)
      end = section.range.upperBound
      sections.append(section)
    }
    try checkPadding(table.bytes, end..<table.bytes.count)
    return sections
  }

  private static func checkPadding(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
    if let place = bytes[range].firstIndex(where: { $0 != 0 }) {
      throw Failure(.malformedFile, "padding: the bytes between sections are not zero; the file is damaged", byteOffset: place)
    }
  }

  private static func entry(_ table: inout NSKCursor) throws -> NSKSection {
    let kind = NSKSection.Kind(code: try table.fixed(UInt32.self))
    let flags = try table.fixed(UInt16.self)
    let encoding = try table.fixed(UInt16.self)
    let since = NSKVersion(major: try table.fixed(UInt16.self), minor: try table.fixed(UInt16.self))
    let reserved = try table.fixed(UInt32.self)
    guard flags & ~1 == 0, reserved == 0 else { throw table.failure("section \(kind) has flags this library does not know") }
    guard let offset = Int(exactly: try table.fixed(UInt64.self)), let byteCount = Int(exactly: try table.fixed(UInt64.self)),
      let decoded = Int(exactly: try table.fixed(UInt64.self)), offset <= table.bytes.count
    else { throw table.failure("section \(kind) lies outside the file") }
    return NSKSection(
      kind: kind, isRequired: flags & 1 != 0, encoding: encoding, since: since, offset: offset, byteCount: byteCount,
      decodedByteCount: decoded, checksum: try table.fixed(UInt64.self))
  }

  /// The whole file: header, table, and the sections' bytes at the next multiples of 64.
  static func assemble(_ contents: [(kind: NSKSection.Kind, isRequired: Bool, bytes: [UInt8])]) -> [UInt8] {
    var sections: [NSKSection] = []
    var end = byteCount + contents.count * entryByteCount
    for content in contents {
      let offset = (end + alignment - 1) / alignment * alignment
      let checksum = content.bytes.withUnsafeBytes { XXH64.hash($0) }
      sections.append(
        NSKSection(
          kind: content.kind, isRequired: content.isRequired, encoding: NSKSection.rawEncoding, since: NSKVersion(major: 1, minor: 0),
          offset: offset, byteCount: content.bytes.count, decodedByteCount: content.bytes.count, checksum: checksum))
      end = offset + content.bytes.count
    }
    let table = encodedTable(sections)
    var file = NSKSink()
    file.reserve(end)
    file.raw(encodedHeader(sectionCount: sections.count, fileByteCount: end, table: table))
    file.raw(table)
    for content in contents {
      file.align(to: alignment)
      file.raw(content.bytes)
    }
    return file.bytes
  }

  static func encodedTable(_ sections: [NSKSection]) -> [UInt8] {
    var table = NSKSink()
    for section in sections {
      table.fixed(section.kind.code)
      table.fixed(UInt16(section.isRequired ? 1 : 0))
      table.fixed(section.encoding)
      table.fixed(section.since.major)
      table.fixed(section.since.minor)
      table.fixed(UInt32(0))
      table.fixed(UInt64(section.offset))
      table.fixed(UInt64(section.byteCount))
      table.fixed(UInt64(section.decodedByteCount))
      table.fixed(section.checksum)
    }
    return table.bytes
  }

  static func encodedHeader(sectionCount: Int, fileByteCount: Int, table: [UInt8], version: NSKVersion = .current) -> [UInt8] {
    var header = NSKSink()
    header.raw(magic)
    header.fixed(version.major)
    header.fixed(version.minor)
    header.fixed(UInt32(sectionCount))
    header.fixed(UInt64(fileByteCount))
    header.fixed(table.withUnsafeBytes { XXH64.hash($0) })
    header.raw([UInt8](repeating: 0, count: 24))
    header.fixed(header.bytes.withUnsafeBytes { XXH64.hash($0) })
    return header.bytes
  }
}
