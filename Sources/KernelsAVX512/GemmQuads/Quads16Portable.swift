#if !arch(x86_64)
  /// Adds to each sum the products of a quad of codes and a quad of signed weights.
  @inline(__always)
  func addQuads(_ sum: SIMD16<Int32>, _ codes: Quads16, _ weights: Quads16) -> SIMD16<Int32> {
    SIMD16(
      lowHalf: addQuads(sum.lowHalf, codes.lowHalf, weights.lowHalf),
      highHalf: addQuads(sum.highHalf, codes.highHalf, weights.highHalf))
  }

  /// `clamp(round(sum · scale), low, high) + zero`, halves to even, NaN as the low end.
  @inline(__always)
  func codes16(_ sums: SIMD16<Int32>, _ scales: SIMD16<Float>, _ low: SIMD16<Float>, _ high: SIMD16<Float>, _ zero: SIMD16<Int32>)
    -> SIMD16<UInt8>
  {
    var codes = SIMD16<UInt8>(repeating: 0)
    for lane in 0..<16 {
      let value = Float(sums[lane]) * scales[lane]
      let inside = value >= low[lane] ? min(value, high[lane]) : low[lane]
      codes[lane] = UInt8(truncatingIfNeeded: Int32(inside.rounded(.toNearestOrEven)) &+ zero[lane])
    }
    return codes
  }
#endif
