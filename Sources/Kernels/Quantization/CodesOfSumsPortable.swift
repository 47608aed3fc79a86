#if !arch(x86_64)
  extension CodeRange {
    /// Writes the codes of 32 sums times a scale whose vectors hold, of each sixteen, sums 0 … 3, 4 … 7, 8 … 11 and 12 … 15.
    @inline(__always)
    func write32(_ s0: Int8x32, _ s1: Int8x32, _ s2: Int8x32, _ s3: Int8x32, _ scale: Float8, _ to: UnsafeMutablePointer<UInt8>) {
      let to = UnsafeMutableRawPointer(to)
      narrow8(codes(toFloat(Int8x32(lowHalf: s0.lowHalf, highHalf: s1.lowHalf)) * scale), to)
      narrow8(codes(toFloat(Int8x32(lowHalf: s2.lowHalf, highHalf: s3.lowHalf)) * scale), to + 8)
      narrow8(codes(toFloat(Int8x32(lowHalf: s0.highHalf, highHalf: s1.highHalf)) * scale), to + 16)
      narrow8(codes(toFloat(Int8x32(lowHalf: s2.highHalf, highHalf: s3.highHalf)) * scale), to + 24)
    }
  }
#endif
