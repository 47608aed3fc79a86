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
#endif
