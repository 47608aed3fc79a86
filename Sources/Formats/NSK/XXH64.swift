/// The checksum of .nsk files: XXH64 with seed 0, as the xxHash specification (Collet, version 0.1.1) defines it.
///
/// Not cryptographic: it finds damage, not malice. Reads about 8 bytes a cycle, so that checking never decides how long a load takes.
package enum XXH64 {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let base = bytes.baseAddress else { return finish(prime5) }
    let count = bytes.count
    var position = 0
    var hash = prime5
    if count >= 32 {
      var lane1 = prime1 &+ prime2
      var lane2 = prime2
      var lane3: UInt64 = 0
      var lane4: UInt64 = 0 &- prime1
      while count - position >= 32 {
        let block = base + position
        lane1 = round(lane1, word(block))
        lane2 = round(lane2, word(block + 8))
        lane3 = round(lane3, word(block + 16))
        lane4 = round(lane4, word(block + 24))
        position += 32
      }
      hash = rotated(lane1, 1) &+ rotated(lane2, 7) &+ rotated(lane3, 12) &+ rotated(lane4, 18)
      for lane in [lane1, lane2, lane3, lane4] { hash = (hash ^ round(0, lane)) &* prime1 &+ prime4 }
    }
    hash = hash &+ UInt64(count)
    while count - position >= 8 {
      hash = rotated(hash ^ round(0, word(base + position)), 27) &* prime1 &+ prime4
      position += 8
    }
    if count - position >= 4 {
      let half = UInt64(UInt32(littleEndian: (base + position).loadUnaligned(as: UInt32.self)))
      hash = rotated(hash ^ half &* prime1, 23) &* prime2 &+ prime3
      position += 4
    }
    while position < count {
      let byte = UInt64((base + position).load(as: UInt8.self))
      hash = rotated(hash ^ byte &* prime5, 11) &* prime1
      position += 1
    }
    return finish(hash)
  }

  private static func finish(_ hash: UInt64) -> UInt64 {
    let first = (hash ^ hash >> 33) &* prime2
    let second = (first ^ first >> 29) &* prime3
    return second ^ second >> 32
  }

  @inline(__always) private static func word(_ pointer: UnsafeRawPointer) -> UInt64 {
    UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
  }

  @inline(__always) private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    value &<< bits | value &>> (64 &- bits)
  }

  @inline(__always) private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    rotated(lane &+ input &* prime2, 31) &* prime1
  }
}
