#if !arch(x86_64)
  /// Adds to each sum the products of a quad of codes and a quad of signed weights.
  @inline(__always)
  func addQuads(_ sum: SIMD16<Int32>, _ codes: Quads16, _ weights: Quads16) -> SIMD16<Int32> {
    SIMD16(
      lowHalf: addQuads(sum.lowHalf, codes.lowHalf, weights.lowHalf),
      highHalf: addQuads(sum.highHalf, codes.highHalf, weights.highHalf))
  }
#endif
