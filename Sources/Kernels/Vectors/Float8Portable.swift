#if !arch(x86_64)
  /// Lanes of a partial vector are read one by one, never beyond `count` (1 … 7); the others are 0.
  @inline(__always)
  func load8(_ from: UnsafePointer<Float>, count: Int) -> Float8 {
    var value = Float8(repeating: 0)
    for lane in 0..<count { value[lane] = from[lane] }
    return value
  }

  /// Writes the first `count` (1 … 7) lanes.
  @inline(__always)
  func store8(_ value: Float8, _ to: UnsafeMutablePointer<Float>, count: Int) {
    for lane in 0..<count { to[lane] = value[lane] }
  }

  /// The greater of bound and value; a value that is NaN stays.
  @inline(__always)
  func atLeast(_ bound: Float8, _ value: Float8) -> Float8 { value.replacing(with: bound, where: value .< bound) }

  /// The lesser of bound and value; a value that is NaN stays.
  @inline(__always)
  func atMost(_ bound: Float8, _ value: Float8) -> Float8 { value.replacing(with: bound, where: value .> bound) }

  /// To the nearest integer, halves to even.
  @inline(__always)
  func roundedToEven(_ value: Float8) -> Float8 { value.rounded(.toNearestOrEven) }

  /// The greater of bound and value; the bound where the value is NaN.
  @inline(__always)
  func numberAtLeast(_ bound: Float8, _ value: Float8) -> Float8 { bound.replacing(with: value, where: value .> bound) }

  /// The transpose of 8 × 8 floats, rows `stride` and `toStride` apart.
  @inline(__always)
  func transpose8(_ from: UnsafePointer<Float>, _ stride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int) {
    for row in 0..<8 {
      for column in 0..<8 { to[column * toStride + row] = from[row * stride + column] }
    }
  }

  /// Lanes of two, or four, vectors in turns: a₀ b₀ a₁ b₁ …
  @inline(__always)
  func interleave8(_ a: Float8, _ b: Float8) -> (Float8, Float8) {
    var both = SIMD16<Float>(repeating: 0)
    both.evenHalf = a
    both.oddHalf = b
    return (both.lowHalf, both.highHalf)
  }

  @inline(__always)
  func interleave8(_ a: Float8, _ b: Float8, _ c: Float8, _ d: Float8) -> (Float8, Float8, Float8, Float8) {
    let (even, odd) = (interleave8(a, c), interleave8(b, d))
    let (first, second) = (interleave8(even.0, odd.0), interleave8(even.1, odd.1))
    return (first.0, first.1, second.0, second.1)
  }

  /// Every fourth of 32 lanes: the inverse of the interleaving of four.
  @inline(__always)
  func deal8(_ a: Float8, _ b: Float8, _ c: Float8, _ d: Float8) -> (Float8, Float8, Float8, Float8) {
    let (first, second) = (SIMD16(lowHalf: a, highHalf: b), SIMD16(lowHalf: c, highHalf: d))
    let even = SIMD16(lowHalf: first.evenHalf, highHalf: second.evenHalf)
    let odd = SIMD16(lowHalf: first.oddHalf, highHalf: second.oddHalf)
    return (even.evenHalf, odd.evenHalf, even.oddHalf, odd.oddHalf)
  }

  /// Asks for a line of the second-level cache; any address will do. Swift has no word for it, and the processor looks ahead by itself.
  @inline(__always)
  func fetchToLevel2(_ address: UnsafePointer<Float>) {}

  /// Asks for a line that will be written; any address will do.
  @inline(__always)
  func fetchToWrite(_ address: UnsafePointer<Float>) {}

  /// Four factors of which each is wanted in all lanes.
  struct Factors {
    private var four: SIMD4<Float>

    @inline(__always)
    init(_ from: UnsafeRawPointer) { four = from.loadUnaligned(as: SIMD4<Float>.self) }

    @inline(__always) var first: Float8 { splat8(four[0]) }
    @inline(__always) var second: Float8 { splat8(four[1]) }
    @inline(__always) var third: Float8 { splat8(four[2]) }
    @inline(__always) var fourth: Float8 { splat8(four[3]) }

    @inline(__always)
    mutating func wait(for a: Float8, _ b: Float8, _ c: Float8, _ d: Float8, _ e: Float8, _ f: Float8, _ g: Float8) {}
  }

  /// The address, but what lies there is loaded behind these sums.
  @inline(__always)
  func loadedBehind(_ from: UnsafePointer<Float>, _ a: Float8, _ b: Float8, _ c: Float8) -> UnsafePointer<Float> { from }

  /// The same of the first-level cache.
  @inline(__always)
  func fetchToLevel1(_ address: UnsafePointer<Float>) {}

  /// Eight floats by one load, whatever others overlap with them.
  @inline(__always)
  func loadWhole8(_ from: UnsafePointer<Float>) -> Float8 { load8(from) }

  /// Every other one of sixteen floats, in an order that takes one instruction elsewhere: 0, 2, 8, 10, 4, 6, 12, 14.
  @inline(__always)
  func dealtEven(_ a: Float8, _ b: Float8) -> Float8 { Float8(a[0], a[2], b[0], b[2], a[4], a[6], b[4], b[6]) }

  /// Those behind them.
  @inline(__always)
  func dealtOdd(_ a: Float8, _ b: Float8) -> Float8 { Float8(a[1], a[3], b[1], b[3], a[5], a[7], b[5], b[7]) }

  /// Back in order.
  @inline(__always)
  func gathered(_ v: Float8) -> Float8 { Float8(v[0], v[1], v[4], v[5], v[2], v[3], v[6], v[7]) }
#endif
