#if arch(x86_64)
  import CIntrinsics

  extension CodeRange {
    /// Writes the codes of sixteen values.
    @inline(__always)
    func write16(_ first: Float8, _ second: Float8, _ to: UnsafeMutableRawPointer) {
      to.storeBytes(of: nsk_codes16(first, second, high, zeroPoint16, low16), as: SIMD2<Int64>.self)
    }

    /// Writes the codes of sixteen values whose vectors hold values 0 … 3 and 8 … 11, and 4 … 7 and 12 … 15.
    @inline(__always)
    func writeInterleaved16(_ first: Float8, _ second: Float8, _ to: UnsafeMutableRawPointer) {
      to.storeBytes(of: nsk_codes16_interleaved(first, second, high, zeroPoint16, low16), as: SIMD2<Int64>.self)
    }

    /// Writes the codes of two rows of sixteen sums, `stride` apart, times `scale0` and `scale1`.
    @inline(__always)
    func writeRows16(
      _ sums: UnsafePointer<Int32>, _ stride: Int, _ scale0: Float8, _ scale1: Float8, _ first: UnsafeMutableRawPointer,
      _ second: UnsafeMutableRawPointer
    ) {
      let zeros = unsafeBitCast(SIMD16<Int16>(repeating: Int16(truncatingIfNeeded: zeroPoint[0])), to: SIMD4<Int64>.self)
      let lows = unsafeBitCast(SIMD32<UInt8>(repeating: UInt8(truncatingIfNeeded: lowCode)), to: SIMD4<Int64>.self)
      let codes = nsk_codes_of_rows(sums, stride, scale0, scale1, high, zeros, lows)
      first.storeBytes(of: codes.lowHalf, as: SIMD2<Int64>.self)
      second.storeBytes(of: codes.highHalf, as: SIMD2<Int64>.self)
    }

    @inline(__always)
    private var zeroPoint16: SIMD2<Int64> {
      unsafeBitCast(SIMD8<Int16>(repeating: Int16(truncatingIfNeeded: zeroPoint[0])), to: SIMD2<Int64>.self)
    }

    @inline(__always)
    private var low16: SIMD2<Int64> { unsafeBitCast(SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: lowCode)), to: SIMD2<Int64>.self) }
  }
#endif
