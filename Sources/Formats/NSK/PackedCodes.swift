/// Codes of fewer than eight bits one behind the other, lowest bits first: code i is bits i·b … i·b + b − 1 of the bytes, signed codes as two's
/// complement of b bits. What is left of the last byte is zero.
enum PackedCodes {
  static func byteCount(_ count: Int, bits: Int) -> Int { count / 8 * bits + (count % 8 * bits + 7) / 8 }

  static func pack(_ codes: UnsafeRawBufferPointer, bits: Int) -> [UInt8] {
    let mask = UInt32(1) << UInt32(bits) - 1
    var packed: [UInt8] = []
    packed.reserveCapacity(byteCount(codes.count, bits: bits))
    var (rest, held): (UInt32, Int) = (0, 0)
    for code in codes {
      rest |= (UInt32(code) & mask) << UInt32(held)
      held += bits
      while held >= 8 {
        packed.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
        held -= 8
      }
    }
    if held > 0 { packed.append(UInt8(truncatingIfNeeded: rest)) }
    return packed
  }

  /// One byte for each code that fits `codes`; false where bits behind the last one are set.
  ///
  /// - packed: `byteCount` bytes.
  static func unpack(_ packed: UnsafeRawBufferPointer, bits: Int, signed: Bool, into codes: UnsafeMutableRawBufferPointer) -> Bool {
    guard packed.count == byteCount(codes.count, bits: bits) else { return false }
    let mask = UInt32(1) << UInt32(bits) - 1, sign = signed ? UInt32(1) << UInt32(bits - 1) : 0
    var (rest, held, place): (UInt32, Int, Int) = (0, 0, 0)
    for index in 0..<codes.count {
      while held < bits {
        rest |= UInt32(packed[place]) << UInt32(held)
        place += 1
        held += 8
      }
      // (x ^ s) − s extends the sign s.
      codes[index] = UInt8(truncatingIfNeeded: ((rest & mask) ^ sign) &- sign)
      rest >>= UInt32(bits)
      held -= bits
    }
    return rest == 0
  }
}
