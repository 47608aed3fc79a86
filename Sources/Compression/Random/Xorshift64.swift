/// xorshift64 (Marsaglia 2003): what picks positions of calibration samples. The same numbers in every process.
struct Xorshift64 {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// One of 0 ..< limit; 0 where there is none.
  mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % max(limit, 1) }

  /// `taken` of `count` positions in ascending order, one from each of as many equal parts; all where there are no more.
  mutating func spread(_ taken: Int, of count: Int) -> [Int] {
    guard count > taken else { return Array(0..<count) }
    return (0..<max(taken, 0)).map { index in
      let (low, high) = (index * count / taken, (index + 1) * count / taken)
      return low + below(high - low)
    }
  }
}
