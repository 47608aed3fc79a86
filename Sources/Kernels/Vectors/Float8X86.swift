#if arch(x86_64)
  import CIntrinsics

  /// Lanes of a partial vector are read one by one, never beyond `count` (1 … 7); the others are 0.
  @inline(__always)
  func load8(_ from: UnsafePointer<Float>, count: Int) -> Float8 { nsk_load_partial(from, Int32(truncatingIfNeeded: count)) }

  /// Writes the first `count` (1 … 7) lanes.
  @inline(__always)
  func store8(_ value: Float8, _ to: UnsafeMutablePointer<Float>, count: Int) {
    nsk_store_partial(to, value, Int32(truncatingIfNeeded: count))
  }

  /// The greater of bound and value; a value that is NaN stays.
  @inline(__always)
  func atLeast(_ bound: Float8, _ value: Float8) -> Float8 { _mm256_max_ps(bound, value) }

  /// The lesser of bound and value; a value that is NaN stays.
  @inline(__always)
  func atMost(_ bound: Float8, _ value: Float8) -> Float8 { _mm256_min_ps(bound, value) }

  /// To the nearest integer, halves to even.
  @inline(__always)
  func roundedToEven(_ value: Float8) -> Float8 { nsk_round(value) }

  /// The greater of bound and value; the bound where the value is NaN.
  @inline(__always)
  func numberAtLeast(_ bound: Float8, _ value: Float8) -> Float8 { _mm256_max_ps(value, bound) }

  /// The transpose of 8 × 8 floats, rows `stride` and `toStride` apart.
  @inline(__always)
  func transpose8(_ from: UnsafePointer<Float>, _ stride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int) {
    nsk_transpose8(from, stride, to, toStride)
  }

  /// Lanes of two, or four, vectors in turns: a₀ b₀ a₁ b₁ …
  @inline(__always)
  func interleave8(_ a: Float8, _ b: Float8) -> (Float8, Float8) { (nsk_interleave2_low(a, b), nsk_interleave2_high(a, b)) }

  @inline(__always)
  func interleave8(_ a: Float8, _ b: Float8, _ c: Float8, _ d: Float8) -> (Float8, Float8, Float8, Float8) {
    (nsk_interleave4(a, b, c, d, 0), nsk_interleave4(a, b, c, d, 1), nsk_interleave4(a, b, c, d, 2), nsk_interleave4(a, b, c, d, 3))
  }

  /// Every fourth of 32 lanes: the inverse of the interleaving of four.
  @inline(__always)
  func deal8(_ a: Float8, _ b: Float8, _ c: Float8, _ d: Float8) -> (Float8, Float8, Float8, Float8) {
    (nsk_deal4(a, b, c, d, 0), nsk_deal4(a, b, c, d, 1), nsk_deal4(a, b, c, d, 2), nsk_deal4(a, b, c, d, 3))
  }

  /// Asks for a line of the second-level cache; any address will do.
  @inline(__always)
  func fetchToLevel2(_ address: UnsafePointer<Float>) { nsk_prefetch_level2(address) }

  /// Asks for a line that will be written; any address will do.
  @inline(__always)
  func fetchToWrite(_ address: UnsafePointer<Float>) { nsk_prefetch_write(address) }

  /// Four factors of which each is wanted in all lanes; made by one load, and one instruction each.
  struct Factors {
    private var four: Float8

    @inline(__always)
    init(_ from: UnsafeRawPointer) { four = nsk_four_twice(from.assumingMemoryBound(to: Float.self)) }

    @inline(__always) var first: Float8 { nsk_factor0(four) }
    @inline(__always) var second: Float8 { nsk_factor1(four) }
    @inline(__always) var third: Float8 { nsk_factor2(four) }
    @inline(__always) var fourth: Float8 { nsk_factor3(four) }

    /// Factors asked for from here on are made behind the sums, so that no two take a register at a time.
    @inline(__always)
    mutating func wait(for a: Float8, _ b: Float8, _ c: Float8, _ d: Float8, _ e: Float8, _ f: Float8, _ g: Float8) {
      four = nsk_behind(four, a, b, c, d, e, f, g)
    }
  }

  /// The address, but what lies there is loaded behind these sums.
  @inline(__always)
  func loadedBehind(_ from: UnsafePointer<Float>, _ a: Float8, _ b: Float8, _ c: Float8) -> UnsafePointer<Float> {
    nsk_floats_behind(from, a, b, c)
  }

  /// The same of the first-level cache.
  @inline(__always)
  func fetchToLevel1(_ address: UnsafePointer<Float>) { nsk_prefetch_level1(address) }

  /// Eight floats by one load, whatever others overlap with them.
  @inline(__always)
  func loadWhole8(_ from: UnsafePointer<Float>) -> Float8 { nsk_load_whole(from) }

  /// Every other one of sixteen floats, in an order that takes one instruction: 0, 2, 8, 10, 4, 6, 12, 14.
  @inline(__always)
  func dealtEven(_ low: Float8, _ high: Float8) -> Float8 { nsk_deal_even(low, high) }

  /// Those behind them.
  @inline(__always)
  func dealtOdd(_ low: Float8, _ high: Float8) -> Float8 { nsk_deal_odd(low, high) }

  /// Back in order.
  @inline(__always)
  func gathered(_ dealt: Float8) -> Float8 { nsk_gather_dealt(dealt) }
#endif
