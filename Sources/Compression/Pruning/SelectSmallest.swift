import Tensors

/// Finds the k smallest of many scores without sorting or copying them, over as many buffers as are handed in one after
/// the other: a radix selection on the bit patterns, which order as the scores do because scores are never negative.
///
/// Two passes of `count`, then `threshold` knows the k-th smallest score exactly and how many of its equals belong to the k.
struct SelectSmallest {
  private var high = [Int](repeating: 0, count: 1 << 16)

  /// First pass: counts the scores of one buffer.
  mutating func count(_ scores: some Sequence<Float>) {
    for score in scores { high[Int(score.bitPattern >> 16)] += 1 }
  }

  /// The half of the key that the first pass found, and how many scores of that half belong to the k smallest.
  func firstHalf(smallest k: Int) -> (half: UInt32, rest: Int) {
    var rest = k
    for (half, count) in high.enumerated() {
      if rest <= count { return (UInt32(half), rest) }
      rest -= count
    }
    return (UInt32(high.count - 1), rest)
  }

  /// Second pass: the same buffers in the same order give the exact threshold.
  struct Refinement {
    let half: UInt32
    private var rest: Int
    private var low = [Int](repeating: 0, count: 1 << 16)

    init(_ first: (half: UInt32, rest: Int)) {
      half = first.half
      rest = first.rest
    }

    mutating func count(_ scores: some Sequence<Float>) {
      for score in scores where score.bitPattern >> 16 == half { low[Int(score.bitPattern & 0xFFFF)] += 1 }
    }

    /// Everything below `key` is among the k smallest, and `equals` of the scores that equal it, by position.
    var threshold: (key: UInt32, equals: Int) {
      var rest = rest
      for (part, count) in low.enumerated() {
        if rest <= count { return (half << 16 | UInt32(part), rest) }
        rest -= count
      }
      return (half << 16 | 0xFFFF, rest)
    }
  }
}
