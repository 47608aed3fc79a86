/// Numbers that are the same on every machine (SplitMix64, Steele et al. 2014).
struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }

  mutating func pick<Element>(_ list: [Element]) -> Element { list[int(0...list.count - 1)] }

  /// In −1 … 1, a multiple of 2⁻¹² so that products of two are exact.
  mutating func float() -> Float { Float(int(-4096...4096)) / 4096 }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in float() } }
}
