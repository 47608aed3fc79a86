import KernelContract

/// Where four rows begin: the first, and how many floats behind it the others do.
struct SparseRows4 {
  var first: Int
  var second: Int
  var third: Int
  var fourth: Int

  /// Rows `first` … `last`, at most four, `stride` floats apart. Those that are missing are the last one.
  @inline(__always)
  init(_ first: Int, _ last: Int, stride: Int) {
    self.first = first * stride
    second = min(first + 1, last) * stride
    third = min(first + 2, last) * stride
    fourth = min(first + 3, last) * stride
  }
}

/// The sums of four rows (a … d) by up to three vectors of pixels: 12 accumulators; the other four registers have pixels, and one weight.
///
/// Widths (1 … 3) are constants where these functions are inlined.
struct SparseSums4F32 {
  private var a0: Float8
  private var a1: Float8
  private var a2: Float8
  private var b0: Float8
  private var b1: Float8
  private var b2: Float8
  private var c0: Float8
  private var c1: Float8
  private var c2: Float8
  private var d0: Float8
  private var d1: Float8
  private var d2: Float8

  @inline(__always)
  init(_ a: Float8, _ b: Float8, _ c: Float8, _ d: Float8) {
    (a0, a1, a2) = (a, a, a)
    (b0, b1, b2) = (b, b, b)
    (c0, c1, c2) = (c, c, c)
    (d0, d1, d2) = (d, d, d)
  }

  /// Vectors `step` floats apart.
  @inline(__always)
  init(_ width: Int, _ from: UnsafePointer<Float>, _ rows: SparseRows4, step: Int) {
    let (a, b, c, d) = (from + rows.first, from + rows.second, from + rows.third, from + rows.fourth)
    self.init(load8(a), load8(b), load8(c), load8(d))
    if width > 1 { (a1, b1, c1, d1) = (load8(a + step), load8(b + step), load8(c + step), load8(d + step)) }
    if width > 2 { (a2, b2, c2, d2) = (load8(a + 2 * step), load8(b + 2 * step), load8(c + 2 * step), load8(d + 2 * step)) }
  }

  /// Adds four weights, one of each row, times the same pixels, vectors `pitch` floats apart.
  @inline(__always)
  mutating func add(_ width: Int, _ pitch: Int, _ w: UnsafePointer<Float>, _ x: UnsafePointer<Float>) {
    let x0 = load8(x)
    let x1 = width > 1 ? load8(x + pitch) : x0
    let x2 = width > 2 ? load8(x + 2 * pitch) : x0
    // Each weight is loaded behind the sums of the one before: no register is left for two.
    var at = w
    let a = splat8(at[0])
    a0 = a0.addingProduct(a, x0)
    if width > 1 { a1 = a1.addingProduct(a, x1) }
    if width > 2 { a2 = a2.addingProduct(a, x2) }
    at = loadedBehind(at, a0, a1, a2)
    let b = splat8(at[1])
    b0 = b0.addingProduct(b, x0)
    if width > 1 { b1 = b1.addingProduct(b, x1) }
    if width > 2 { b2 = b2.addingProduct(b, x2) }
    at = loadedBehind(at, b0, b1, b2)
    let c = splat8(at[2])
    c0 = c0.addingProduct(c, x0)
    if width > 1 { c1 = c1.addingProduct(c, x1) }
    if width > 2 { c2 = c2.addingProduct(c, x2) }
    at = loadedBehind(at, c0, c1, c2)
    let d = splat8(at[3])
    d0 = d0.addingProduct(d, x0)
    if width > 1 { d1 = d1.addingProduct(d, x1) }
    if width > 2 { d2 = d2.addingProduct(d, x2) }
  }

  /// Adds a residual to all rows.
  @inline(__always)
  mutating func add(_ width: Int, _ from: UnsafePointer<Float>, _ rows: SparseRows4, step: Int) {
    let added = SparseSums4F32(width, from, rows, step: step)
    (a0, b0, c0, d0) = (a0 + added.a0, b0 + added.b0, c0 + added.c0, d0 + added.d0)
    if width > 1 { (a1, b1, c1, d1) = (a1 + added.a1, b1 + added.b1, c1 + added.c1, d1 + added.d1) }
    if width > 2 { (a2, b2, c2, d2) = (a2 + added.a2, b2 + added.b2, c2 + added.c2, d2 + added.d2) }
  }

  @inline(__always)
  mutating func clamp(_ width: Int, _ low: Float8, _ high: Float8) {
    (a0, b0) = (atMost(high, atLeast(low, a0)), atMost(high, atLeast(low, b0)))
    (c0, d0) = (atMost(high, atLeast(low, c0)), atMost(high, atLeast(low, d0)))
    if width > 1 {
      (a1, b1) = (atMost(high, atLeast(low, a1)), atMost(high, atLeast(low, b1)))
      (c1, d1) = (atMost(high, atLeast(low, c1)), atMost(high, atLeast(low, d1)))
    }
    if width > 2 {
      (a2, b2) = (atMost(high, atLeast(low, a2)), atMost(high, atLeast(low, b2)))
      (c2, d2) = (atMost(high, atLeast(low, c2)), atMost(high, atLeast(low, d2)))
    }
  }

  /// The last row first: where rows are missing, the last one that is not has the sums.
  @inline(__always)
  func write(_ width: Int, _ to: UnsafeMutablePointer<Float>, _ rows: SparseRows4, step: Int) {
    write(width, d0, d1, d2, to + rows.fourth, step)
    write(width, c0, c1, c2, to + rows.third, step)
    write(width, b0, b1, b2, to + rows.second, step)
    write(width, a0, a1, a2, to + rows.first, step)
  }

  @inline(__always)
  private func write(_ width: Int, _ v0: Float8, _ v1: Float8, _ v2: Float8, _ to: UnsafeMutablePointer<Float>, _ step: Int) {
    store8(v0, to)
    if width > 1 { store8(v1, to + step) }
    if width > 2 { store8(v2, to + 2 * step) }
  }
}
