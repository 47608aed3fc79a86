#if !arch(x86_64)
  /// The second of four 16-bit words.
  @inline(__always)
  func word1(_ words: UInt64) -> Int { Int(truncatingIfNeeded: words >> 16 & 0xFFFF) }

  /// The third of four 16-bit words.
  @inline(__always)
  func word2(_ words: UInt64) -> Int { Int(truncatingIfNeeded: words >> 32 & 0xFFFF) }
#endif
