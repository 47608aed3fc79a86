#if arch(x86_64)
  import CIntrinsics

  /// Adds to each sum the products of a quad of codes and a quad of signed weights (`vpdpbusd`).
  @inline(__always)
  func addQuads(_ sum: SIMD16<Int32>, _ codes: Quads16, _ weights: Quads16) -> SIMD16<Int32> {
    unsafeBitCast(
      nsk_add_quads(
        unsafeBitCast(sum, to: SIMD8<Int64>.self), unsafeBitCast(codes, to: SIMD8<Int64>.self),
        unsafeBitCast(weights, to: SIMD8<Int64>.self)), to: SIMD16<Int32>.self)
  }

  /// `clamp(round(sum · scale), low, high) + zero`, halves to even, NaN as the low end.
  @inline(__always)
  func codes16(_ sums: SIMD16<Int32>, _ scales: SIMD16<Float>, _ low: SIMD16<Float>, _ high: SIMD16<Float>, _ zero: SIMD16<Int32>)
    -> SIMD16<UInt8>
  {
    unsafeBitCast(
      nsk_codes_of_sums16(
        unsafeBitCast(sums, to: SIMD8<Int64>.self), scales, low, high, unsafeBitCast(zero, to: SIMD8<Int64>.self)), to: SIMD16<UInt8>.self)
  }
#endif
