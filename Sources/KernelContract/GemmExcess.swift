/// What pairs of weights leave out so that their products fit 16 bits, and what that takes.
///
/// Of a pair of neighbours in depth, terms 2i and 2i + 1, whose weights are of one sign and add up to more than 128 in magnitude, the larger gives
/// up as much: its *excess*. The product of what is left is exact (`GemmPacking.fitsQuads`), and that of the excesses, which are few, is added apart.
///
///     [group][panel]  first word of its entries, pairs of excesses a column
///     then, for each panel: [16][pairs]  16 · place, 16 · place, two 16-bit excesses          place: of a term in depth
///
/// All in 32-bit words. Columns with fewer excesses than others are filled up with zeros.
package enum GemmExcess {
  /// Words of a pair of excesses.
  package static var entryWords: Int { 3 }
}

extension GemmPacking {
  /// How much of a pair the first, then the second weight gives up; 0 where it fits.
  private static func excess(_ first: Int32, _ second: Int32) -> (Int32, Int32) {
    let sum = first + second
    guard first ^ second >= 0, sum > 128 || sum < -128 else { return (0, 0) }
    let over = sum > 0 ? sum - 128 : sum + 128
    return abs(first) >= abs(second) ? (over, 0) : (0, over)
  }

  /// Pairs of excesses that each column of a panel has room for, over all panels.
  /// - Parameter quads: as `pack(quads:)` writes them.
  package func excessPairs(quads: UnsafePointer<Int8>) -> Int {
    (0..<groups * panels).reduce(0) { $0 + excessPairs(quads: quads, panel: $1) }
  }

  /// Words that `takeExcess` writes.
  package func excessWords(pairs: Int) -> Int { 2 * groups * panels + Self.panel * GemmExcess.entryWords * pairs }

  private func excessPairs(quads: UnsafePointer<Int8>, panel: Int) -> Int {
    let size = Self.panel * roundUp(depth, to: 4)
    var counts = SIMD16<Int32>(repeating: 0)
    for place in stride(from: panel * size, to: (panel + 1) * size, by: 2) {
      let given = Self.excess(Int32(quads[place]), Int32(quads[place + 1]))
      if given.0 | given.1 != 0 { counts[place / 4 % Self.panel] += 1 }
    }
    return blocks(Int(counts.max()), of: 2)
  }

  /// Takes the excess out of weights packed in quads; `target` has room for `excessWords`.
  package func takeExcess(quads: UnsafeMutablePointer<Int8>, into target: UnsafeMutablePointer<Int32>) {
    let size = Self.panel * roundUp(depth, to: 4)
    var next = 2 * groups * panels
    for panel in 0..<groups * panels {
      let pairs = excessPairs(quads: quads, panel: panel)
      target[2 * panel] = Int32(next)
      target[2 * panel + 1] = Int32(pairs)
      for column in 0..<Self.panel {
        var taken = 0
        let entries = target + next
        entries.update(repeating: 0, count: GemmExcess.entryWords * pairs)
        for pair in 0..<size / Self.panel / 2 {
          let weights = quads + (panel * size + (pair / 2 * Self.panel + column) * 4 + pair % 2 * 2)
          let given = Self.excess(Int32(weights[0]), Int32(weights[1]))
          if given.0 | given.1 == 0 { continue }
          weights[0] -= Int8(given.0)
          weights[1] -= Int8(given.1)
          let entry = entries + taken / 2 * GemmExcess.entryWords
          entry[taken % 2] = Int32(16 * (2 * pair + (given.0 == 0 ? 1 : 0)))
          let value = UInt32(truncatingIfNeeded: given.0 | given.1) & 0xFFFF
          entry[2] |= Int32(bitPattern: taken % 2 == 0 ? value : value << 16)
          taken += 1
        }
        next += GemmExcess.entryWords * pairs
      }
    }
  }
}
