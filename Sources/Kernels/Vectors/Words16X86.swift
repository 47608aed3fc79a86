#if arch(x86_64)
  import CIntrinsics

  /// The second of four 16-bit words.
  @inline(__always)
  func word1(_ words: UInt64) -> Int { Int(truncatingIfNeeded: nsk_word1(words)) }

  /// The third of four 16-bit words.
  @inline(__always)
  func word2(_ words: UInt64) -> Int { Int(truncatingIfNeeded: nsk_word2(words)) }
#endif
