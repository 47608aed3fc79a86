/// Damage to bytes of any kind: flipped bits, edge values, numbers of every width, cuts, copies and splices.
enum MutateBytes {
  private static let edges: [UInt64] = [
    0, 1, 2, 7, 63, 64, 65, 127, 128, 255, 256, 65535, 65536, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 46, 1 << 62,
    1 << 63 - 1, 1 << 63, .max - 1, .max,
  ]

  /// One to four pieces of damage within `range` of `bytes`; `others` are where splices come from.
  static func damage(_ bytes: inout [UInt8], others: [[UInt8]], _ random: inout SplitMix) {
    for _ in 0...random.below(4) { damageOnce(&bytes, others, &random) }
  }

  private static func damageOnce(_ bytes: inout [UInt8], _ others: [[UInt8]], _ random: inout SplitMix) {
    guard !bytes.isEmpty else { return bytes = [UInt8](repeating: 0, count: random.below(20)) }
    let place = random.below(bytes.count)
    switch random.below(10) {
    case 0, 1: bytes[place] ^= 1 << UInt8(random.below(8))
    case 2: bytes[place] = UInt8(truncatingIfNeeded: edges[random.below(edges.count)])
    case 3: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 4: overwrite(&bytes, place, little(edges[random.below(edges.count)], [2, 4, 8][random.below(3)]))
    case 5: overwrite(&bytes, place, varint(edges[random.below(edges.count)]))
    case 6: bytes.replaceSubrange(place..<place + 1, with: varint(edges[random.below(edges.count)]))
    case 7: bytes.removeSubrange(place..<min(place + 1 + random.below(16), bytes.count))
    case 8:
      let source = others.isEmpty || random.oneIn(2) ? bytes : others[random.below(others.count)]
      let start = random.below(source.count)
      let piece = Array(source[start..<min(start + 1 + random.below(64), source.count)])
      if random.oneIn(2) { bytes.insert(contentsOf: piece, at: place) } else { overwrite(&bytes, place, piece) }
    default: if random.oneIn(4) { bytes.removeSubrange(place...) } else { bytes[place] &+= random.oneIn(2) ? 1 : 255 }
    }
  }

  private static func overwrite(_ bytes: inout [UInt8], _ place: Int, _ piece: [UInt8]) {
    for (index, byte) in piece.enumerated() where place + index < bytes.count { bytes[place + index] = byte }
  }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    var (bytes, rest): ([UInt8], UInt64) = ([], value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
