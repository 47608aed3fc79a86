/// The first of four 16-bit words: bits 0 … 15.
@inline(__always)
func word0(_ words: UInt64) -> Int { Int(truncatingIfNeeded: words & 0xFFFF) }

/// The last of four 16-bit words.
@inline(__always)
func word3(_ words: UInt64) -> Int { Int(truncatingIfNeeded: words >> 48) }
