#if !arch(x86_64)
  /// Eight codes as integers.
  @inline(__always)
  func widen8(_ from: UnsafePointer<UInt8>) -> Int8x32 {
    var value = Int8x32(repeating: 0)
    for lane in 0..<8 { value[lane] = Int32(from[lane]) }
    return value
  }

  /// Eight signed codes as integers.
  @inline(__always)
  func widen8(_ from: UnsafePointer<Int8>) -> Int8x32 {
    var value = Int8x32(repeating: 0)
    for lane in 0..<8 { value[lane] = Int32(from[lane]) }
    return value
  }

  /// Writes the low bytes of the lanes.
  @inline(__always)
  func narrow8(_ value: Int8x32, _ to: UnsafeMutableRawPointer) {
    for lane in 0..<8 { to.storeBytes(of: UInt8(truncatingIfNeeded: value[lane]), toByteOffset: lane, as: UInt8.self) }
  }

  /// Exact up to 2²⁴, else to the nearest float.
  @inline(__always)
  func toFloat(_ value: Int8x32) -> Float8 {
    var result = Float8(repeating: 0)
    for lane in 0..<8 { result[lane] = Float(value[lane]) }
    return result
  }
#endif
