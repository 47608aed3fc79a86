/// eˣ, within 2 ulp of the true value, subnormal results included; overflows to ∞, NaN stays.
///
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2: Taylor's polynomial of degree 7 leaves out less than r⁸/8! < 5.2e-9, a tenth of an ulp.
@inline(__always)
func exponential(_ value: Float8) -> Float8 {
  // Beyond these the result is 0 or ∞ all the same, and n stays small.
  let x = atMost(splat8(89), atLeast(splat8(-104), value))
  // Adding 1.5·2²³ leaves the rounded quotient in the low bits of the significand.
  let shift = splat8(12_582_912)
  let shifted = shift.addingProduct(x, splat8(1.442_695_04))
  let n = shifted - shift
  // ln 2 in two parts; the first has 9 trailing zero bits, so that its product with n is exact.
  var r = x.addingProduct(n, splat8(-0.693_359_375))
  r = r.addingProduct(n, splat8(2.121_944_40e-4))
  var p = splat8(1 / 5040)
  p = splat8(1 / 720).addingProduct(p, r)
  p = splat8(1 / 120).addingProduct(p, r)
  p = splat8(1 / 24).addingProduct(p, r)
  p = splat8(1 / 6).addingProduct(p, r)
  p = splat8(0.5).addingProduct(p, r)
  p = splat8(1).addingProduct(p, r)
  p = splat8(1).addingProduct(p, r)
  // 2ⁿ in two factors, both normal for every n.
  let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- unsafeBitCast(shift, to: SIMD8<Int32>.self)
  let half = exponent &>> 1
  return p * powerOfTwo(half) * powerOfTwo(exponent &- half)
}

@inline(__always)
private func powerOfTwo(_ exponent: SIMD8<Int32>) -> Float8 {
  unsafeBitCast((exponent &+ SIMD8(repeating: 127)) &<< 23, to: Float8.self)
}

/// 1 / (1 + e⁻ˣ), within 4 ulp; 0 where the true value is subnormal, NaN stays.
@inline(__always)
func sigmoid(_ x: Float8) -> Float8 { splat8(1) / (splat8(1) + exponential(splat8(0) - x)) }

/// tanh x, within 4 ulp; NaN stays.
///
/// Near zero an odd polynomial (the published single-precision fit of the Cephes library, for |x| < 5/8), elsewhere 1 − 2 / (e²ˣ + 1).
@inline(__always)
func hyperbolicTangent(_ x: Float8) -> Float8 {
  let magnitude = unsafeBitCast(unsafeBitCast(x, to: SIMD8<UInt32>.self) & SIMD8(repeating: 0x7FFF_FFFF), to: Float8.self)
  let sign = unsafeBitCast(x, to: SIMD8<UInt32>.self) & SIMD8(repeating: 0x8000_0000)
  let far = splat8(1) - splat8(2) / (exponential(magnitude + magnitude) + splat8(1))
  let signedFar = unsafeBitCast(unsafeBitCast(far, to: SIMD8<UInt32>.self) | sign, to: Float8.self)
  let z = x * x
  var p = splat8(-5.704_988_727_45e-3)
  p = splat8(2.063_908_879_54e-2).addingProduct(p, z)
  p = splat8(-5.373_971_555_31e-2).addingProduct(p, z)
  p = splat8(1.333_144_220_36e-1).addingProduct(p, z)
  p = splat8(-3.333_328_194_22e-1).addingProduct(p, z)
  let near = x.addingProduct(p * z, x)
  return signedFar.replacing(with: near, where: magnitude .< splat8(0.625))
}
