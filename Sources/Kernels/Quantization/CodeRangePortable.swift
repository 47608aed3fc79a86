#if !arch(x86_64)
  extension CodeRange {
    /// Writes the codes of sixteen values.
    @inline(__always)
    func write16(_ first: Float8, _ second: Float8, _ to: UnsafeMutableRawPointer) {
      narrow8(codes(first), to)
      narrow8(codes(second), to + 8)
    }

    /// Writes the codes of two rows of sixteen sums, `stride` apart, times `scale0` and `scale1`.
    @inline(__always)
    func writeRows16(
      _ sums: UnsafePointer<Int32>, _ stride: Int, _ scale0: Float8, _ scale1: Float8, _ first: UnsafeMutableRawPointer,
      _ second: UnsafeMutableRawPointer
    ) {
      write16(toFloat(load8(sums)) * scale0, toFloat(load8(sums + 8)) * scale1, first)
      write16(toFloat(load8(sums + stride)) * scale0, toFloat(load8(sums + (stride + 8))) * scale1, second)
    }

    /// Writes the codes of sixteen values whose vectors hold values 0 … 3 and 8 … 11, and 4 … 7 and 12 … 15.
    @inline(__always)
    func writeInterleaved16(_ first: Float8, _ second: Float8, _ to: UnsafeMutableRawPointer) {
      narrow8(codes(Float8(lowHalf: first.lowHalf, highHalf: second.lowHalf)), to)
      narrow8(codes(Float8(lowHalf: first.highHalf, highHalf: second.highHalf)), to + 8)
    }
  }
#endif
