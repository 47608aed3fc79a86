/// Bytes being written, in the forms that `NSKCursor` reads.
struct NSKSink {
  private(set) var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }
  mutating func byte(_ value: UInt8) { bytes.append(value) }
  mutating func raw(_ content: UnsafeRawBufferPointer) { bytes.append(contentsOf: content) }
  mutating func raw(_ content: [UInt8]) { bytes.append(contentsOf: content) }

  mutating func fixed<Word: FixedWidthInteger & BitwiseCopyable>(_ value: Word) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func float(_ value: Float) { fixed(value.bitPattern) }

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// - Precondition: `value` is not negative.
  mutating func int(_ value: Int) { varint(UInt64(value)) }

  mutating func signed(_ value: Int) { varint(UInt64(bitPattern: Int64(value &<< 1 ^ value &>> 63))) }

  /// Zeros up to the next multiple of `alignment`.
  mutating func align(to alignment: Int) {
    let padding = (alignment - bytes.count % alignment) % alignment
    bytes.append(contentsOf: repeatElement(0, count: padding))
  }
}
