#if arch(x86_64)
  import CIntrinsics

  extension CodeRange {
    /// Writes the codes of 32 sums times a scale whose vectors hold, of each sixteen, sums 0 … 3, 4 … 7, 8 … 11 and 12 … 15.
    @inline(__always)
    func write32(_ s0: Int8x32, _ s1: Int8x32, _ s2: Int8x32, _ s3: Int8x32, _ scale: Float8, _ to: UnsafeMutablePointer<UInt8>) {
      let zero = unsafeBitCast(SIMD16<Int16>(repeating: Int16(truncatingIfNeeded: zeroPoint[0])), to: SIMD4<Int64>.self)
      let low = unsafeBitCast(SIMD32<UInt8>(repeating: UInt8(truncatingIfNeeded: lowCode)), to: SIMD4<Int64>.self)
      UnsafeMutableRawPointer(to).storeBytes(
        of: nsk_codes32_of_sums(bits(s0), bits(s1), bits(s2), bits(s3), scale, high, zero, low), as: SIMD4<Int64>.self)
    }

    @inline(__always)
    private func bits(_ value: Int8x32) -> SIMD4<Int64> { unsafeBitCast(value, to: SIMD4<Int64>.self) }
  }
#endif
