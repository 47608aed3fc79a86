#if arch(x86_64)
  import CIntrinsics

  /// Adds to each sum the products of a pair: `sum + x₀·y₀ + x₁·y₁`, exact while no product exceeds 30 bits.
  @inline(__always)
  func addPairs(_ sum: Int8x32, _ x: Pairs16, _ y: Pairs16) -> Int8x32 {
    let products = _mm256_madd_epi16(unsafeBitCast(x, to: SIMD4<Int64>.self), unsafeBitCast(y, to: SIMD4<Int64>.self))
    return sum &+ unsafeBitCast(products, to: Int8x32.self)
  }

  /// Sixteen signed bytes as 16-bit integers.
  @inline(__always)
  func widen16(_ from: UnsafePointer<Int8>) -> Pairs16 { unsafeBitCast(nsk_widen16_s8(from), to: Pairs16.self) }

  /// Sixteen bytes as 16-bit integers.
  @inline(__always)
  func widen16(_ from: UnsafePointer<UInt8>) -> Pairs16 { unsafeBitCast(nsk_widen16_u8(from), to: Pairs16.self) }

  /// x and y lane by lane, from the lower four lanes of each half.
  @inline(__always)
  func interleaveLow(_ x: Pairs16, _ y: Pairs16) -> Pairs16 {
    unsafeBitCast(
      _mm256_unpacklo_epi16(unsafeBitCast(x, to: SIMD4<Int64>.self), unsafeBitCast(y, to: SIMD4<Int64>.self)), to: Pairs16.self)
  }

  /// x and y lane by lane, from the upper four lanes of each half.
  @inline(__always)
  func interleaveHigh(_ x: Pairs16, _ y: Pairs16) -> Pairs16 {
    unsafeBitCast(
      _mm256_unpackhi_epi16(unsafeBitCast(x, to: SIMD4<Int64>.self), unsafeBitCast(y, to: SIMD4<Int64>.self)), to: Pairs16.self)
  }
#endif
