#if !arch(x86_64)
  /// The first eight bytes of each quarter of two vectors in turns: a₀ b₀ a₁ b₁ …; and the last eight.
  @inline(__always)
  func lowBytes(_ a: Quads16, _ b: Quads16) -> Quads16 {
    Quads16(lowHalf: lowBytes(a.lowHalf, b.lowHalf), highHalf: lowBytes(a.highHalf, b.highHalf))
  }
  @inline(__always)
  func highBytes(_ a: Quads16, _ b: Quads16) -> Quads16 {
    Quads16(lowHalf: highBytes(a.lowHalf, b.lowHalf), highHalf: highBytes(a.highHalf, b.highHalf))
  }

  /// The same with pairs of bytes.
  @inline(__always)
  func lowPairs(_ a: Quads16, _ b: Quads16) -> Quads16 {
    Quads16(lowHalf: lowPairs(a.lowHalf, b.lowHalf), highHalf: lowPairs(a.highHalf, b.highHalf))
  }
  @inline(__always)
  func highPairs(_ a: Quads16, _ b: Quads16) -> Quads16 {
    Quads16(lowHalf: highPairs(a.lowHalf, b.lowHalf), highHalf: highPairs(a.highHalf, b.highHalf))
  }

  /// Writes the codes of 64 sums times a scale whose vectors hold, of each sixteen, sums 0 … 3, 4 … 7, 8 … 11 and 12 … 15.
  @inline(__always)
  func writeCodes64(
    _ s0: SIMD16<Int32>, _ s1: SIMD16<Int32>, _ s2: SIMD16<Int32>, _ s3: SIMD16<Int32>, scale: Float, low: Int32, high: Int32,
    zeroPoint: Int32, _ to: UnsafeMutablePointer<UInt8>
  ) {
    let range = CodeRange(low: low, high: high, zeroPoint: zeroPoint)
    let scale = splat8(scale)
    range.write32(s0.lowHalf, s1.lowHalf, s2.lowHalf, s3.lowHalf, scale, to)
    range.write32(s0.highHalf, s1.highHalf, s2.highHalf, s3.highHalf, scale, to + 32)
  }
#endif
