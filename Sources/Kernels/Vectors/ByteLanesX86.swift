#if arch(x86_64)
  import CIntrinsics

  @inline(__always)
  private func bits(_ value: Quads8) -> SIMD4<Int64> { unsafeBitCast(value, to: SIMD4<Int64>.self) }

  /// The first eight bytes of each half of two vectors in turns: a₀ b₀ a₁ b₁ …; and the last eight.
  @inline(__always)
  func lowBytes(_ a: Quads8, _ b: Quads8) -> Quads8 { unsafeBitCast(_mm256_unpacklo_epi8(bits(a), bits(b)), to: Quads8.self) }
  @inline(__always)
  func highBytes(_ a: Quads8, _ b: Quads8) -> Quads8 { unsafeBitCast(_mm256_unpackhi_epi8(bits(a), bits(b)), to: Quads8.self) }

  /// The same with pairs of bytes.
  @inline(__always)
  func lowPairs(_ a: Quads8, _ b: Quads8) -> Quads8 { unsafeBitCast(_mm256_unpacklo_epi16(bits(a), bits(b)), to: Quads8.self) }
  @inline(__always)
  func highPairs(_ a: Quads8, _ b: Quads8) -> Quads8 { unsafeBitCast(_mm256_unpackhi_epi16(bits(a), bits(b)), to: Quads8.self) }

  /// Sixteen bytes of each of 32 pixels, `offset` behind the pointers, to sixteen rows of 32, `stride` apart.
  @inline(__always)
  func gatherPlanes(
    _ pixels: UnsafePointer<UnsafePointer<UInt8>>, _ offset: Int, _ to: UnsafeMutablePointer<UInt8>, _ stride: Int
  ) {
    UnsafeRawPointer(pixels).withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 32) { nsk_gather_planes($0, offset, to, stride) }
  }

  /// Sixteen rows of 32 bytes, `stride` apart, to 32 pixels, `offset` behind the pointers; pointers that are null get nothing.
  @inline(__always)
  func scatterPlanes(
    _ from: UnsafePointer<UInt8>, _ stride: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>?>, _ offset: Int
  ) { nsk_scatter_planes(from, stride, pixels, offset) }
#endif
