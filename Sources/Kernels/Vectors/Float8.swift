#if arch(x86_64)
  import CIntrinsics
#endif

/// Eight floats: the vector of every f32 kernel of this module.
typealias Float8 = SIMD8<Float>

@inline(__always)
func load8(_ from: UnsafePointer<Float>) -> Float8 { UnsafeRawPointer(from).loadUnaligned(as: Float8.self) }

@inline(__always)
func store8(_ value: Float8, _ to: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(to).storeBytes(of: value, as: Float8.self) }

@inline(__always)
func splat8(_ value: Float) -> Float8 { Float8(repeating: value) }

/// Lanes of a partial vector are read one by one, never beyond `count` (1 … 7); the others are 0.
@inline(__always)
func load8(_ from: UnsafePointer<Float>, count: Int) -> Float8 {
  #if arch(x86_64)
    return nsk_load_partial(from, Int32(truncatingIfNeeded: count))
  #else
    var value = Float8(repeating: 0)
    for lane in 0..<count { value[lane] = from[lane] }
    return value
  #endif
}

/// Writes the first `count` (1 … 7) lanes.
@inline(__always)
func store8(_ value: Float8, _ to: UnsafeMutablePointer<Float>, count: Int) {
  #if arch(x86_64)
    nsk_store_partial(to, value, Int32(truncatingIfNeeded: count))
  #else
    for lane in 0..<count { to[lane] = value[lane] }
  #endif
}

/// The greater of bound and value; a value that is NaN stays.
@inline(__always)
func atLeast(_ bound: Float8, _ value: Float8) -> Float8 {
  #if arch(x86_64)
    return _mm256_max_ps(bound, value)
  #else
    return value.replacing(with: bound, where: value .< bound)
  #endif
}

/// The lesser of bound and value; a value that is NaN stays.
@inline(__always)
func atMost(_ bound: Float8, _ value: Float8) -> Float8 {
  #if arch(x86_64)
    return _mm256_min_ps(bound, value)
  #else
    return value.replacing(with: bound, where: value .> bound)
  #endif
}

/// To the nearest integer, halves to even.
@inline(__always)
func roundedToEven(_ value: Float8) -> Float8 {
  #if arch(x86_64)
    return nsk_round(value)
  #else
    return value.rounded(.toNearestOrEven)
  #endif
}
