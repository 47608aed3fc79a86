#if !arch(x86_64)
  /// Adds to each sum the products of a pair.
  @inline(__always)
  func addPairs(_ sum: SIMD16<Int32>, _ codes: SIMD8<UInt64>, _ x: SIMD32<Int16>) -> SIMD16<Int32> {
    let codes = unsafeBitCast(codes, to: SIMD32<Int16>.self)
    return SIMD16(lowHalf: addPairs(sum.lowHalf, codes.lowHalf, x.lowHalf), highHalf: addPairs(sum.highHalf, codes.highHalf, x.highHalf))
  }

  /// Exact up to 2²⁴, else to the nearest float.
  @inline(__always)
  func toFloat16(_ value: SIMD16<Int32>) -> SIMD16<Float> { SIMD16(lowHalf: toFloat(value.lowHalf), highHalf: toFloat(value.highHalf)) }
#endif
