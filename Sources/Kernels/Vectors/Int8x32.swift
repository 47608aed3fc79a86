/// Eight 32-bit integers.
typealias Int8x32 = SIMD8<Int32>

@inline(__always)
func load8(_ from: UnsafePointer<Int32>) -> Int8x32 { UnsafeRawPointer(from).loadUnaligned(as: Int8x32.self) }

/// Writes the low bytes of the first `count` (1 … 7) lanes.
@inline(__always)
func narrow8(_ value: Int8x32, _ to: UnsafeMutableRawPointer, count: Int) {
  for lane in 0..<count { to.storeBytes(of: UInt8(truncatingIfNeeded: value[lane]), toByteOffset: lane, as: UInt8.self) }
}

/// The nearest integers, halves to even, of values within ±2²²: adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
@inline(__always)
func roundedToInt(_ value: Float8) -> Int8x32 {
  unsafeBitCast(value + splat8(12_582_912), to: Int8x32.self) &- Int8x32(repeating: 0x4B40_0000)
}
