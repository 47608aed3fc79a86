import Formats
import Graph
import Tensors
import Testing

@Suite struct NSKHostileTests {
  let tiny: [UInt8]

  init() throws { tiny = try ModelFile.encode(NSKSamples.tiny(), as: .nsk) }

  private func failure(_ bytes: [UInt8]) -> Failure? {
    do {
      _ = try NSKSamples.read(bytes)
      return nil
    } catch { return error as? Failure }
  }

  @Test func everyFlippedBitIsFound() throws {
    for index in tiny.indices {
      for bit in 0..<8 {
        var damaged = tiny
        damaged[index] ^= 1 << UInt8(bit)
        let found = try #require(failure(damaged), "bit \(bit) of byte \(index)")
        // Damage to the magic makes it some other kind of file, which other readers judge.
        if index >= 8 { #expect(found.byteOffset != nil && found.status != .internal, "byte \(index): \(found)") }
      }
    }
  }

  @Test func everyTruncationIsFound() throws {
    for count in 0..<tiny.count { #expect(failure(Array(tiny[..<count])) != nil, "\(count) bytes") }
    let cut = try #require(failure(Array(tiny[..<(tiny.count - 1)])))
    #expect(cut.byteOffset == 16 && cut.message.contains("\(tiny.count - 1)"))
    #expect(failure(tiny + [0])?.byteOffset == 16)
  }

  /// With the checksums made right again every byte of every section reaches the parser: it must refuse or accept, and what
  /// it accepts must be writable.
  @Test func signedDamageNeverTraps() throws {
    for sample in [tiny, try ModelFile.encode(NSKSamples.everyForm(), as: .nsk)] {
      let original = NSKSurgery(bytes: sample)
      for section in original.sections where section.kind != "DATA" {
        for index in section.range {
          for value in [0, 1, 0x7F, 0x80, 0xFF, original.bytes[index] &+ 1, original.bytes[index] ^ 0x40] {
            var damaged = original
            damaged.bytes[index] = value
            damaged.sign()
            if let graph = try? NSKSamples.read(damaged.bytes) { _ = try ModelFile.encode(graph, as: .nsk) }
          }
        }
      }
    }
  }

  @Test func checksumsNameTheirSection() throws {
    let original = NSKSurgery(bytes: tiny)
    for section in original.sections {
      var damaged = original
      damaged.bytes[section.offset + section.byteCount / 2] ^= 4
      let found = try #require(failure(damaged.bytes))
      #expect(found.status == .malformedFile && found.byteOffset == section.offset && found.message.contains(section.kind))
    }
  }

  @Test func overlappingAndMisplacedSectionsAreRefused() throws {
    let original = NSKSurgery(bytes: tiny)
    let (graph, data) = (try #require(original.section("GRPH")), try #require(original.section("DATA")))
    for offset in [graph.offset, 0, data.offset + 1, data.offset + 64, 1 << 40, Int.max - 63, -64] {
      var damaged = original
      damaged.set(data.entry + 16, offset)
      damaged.signHeader()
      let found = try #require(failure(damaged.bytes), "offset \(offset)")
      #expect(found.message.contains("DATA") && found.byteOffset != nil, "\(found)")
    }
    for length in [data.byteCount + 1, 1 << 50, Int.max, -1] {
      var damaged = original
      damaged.set(data.entry + 24, length)
      damaged.set(data.entry + 32, length)
      damaged.signHeader()
      #expect(failure(damaged.bytes)?.message.contains("DATA") == true, "length \(length)")
    }
  }

  @Test(arguments: [
    ("section count", 12, 4, 0xFFFF_FFFF), ("section count", 12, 4, 3), ("file length", 16, 8, 1 << 60), ("reserved", 40, 8, 1),
    ("major version", 8, 2, 2), ("major version", 8, 2, 0),
  ])
  func headerFieldsAreHeldToTheFile(what: String, offset: Int, count: Int, value: Int) throws {
    var damaged = NSKSurgery(bytes: tiny)
    guard damaged.word(offset, count) != value else { return }
    damaged.set(offset, value, count)
    // The section count moves what the table's checksum covers; only the header's is made right.
    var header = NSKSurgery(bytes: Array(damaged.bytes[..<64]))
    header.set(12, 0, 4)
    damaged.set(56, damaged.bytes.withUnsafeBytes { Int(truncatingIfNeeded: XXH64.hash(UnsafeRawBufferPointer(rebasing: $0[..<56]))) })
    let found = try #require(failure(damaged.bytes), "\(what)")
    #expect(found.byteOffset != nil && found.message.contains("header") || found.message.contains("section"), "\(found)")
  }

  @Test func aLaterMinorVersionIsReadAndUnknownOptionalSectionsAreSkipped() throws {
    var later = NSKSurgery(bytes: tiny)
    later.set(10, 7, 2)
    let metadata = try #require(later.section("META"))
    for (index, byte) in "XTRA".utf8.enumerated() { later.bytes[metadata.entry + index] = byte }
    later.set(metadata.entry + 6, 9, 2)
    later.set(metadata.entry + 32, 12345)
    later.signHeader()
    let graph = try NSKSamples.read(later.bytes)
    #expect(graph.nodes.count == 1 && graph.metadata.isEmpty)
  }

  @Test func unknownRequiredSectionsAndEncodingsNameTheVersion() throws {
    var required = NSKSurgery(bytes: tiny)
    let metadata = try #require(required.section("META"))
    for (index, byte) in "XTRA".utf8.enumerated() { required.bytes[metadata.entry + index] = byte }
    required.set(metadata.entry + 4, 1, 2)
    required.set(metadata.entry + 10, 4, 2)
    required.signHeader()
    let unknown = try #require(failure(required.bytes))
    #expect(unknown.status == .unsupported && unknown.message.contains("XTRA") && unknown.message.contains("1.4"))

    var encoded = NSKSurgery(bytes: tiny)
    let data = try #require(encoded.section("DATA"))
    encoded.set(data.entry + 6, 3, 2)
    encoded.set(data.entry + 10, 2, 2)
    encoded.signHeader()
    let encoding = try #require(failure(encoded.bytes))
    #expect(encoding.status == .unsupported && encoding.byteOffset == data.offset)
    #expect(encoding.message.contains("DATA") && encoding.message.contains("encoding 3") && encoding.message.contains("1.2"))
  }

  @Test func missingAndDoubledSectionsAreRefused() throws {
    for kind in ["GRPH", "DATA", "META"] {
      var damaged = NSKSurgery(bytes: tiny)
      let section = try #require(damaged.section(kind))
      let replacement = kind == "GRPH" ? "DATA" : "GRPH"
      for (index, byte) in replacement.utf8.enumerated() { damaged.bytes[section.entry + index] = byte }
      damaged.signHeader()
      #expect(failure(damaged.bytes)?.message.contains("once") == true, "\(kind)")
    }
  }
}
