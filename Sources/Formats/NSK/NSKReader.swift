import Graph
import Tensors

/// Reads .nsk files, version 1.
///
/// Hostile input is normal input: every failure names section and byte, and what is allocated is bounded by `NSKBudget`.
package enum NSKReader {
  package static func matches(_ bytes: UnsafeRawBufferPointer) -> Bool { NSKHeader.matches(bytes) }

  /// The graph in the file. Constants of 128 bytes and more borrow `storage`, without a copy where its base is 64-byte aligned
  /// (a mapped file is); smaller ones are copied.
  /// - Throws: `malformedFile` for damage, `unsupported` for a newer format or an unknown operator.
  package static func read(_ storage: Storage) throws -> Graph {
    try withExtendedLifetime(storage) {
      let sections = try NSKHeader.read(storage.bytes)
      for section in sections { try check(section, storage.bytes) }
      let graphSection = try one(.graph, in: sections)
      let dataSection = try one(.data, in: sections)
      var budget = NSKBudget(fileByteCount: storage.byteCount)
      var metadata: [String: String] = [:]
      if sections.contains(where: { $0.kind == .metadata }) {
        var cursor = NSKCursor(storage.bytes, try one(.metadata, in: sections).range, section: "section META")
        metadata = try NSKMetadata.read(&cursor, &budget)
      }
      var reader = NSKGraphReader(storage, graph: graphSection.range, data: dataSection.range, budget)
      return try reader.read(metadata: metadata)
    }
  }

  /// Refuses what this version cannot read, and damage.
  private static func check(_ section: NSKSection, _ bytes: UnsafeRawBufferPointer) throws {
    let isKnown = [NSKSection.Kind.graph, .data, .metadata].contains(section.kind)
    if isKnown || section.isRequired {
      guard isKnown, section.encoding == NSKSection.rawEncoding else {
        let what = isKnown ? "has encoding \(section.encoding)" : "is of an unknown kind that is required"
        throw Failure(
          .unsupported,
          "section \(section.kind) \(what); it needs a library that reads format \(section.since), this one reads \(NSKVersion.current)",
          byteOffset: section.offset)
      }
      guard section.decodedByteCount == section.byteCount else {
        throw Failure(
          .malformedFile, "section \(section.kind): raw, but \(section.byteCount) bytes stand for \(section.decodedByteCount)",
          byteOffset: section.offset)
      }
    }
    guard XXH64.hash(UnsafeRawBufferPointer(rebasing: bytes[section.range])) == section.checksum else {
      throw Failure(
        .malformedFile, "section \(section.kind): the checksum of bytes \(section.range) does not match; the file is damaged",
        byteOffset: section.offset)
    }
  }

  private static func one(_ kind: NSKSection.Kind, in sections: [NSKSection]) throws -> NSKSection {
    let matches = sections.filter { $0.kind == kind }
    guard let section = matches.first, matches.count == 1 else {
      throw Failure(.malformedFile, "section table: section \(kind) must be there once, it is there \(matches.count) times", byteOffset: 64)
    }
    return section
  }
}
