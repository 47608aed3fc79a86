#if arch(x86_64)
  import CIntrinsics

  /// Eight codes as integers.
  @inline(__always)
  func widen8(_ from: UnsafePointer<UInt8>) -> Int8x32 { unsafeBitCast(nsk_widen_u8(from), to: Int8x32.self) }

  /// Eight signed codes as integers.
  @inline(__always)
  func widen8(_ from: UnsafePointer<Int8>) -> Int8x32 { unsafeBitCast(nsk_widen_s8(from), to: Int8x32.self) }

  /// Writes the low bytes of the lanes.
  @inline(__always)
  func narrow8(_ value: Int8x32, _ to: UnsafeMutableRawPointer) {
    to.storeBytes(of: nsk_narrow8(unsafeBitCast(value, to: SIMD4<Int64>.self)), as: Int64.self)
  }

  /// Exact up to 2²⁴, else to the nearest float.
  @inline(__always)
  func toFloat(_ value: Int8x32) -> Float8 { _mm256_cvtepi32_ps(unsafeBitCast(value, to: SIMD4<Int64>.self)) }
#endif
