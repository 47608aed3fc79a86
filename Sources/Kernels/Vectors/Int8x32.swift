#if arch(x86_64)
  import CIntrinsics
#endif

/// Eight 32-bit integers.
typealias Int8x32 = SIMD8<Int32>

@inline(__always)
func load8(_ from: UnsafePointer<Int32>) -> Int8x32 { UnsafeRawPointer(from).loadUnaligned(as: Int8x32.self) }

/// Eight codes as integers.
@inline(__always)
func widen8(_ from: UnsafePointer<UInt8>) -> Int8x32 {
  #if arch(x86_64)
    return unsafeBitCast(nsk_widen_u8(from), to: Int8x32.self)
  #else
    var value = Int8x32(repeating: 0)
    for lane in 0..<8 { value[lane] = Int32(from[lane]) }
    return value
  #endif
}

/// Eight signed codes as integers.
@inline(__always)
func widen8(_ from: UnsafePointer<Int8>) -> Int8x32 {
  #if arch(x86_64)
    return unsafeBitCast(nsk_widen_s8(from), to: Int8x32.self)
  #else
    var value = Int8x32(repeating: 0)
    for lane in 0..<8 { value[lane] = Int32(from[lane]) }
    return value
  #endif
}

/// Writes the low bytes of the lanes.
@inline(__always)
func narrow8(_ value: Int8x32, _ to: UnsafeMutableRawPointer) {
  #if arch(x86_64)
    to.storeBytes(of: nsk_narrow8(unsafeBitCast(value, to: SIMD4<Int64>.self)), as: Int64.self)
  #else
    for lane in 0..<8 { to.storeBytes(of: UInt8(truncatingIfNeeded: value[lane]), toByteOffset: lane, as: UInt8.self) }
  #endif
}

/// Writes the low bytes of the first `count` (1 … 7) lanes.
@inline(__always)
func narrow8(_ value: Int8x32, _ to: UnsafeMutableRawPointer, count: Int) {
  for lane in 0..<count { to.storeBytes(of: UInt8(truncatingIfNeeded: value[lane]), toByteOffset: lane, as: UInt8.self) }
}

/// Exact up to 2²⁴, else to the nearest float.
@inline(__always)
func toFloat(_ value: Int8x32) -> Float8 {
  #if arch(x86_64)
    return _mm256_cvtepi32_ps(unsafeBitCast(value, to: SIMD4<Int64>.self))
  #else
    var result = Float8(repeating: 0)
    for lane in 0..<8 { result[lane] = Float(value[lane]) }
    return result
  #endif
}

/// The nearest integers, halves to even, of values within ±2²²: adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
@inline(__always)
func roundedToInt(_ value: Float8) -> Int8x32 {
  unsafeBitCast(value + splat8(12_582_912), to: Int8x32.self) &- Int8x32(repeating: 0x4B40_0000)
}
