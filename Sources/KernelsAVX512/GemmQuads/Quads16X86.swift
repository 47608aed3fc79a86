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
#endif
