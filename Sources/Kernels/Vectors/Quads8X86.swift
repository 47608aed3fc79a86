#if arch(x86_64)
  import CIntrinsics

  /// Adds to each sum the products of a quad of codes and a quad of signed weights. Pairs of products are added in 16 bits, which must not
  /// saturate: see `GemmPacking.fitsQuads`.
  @inline(__always)
  func addQuads(_ sum: Int8x32, _ codes: Quads8, _ weights: Quads8) -> Int8x32 {
    let pairs = _mm256_maddubs_epi16(unsafeBitCast(codes, to: SIMD4<Int64>.self), unsafeBitCast(weights, to: SIMD4<Int64>.self))
    let ones = unsafeBitCast(SIMD16<Int16>(repeating: 1), to: SIMD4<Int64>.self)
    return sum &+ unsafeBitCast(_mm256_madd_epi16(pairs, ones), to: Int8x32.self)
  }

  /// The greater of each two codes.
  @inline(__always)
  func greater(_ x: Quads8, _ y: Quads8) -> Quads8 {
    unsafeBitCast(_mm256_max_epu8(unsafeBitCast(x, to: SIMD4<Int64>.self), unsafeBitCast(y, to: SIMD4<Int64>.self)), to: Quads8.self)
  }

  /// The lesser of each two codes.
  @inline(__always)
  func lesser(_ x: Quads8, _ y: Quads8) -> Quads8 {
    unsafeBitCast(_mm256_min_epu8(unsafeBitCast(x, to: SIMD4<Int64>.self), unsafeBitCast(y, to: SIMD4<Int64>.self)), to: Quads8.self)
  }

  /// The transpose of 16 × 16 bytes, rows of the result side by side.
  @inline(__always)
  func transpose16(_ from: UnsafePointer<UInt8>, _ stride: Int, _ to: UnsafeMutablePointer<UInt8>) { nsk_transpose16(from, stride, to) }
#endif
