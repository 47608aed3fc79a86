#if arch(x86_64)
  import CIntrinsics
#endif

/// `clamp(round(value), low − zeroPoint, high − zeroPoint) + zeroPoint`, NaN as the low end.
struct CodeRange {
  var low: Float8
  var high: Float8
  var zeroPoint: Int8x32
  /// The least code as it is written.
  var lowCode: Int32

  @inline(__always)
  init(low: Int32, high: Int32, zeroPoint: Int32) {
    self.low = splat8(Float(low - zeroPoint))
    self.high = splat8(Float(high - zeroPoint))
    self.zeroPoint = Int8x32(repeating: zeroPoint)
    lowCode = low
  }

  @inline(__always)
  func codes(_ value: Float8) -> Int8x32 { roundedToInt(atMost(high, orLow(value))) &+ zeroPoint }

  /// The greater of value and low, low where the value is NaN.
  @inline(__always)
  private func orLow(_ value: Float8) -> Float8 {
    #if arch(x86_64)
      return _mm256_max_ps(value, low)
    #else
      return low.replacing(with: value, where: value .> low)
    #endif
  }

  /// Writes the codes of sixteen values.
  @inline(__always)
  func write16(_ first: Float8, _ second: Float8, _ to: UnsafeMutableRawPointer) {
    #if arch(x86_64)
      to.storeBytes(of: nsk_codes16(first, second, high, zeroPoint16, low16), as: SIMD2<Int64>.self)
    #else
      narrow8(codes(first), to)
      narrow8(codes(second), to + 8)
    #endif
  }

  /// Writes the codes of sixteen values whose vectors hold values 0 … 3 and 8 … 11, and 4 … 7 and 12 … 15.
  @inline(__always)
  func writeInterleaved16(_ first: Float8, _ second: Float8, _ to: UnsafeMutableRawPointer) {
    #if arch(x86_64)
      to.storeBytes(of: nsk_codes16_interleaved(first, second, high, zeroPoint16, low16), as: SIMD2<Int64>.self)
    #else
      narrow8(codes(Float8(lowHalf: first.lowHalf, highHalf: second.lowHalf)), to)
      narrow8(codes(Float8(lowHalf: first.highHalf, highHalf: second.highHalf)), to + 8)
    #endif
  }

  #if arch(x86_64)
    @inline(__always)
    private var zeroPoint16: SIMD2<Int64> {
      unsafeBitCast(SIMD8<Int16>(repeating: Int16(truncatingIfNeeded: zeroPoint[0])), to: SIMD2<Int64>.self)
    }
    @inline(__always)
    private var low16: SIMD2<Int64> { unsafeBitCast(SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: lowCode)), to: SIMD2<Int64>.self) }
  #endif
}
