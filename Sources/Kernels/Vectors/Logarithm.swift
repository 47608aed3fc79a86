/// ln x for normal x > 0, within 3 ulp or 1e-7, whichever is more.
///
/// x = 2ⁿ·m with m from √½ to √2; with s = (m − 1)/(m + 1), |s| < 0.1716, ln m = 2·(s + s³/3 + s⁵/5 + …); five terms leave out less
/// than 2·s¹¹/11 < 7e-10.
@inline(__always)
func logarithm(_ x: Float8) -> Float8 {
  let bits = unsafeBitCast(x, to: SIMD8<Int32>.self)
  // Counted from √½, so that the exponent changes there.
  let exponent = (bits &- SIMD8(repeating: 0x3F35_04F3)) &>> 23
  let m = unsafeBitCast(bits &- (exponent &<< 23), to: Float8.self)
  // A small integer n as float: the low bits of the significand of 1.5·2²³ hold it.
  let n = unsafeBitCast(exponent &+ SIMD8(repeating: 0x4B40_0000), to: Float8.self) - splat8(12_582_912)
  let s = (m - splat8(1)) / (m + splat8(1))
  let z = s * s
  var p = splat8(1 / 9)
  p = splat8(1 / 7).addingProduct(p, z)
  p = splat8(1 / 5).addingProduct(p, z)
  p = splat8(1 / 3).addingProduct(p, z)
  let series = (s + s).addingProduct((s + s) * z, p)
  let low = series.addingProduct(n, splat8(-2.121_944_40e-4))
  return low.addingProduct(n, splat8(0.693_359_375))
}
