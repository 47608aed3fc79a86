#if arch(x86_64)
  import CIntrinsics

  @inline(__always)
  private func bits(_ value: Quads16) -> SIMD8<Int64> { unsafeBitCast(value, to: SIMD8<Int64>.self) }
  @inline(__always)
  private func bits(_ value: SIMD16<Int32>) -> SIMD8<Int64> { unsafeBitCast(value, to: SIMD8<Int64>.self) }

  /// The first eight bytes of each quarter of two vectors in turns: a₀ b₀ a₁ b₁ …; and the last eight.
  @inline(__always)
  func lowBytes(_ a: Quads16, _ b: Quads16) -> Quads16 { unsafeBitCast(_mm512_unpacklo_epi8(bits(a), bits(b)), to: Quads16.self) }
  @inline(__always)
  func highBytes(_ a: Quads16, _ b: Quads16) -> Quads16 { unsafeBitCast(_mm512_unpackhi_epi8(bits(a), bits(b)), to: Quads16.self) }

  /// The same with pairs of bytes.
  @inline(__always)
  func lowPairs(_ a: Quads16, _ b: Quads16) -> Quads16 { unsafeBitCast(_mm512_unpacklo_epi16(bits(a), bits(b)), to: Quads16.self) }
  @inline(__always)
  func highPairs(_ a: Quads16, _ b: Quads16) -> Quads16 { unsafeBitCast(_mm512_unpackhi_epi16(bits(a), bits(b)), to: Quads16.self) }

  /// Writes the codes of 64 sums times a scale whose vectors hold, of each sixteen, sums 0 … 3, 4 … 7, 8 … 11 and 12 … 15.
  @inline(__always)
  func writeCodes64(
    _ s0: SIMD16<Int32>, _ s1: SIMD16<Int32>, _ s2: SIMD16<Int32>, _ s3: SIMD16<Int32>, scale: Float, low: Int32, high: Int32,
    zeroPoint: Int32, _ to: UnsafeMutablePointer<UInt8>
  ) {
    let zero = unsafeBitCast(SIMD32<Int16>(repeating: Int16(truncatingIfNeeded: zeroPoint)), to: SIMD8<Int64>.self)
    let least = unsafeBitCast(SIMD64<UInt8>(repeating: UInt8(truncatingIfNeeded: low)), to: SIMD8<Int64>.self)
    UnsafeMutableRawPointer(to).storeBytes(
      of: nsk_codes64_of_sums(
        bits(s0), bits(s1), bits(s2), bits(s3), SIMD16(repeating: scale), SIMD16(repeating: Float(high &- zeroPoint)), zero, least),
      as: SIMD8<Int64>.self)
  }
#endif
