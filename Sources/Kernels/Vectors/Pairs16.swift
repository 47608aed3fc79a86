/// Sixteen 16-bit integers, taken as eight pairs.
typealias Pairs16 = SIMD16<Int16>

/// The pair at `from` (two 16-bit integers), eight times.
@inline(__always)
func splatPair(_ from: UnsafePointer<Int16>) -> Pairs16 {
  unsafeBitCast(Int8x32(repeating: UnsafeRawPointer(from).loadUnaligned(as: Int32.self)), to: Pairs16.self)
}

@inline(__always)
func load16(_ from: UnsafePointer<Int16>) -> Pairs16 { UnsafeRawPointer(from).loadUnaligned(as: Pairs16.self) }

@inline(__always)
func store16(_ value: Pairs16, _ to: UnsafeMutablePointer<Int16>) { UnsafeMutableRawPointer(to).storeBytes(of: value, as: Pairs16.self) }

/// Bytes as 16-bit integers, never reading beyond `count`: whole vectors, the last overlapping the one before.
@inline(__always)
func widenRow(_ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<Int16>, _ count: Int) {
  if count >= 16 {
    var i = 0
    while i + 16 < count {
      store16(widen16(from + i), to + i)
      i += 16
    }
    store16(widen16(from + (count - 16)), to + (count - 16))
  } else if count >= 8 {
    widenHalf16(from, to)
    widenHalf16(from + (count - 8), to + (count - 8))
  } else {
    for i in 0..<count { to[i] = Int16(from[i]) }
  }
}

@inline(__always)
private func widenHalf16(_ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<Int16>) {
  let bytes = UnsafeRawPointer(from).loadUnaligned(as: SIMD8<UInt8>.self)
  UnsafeMutableRawPointer(to).storeBytes(of: SIMD8<UInt16>(truncatingIfNeeded: bytes), as: SIMD8<UInt16>.self)
}

/// The lower halves of both.
@inline(__always)
func joinLow(_ x: Int8x32, _ y: Int8x32) -> Int8x32 { Int8x32(lowHalf: x.lowHalf, highHalf: y.lowHalf) }

/// The upper halves of both.
@inline(__always)
func joinHigh(_ x: Int8x32, _ y: Int8x32) -> Int8x32 { Int8x32(lowHalf: x.highHalf, highHalf: y.highHalf) }
