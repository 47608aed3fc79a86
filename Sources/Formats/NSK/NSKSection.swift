/// One entry of a .nsk file's section table: what the section is, how its bytes are encoded, and where they lie.
struct NSKSection {
  /// Four ASCII characters, as the number their bytes make in little-endian order.
  struct Kind: Hashable, CustomStringConvertible {
    let code: UInt32

    static let graph = Kind("GRPH")
    static let data = Kind("DATA")
    static let metadata = Kind("META")

    init(code: UInt32) { self.code = code }

    private init(_ name: StaticString) {
      var code: UInt32 = 0
      name.withUTF8Buffer { for (index, byte) in $0.enumerated() { code |= UInt32(byte) << (8 * UInt32(index)) } }
      self.code = code
    }

    /// The four characters, or the number where they are not printable.
    var description: String {
      let bytes = (0..<4).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) }
      return bytes.allSatisfy { (0x21...0x7E).contains($0) } ? String(decoding: bytes, as: UTF8.self) : "0x" + String(code, radix: 16)
    }
  }

  /// How a section's stored bytes become its content; 0: they are its content. Other numbers are for later versions.
  static let rawEncoding: UInt16 = 0

  var kind: Kind
  /// A reader that does not know the kind must refuse the file; other unknown sections are skipped.
  var isRequired: Bool
  var encoding: UInt16
  /// The first format version that can read this section's kind and encoding.
  var since: NSKVersion
  /// From the start of the file; a multiple of 64.
  var offset: Int
  /// Stored bytes.
  var byteCount: Int
  /// Bytes of the content; equal to `byteCount` where the encoding is raw.
  var decodedByteCount: Int
  var checksum: UInt64

  var range: Range<Int> { offset..<offset + byteCount }
}

/// The version of the container format, apart from the library's. A new minor version only adds what old readers may skip or
/// must refuse by name; a new major version may change anything.
struct NSKVersion: Comparable, CustomStringConvertible {
  var major: UInt16
  var minor: UInt16

  static let current = NSKVersion(major: 1, minor: 1)

  static func < (left: NSKVersion, right: NSKVersion) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
  var description: String { "\(major).\(minor)" }
}
