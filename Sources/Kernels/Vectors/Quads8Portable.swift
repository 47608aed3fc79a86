#if !arch(x86_64)
  /// Adds to each sum the products of a quad of codes and a quad of signed weights.
  @inline(__always)
  func addQuads(_ sum: Int8x32, _ codes: Quads8, _ weights: Quads8) -> Int8x32 {
    let signed = SIMD32<Int8>(truncatingIfNeeded: weights)
    let products = SIMD32<Int32>(truncatingIfNeeded: codes) &* SIMD32<Int32>(truncatingIfNeeded: signed)
    let pairs = products.evenHalf &+ products.oddHalf
    return sum &+ pairs.evenHalf &+ pairs.oddHalf
  }

  /// The greater of each two codes.
  @inline(__always)
  func greater(_ x: Quads8, _ y: Quads8) -> Quads8 {
    var result = x
    for lane in 0..<32 where y[lane] > x[lane] { result[lane] = y[lane] }
    return result
  }

  /// The lesser of each two codes.
  @inline(__always)
  func lesser(_ x: Quads8, _ y: Quads8) -> Quads8 {
    var result = x
    for lane in 0..<32 where y[lane] < x[lane] { result[lane] = y[lane] }
    return result
  }

  /// The transpose of 16 × 16 bytes, rows of the result side by side.
  @inline(__always)
  func transpose16(_ from: UnsafePointer<UInt8>, _ stride: Int, _ to: UnsafeMutablePointer<UInt8>) {
    for row in 0..<16 { for column in 0..<16 { to[16 * column + row] = from[row * stride + column] } }
  }
#endif
