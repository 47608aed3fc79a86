#if !arch(x86_64)
  /// Adds to each sum the products of a pair: `sum + x₀·y₀ + x₁·y₁`, exact while no product exceeds 30 bits.
  @inline(__always)
  func addPairs(_ sum: Int8x32, _ x: Pairs16, _ y: Pairs16) -> Int8x32 {
    let even = Int8x32(truncatingIfNeeded: x.evenHalf) &* Int8x32(truncatingIfNeeded: y.evenHalf)
    return sum &+ even &+ Int8x32(truncatingIfNeeded: x.oddHalf) &* Int8x32(truncatingIfNeeded: y.oddHalf)
  }

  /// Sixteen signed bytes as 16-bit integers.
  @inline(__always)
  func widen16(_ from: UnsafePointer<Int8>) -> Pairs16 {
    var value = Pairs16(repeating: 0)
    for lane in 0..<16 { value[lane] = Int16(from[lane]) }
    return value
  }

  /// Sixteen bytes as 16-bit integers.
  @inline(__always)
  func widen16(_ from: UnsafePointer<UInt8>) -> Pairs16 {
    var value = Pairs16(repeating: 0)
    for lane in 0..<16 { value[lane] = Int16(from[lane]) }
    return value
  }

  /// x and y lane by lane, from the lower four lanes of each half.
  @inline(__always)
  func interleaveLow(_ x: Pairs16, _ y: Pairs16) -> Pairs16 {
    Pairs16(
      lowHalf: alternate(x.lowHalf.lowHalf, y.lowHalf.lowHalf),
      highHalf: alternate(x.highHalf.lowHalf, y.highHalf.lowHalf))
  }

  /// x and y lane by lane, from the upper four lanes of each half.
  @inline(__always)
  func interleaveHigh(_ x: Pairs16, _ y: Pairs16) -> Pairs16 {
    Pairs16(
      lowHalf: alternate(x.lowHalf.highHalf, y.lowHalf.highHalf),
      highHalf: alternate(x.highHalf.highHalf, y.highHalf.highHalf))
  }

  @inline(__always)
  private func alternate(_ x: SIMD4<Int16>, _ y: SIMD4<Int16>) -> SIMD8<Int16> {
    var both = SIMD8<Int16>(repeating: 0)
    both.evenHalf = x
    both.oddHalf = y
    return both
  }
#endif
