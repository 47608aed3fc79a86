#if arch(x86_64)
  import CIntrinsics

  /// Adds to each sum the products of a pair (`vpdpwssd`).
  @inline(__always)
  func addPairs(_ sum: SIMD16<Int32>, _ codes: SIMD8<UInt64>, _ x: SIMD32<Int16>) -> SIMD16<Int32> {
    unsafeBitCast(
      nsk_add_pairs(
        unsafeBitCast(sum, to: SIMD8<Int64>.self), unsafeBitCast(codes, to: SIMD8<Int64>.self), unsafeBitCast(x, to: SIMD8<Int64>.self)),
      to: SIMD16<Int32>.self)
  }

  /// Exact up to 2²⁴, else to the nearest float.
  @inline(__always)
  func toFloat16(_ value: SIMD16<Int32>) -> SIMD16<Float> { _mm512_cvtepi32_ps(unsafeBitCast(value, to: SIMD8<Int64>.self)) }
#endif

/// The pair at `from` (two 16-bit integers), sixteen times.
@inline(__always)
func splatPair16(_ from: UnsafePointer<Int16>) -> SIMD32<Int16> {
  unsafeBitCast(SIMD16<Int32>(repeating: UnsafeRawPointer(from).loadUnaligned(as: Int32.self)), to: SIMD32<Int16>.self)
}
