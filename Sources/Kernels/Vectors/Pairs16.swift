#if arch(x86_64)
  import CIntrinsics
#endif

/// Sixteen 16-bit integers, taken as eight pairs.
typealias Pairs16 = SIMD16<Int16>

/// Adds to each sum the products of a pair: `sum + x₀·y₀ + x₁·y₁`, exact while no product exceeds 30 bits.
@inline(__always)
func addPairs(_ sum: Int8x32, _ x: Pairs16, _ y: Pairs16) -> Int8x32 {
  #if arch(x86_64)
    let products = _mm256_madd_epi16(unsafeBitCast(x, to: SIMD4<Int64>.self), unsafeBitCast(y, to: SIMD4<Int64>.self))
    return sum &+ unsafeBitCast(products, to: Int8x32.self)
  #else
    let even = Int8x32(truncatingIfNeeded: x.evenHalf) &* Int8x32(truncatingIfNeeded: y.evenHalf)
    return sum &+ even &+ Int8x32(truncatingIfNeeded: x.oddHalf) &* Int8x32(truncatingIfNeeded: y.oddHalf)
  #endif
}

/// The pair at `from` (two 16-bit integers), eight times.
@inline(__always)
func splatPair(_ from: UnsafePointer<Int16>) -> Pairs16 {
  unsafeBitCast(Int8x32(repeating: UnsafeRawPointer(from).loadUnaligned(as: Int32.self)), to: Pairs16.self)
}

/// Sixteen signed bytes as 16-bit integers.
@inline(__always)
func widen16(_ from: UnsafePointer<Int8>) -> Pairs16 {
  #if arch(x86_64)
    return unsafeBitCast(nsk_widen16_s8(from), to: Pairs16.self)
  #else
    var value = Pairs16(repeating: 0)
    for lane in 0..<16 { value[lane] = Int16(from[lane]) }
    return value
  #endif
}

/// Sixteen bytes as 16-bit integers.
@inline(__always)
func widen16(_ from: UnsafePointer<UInt8>) -> Pairs16 {
  #if arch(x86_64)
    return unsafeBitCast(nsk_widen16_u8(from), to: Pairs16.self)
  #else
    var value = Pairs16(repeating: 0)
    for lane in 0..<16 { value[lane] = Int16(from[lane]) }
    return value
  #endif
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

/// x and y lane by lane, from the lower four lanes of each half.
@inline(__always)
func interleaveLow(_ x: Pairs16, _ y: Pairs16) -> Pairs16 {
  #if arch(x86_64)
    return unsafeBitCast(
      _mm256_unpacklo_epi16(unsafeBitCast(x, to: SIMD4<Int64>.self), unsafeBitCast(y, to: SIMD4<Int64>.self)), to: Pairs16.self)
  #else
    return Pairs16(
      lowHalf: alternate(x.lowHalf.lowHalf, y.lowHalf.lowHalf),
      highHalf: alternate(x.highHalf.lowHalf, y.highHalf.lowHalf))
  #endif
}

/// x and y lane by lane, from the upper four lanes of each half.
@inline(__always)
func interleaveHigh(_ x: Pairs16, _ y: Pairs16) -> Pairs16 {
  #if arch(x86_64)
    return unsafeBitCast(
      _mm256_unpackhi_epi16(unsafeBitCast(x, to: SIMD4<Int64>.self), unsafeBitCast(y, to: SIMD4<Int64>.self)), to: Pairs16.self)
  #else
    return Pairs16(
      lowHalf: alternate(x.lowHalf.highHalf, y.lowHalf.highHalf),
      highHalf: alternate(x.highHalf.highHalf, y.highHalf.highHalf))
  #endif
}

/// The lower halves of both.
@inline(__always)
func joinLow(_ x: Int8x32, _ y: Int8x32) -> Int8x32 { Int8x32(lowHalf: x.lowHalf, highHalf: y.lowHalf) }

/// The upper halves of both.
@inline(__always)
func joinHigh(_ x: Int8x32, _ y: Int8x32) -> Int8x32 { Int8x32(lowHalf: x.highHalf, highHalf: y.highHalf) }

#if !arch(x86_64)
  @inline(__always)
  private func alternate(_ x: SIMD4<Int16>, _ y: SIMD4<Int16>) -> SIMD8<Int16> {
    var both = SIMD8<Int16>(repeating: 0)
    both.evenHalf = x
    both.oddHalf = y
    return both
  }
#endif
