#if !arch(x86_64)
  extension CodeRange {
    /// Writes the codes of sixteen values.
    @inline(__always)
    func write16(_ first: Float8, _ second: Float8, _ to: UnsafeMutableRawPointer) {
      narrow8(codes(first), to)
      narrow8(codes(second), to + 8)
    }

    /// Writes the codes of sixteen values whose vectors hold values 0 … 3 and 8 … 11, and 4 … 7 and 12 … 15.
    @inline(__always)
    func writeInterleaved16(_ first: Float8, _ second: Float8, _ to: UnsafeMutableRawPointer) {
      narrow8(codes(Float8(lowHalf: first.lowHalf, highHalf: second.lowHalf)), to)
      narrow8(codes(Float8(lowHalf: first.highHalf, highHalf: second.highHalf)), to + 8)
    }
  }
#endif
