#if !arch(x86_64)
  /// The elements of two vectors in turns.
  @inline(__always)
  private func turns(_ a: SIMD8<UInt8>, _ b: SIMD8<UInt8>) -> SIMD16<UInt8> {
    var both = SIMD16<UInt8>(repeating: 0)
    both.evenHalf = a
    both.oddHalf = b
    return both
  }

  @inline(__always)
  private func turns(_ a: SIMD4<UInt16>, _ b: SIMD4<UInt16>) -> SIMD16<UInt8> {
    var both = SIMD8<UInt16>(repeating: 0)
    both.evenHalf = a
    both.oddHalf = b
    return unsafeBitCast(both, to: SIMD16<UInt8>.self)
  }

  /// The first eight bytes of each half of two vectors in turns: a₀ b₀ a₁ b₁ …; and the last eight.
  @inline(__always)
  func lowBytes(_ a: Quads8, _ b: Quads8) -> Quads8 {
    Quads8(lowHalf: turns(a.lowHalf.lowHalf, b.lowHalf.lowHalf), highHalf: turns(a.highHalf.lowHalf, b.highHalf.lowHalf))
  }
  @inline(__always)
  func highBytes(_ a: Quads8, _ b: Quads8) -> Quads8 {
    Quads8(lowHalf: turns(a.lowHalf.highHalf, b.lowHalf.highHalf), highHalf: turns(a.highHalf.highHalf, b.highHalf.highHalf))
  }

  /// The same with pairs of bytes.
  @inline(__always)
  func lowPairs(_ a: Quads8, _ b: Quads8) -> Quads8 {
    let (a, b) = (unsafeBitCast(a, to: SIMD16<UInt16>.self), unsafeBitCast(b, to: SIMD16<UInt16>.self))
    return Quads8(lowHalf: turns(a.lowHalf.lowHalf, b.lowHalf.lowHalf), highHalf: turns(a.highHalf.lowHalf, b.highHalf.lowHalf))
  }
  @inline(__always)
  func highPairs(_ a: Quads8, _ b: Quads8) -> Quads8 {
    let (a, b) = (unsafeBitCast(a, to: SIMD16<UInt16>.self), unsafeBitCast(b, to: SIMD16<UInt16>.self))
    return Quads8(lowHalf: turns(a.lowHalf.highHalf, b.lowHalf.highHalf), highHalf: turns(a.highHalf.highHalf, b.highHalf.highHalf))
  }

  /// Sixteen bytes of each of 32 pixels, `offset` behind the pointers, to sixteen rows of 32, `stride` apart.
  @inline(__always)
  func gatherPlanes(
    _ pixels: UnsafePointer<UnsafePointer<UInt8>>, _ offset: Int, _ to: UnsafeMutablePointer<UInt8>, _ stride: Int
  ) {
    for pixel in 0..<32 {
      for row in 0..<16 { to[row * stride + pixel] = pixels[pixel][offset + row] }
    }
  }

  /// Sixteen rows of 32 bytes, `stride` apart, to 32 pixels, `offset` behind the pointers; pointers that are null get nothing.
  @inline(__always)
  func scatterPlanes(
    _ from: UnsafePointer<UInt8>, _ stride: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>?>, _ offset: Int
  ) {
    for pixel in 0..<32 {
      guard let to = pixels[pixel] else { continue }
      for row in 0..<16 { to[offset + row] = from[row * stride + pixel] }
    }
  }
#endif
