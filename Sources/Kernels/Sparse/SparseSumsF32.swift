import KernelContract

/// The sums of two rows (a, b) by up to seven vectors of pixels: 14 accumulators; the other two registers have four weights, and one of them in
/// all lanes.
///
/// Widths (1 … 7) are constants where these functions are inlined.
struct SparseSumsF32 {
  private var a0: Float8
  private var a1: Float8
  private var a2: Float8
  private var a3: Float8
  private var a4: Float8
  private var a5: Float8
  private var a6: Float8
  private var b0: Float8
  private var b1: Float8
  private var b2: Float8
  private var b3: Float8
  private var b4: Float8
  private var b5: Float8
  private var b6: Float8

  @inline(__always)
  init(_ a: Float8, _ b: Float8) {
    (a0, a1, a2, a3, a4, a5, a6) = (a, a, a, a, a, a, a)
    (b0, b1, b2, b3, b4, b5, b6) = (b, b, b, b, b, b, b)
  }

  /// Vectors `step` floats apart.
  @inline(__always)
  init(_ width: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, step: Int) {
    self.init(load8(a), load8(b))
    if width > 1 { (a1, b1) = (load8(a + step), load8(b + step)) }
    if width > 2 { (a2, b2) = (load8(a + 2 * step), load8(b + 2 * step)) }
    if width > 3 { (a3, b3) = (load8(a + 3 * step), load8(b + 3 * step)) }
    if width > 4 { (a4, b4) = (load8(a + 4 * step), load8(b + 4 * step)) }
    if width > 5 { (a5, b5) = (load8(a + 5 * step), load8(b + 5 * step)) }
    if width > 6 { (a6, b6) = (load8(a + 6 * step), load8(b + 6 * step)) }
  }

  /// Adds a weight times the pixels at `x`, vectors `pitch` floats apart, to row a.
  @inline(__always)
  mutating func addA(_ width: Int, _ pitch: Int, _ w: Float8, _ x: UnsafePointer<Float>) {
    a0 = a0.addingProduct(w, load8(x))
    if width > 1 { a1 = a1.addingProduct(w, load8(x + pitch)) }
    if width > 2 { a2 = a2.addingProduct(w, load8(x + 2 * pitch)) }
    if width > 3 { a3 = a3.addingProduct(w, load8(x + 3 * pitch)) }
    if width > 4 { a4 = a4.addingProduct(w, load8(x + 4 * pitch)) }
    if width > 5 { a5 = a5.addingProduct(w, load8(x + 5 * pitch)) }
    if width > 6 { a6 = a6.addingProduct(w, load8(x + 6 * pitch)) }
  }

  @inline(__always)
  mutating func addB(_ width: Int, _ pitch: Int, _ w: Float8, _ x: UnsafePointer<Float>) {
    b0 = b0.addingProduct(w, load8(x))
    if width > 1 { b1 = b1.addingProduct(w, load8(x + pitch)) }
    if width > 2 { b2 = b2.addingProduct(w, load8(x + 2 * pitch)) }
    if width > 3 { b3 = b3.addingProduct(w, load8(x + 3 * pitch)) }
    if width > 4 { b4 = b4.addingProduct(w, load8(x + 4 * pitch)) }
    if width > 5 { b5 = b5.addingProduct(w, load8(x + 5 * pitch)) }
    if width > 6 { b6 = b6.addingProduct(w, load8(x + 6 * pitch)) }
  }

  /// Adds two weights times the same pixels, one to each row: up to six vectors, as the pixels take registers too.
  @inline(__always)
  mutating func addBoth(_ width: Int, _ pitch: Int, _ v: Float8, _ w: Float8, _ x: UnsafePointer<Float>) {
    let x0 = load8(x)
    (a0, b0) = (a0.addingProduct(v, x0), b0.addingProduct(w, x0))
    if width > 1 {
      let x1 = load8(x + pitch)
      (a1, b1) = (a1.addingProduct(v, x1), b1.addingProduct(w, x1))
    }
    if width > 2 {
      let x2 = load8(x + 2 * pitch)
      (a2, b2) = (a2.addingProduct(v, x2), b2.addingProduct(w, x2))
    }
    if width > 3 {
      let x3 = load8(x + 3 * pitch)
      (a3, b3) = (a3.addingProduct(v, x3), b3.addingProduct(w, x3))
    }
    if width > 4 {
      let x4 = load8(x + 4 * pitch)
      (a4, b4) = (a4.addingProduct(v, x4), b4.addingProduct(w, x4))
    }
    if width > 5 {
      let x5 = load8(x + 5 * pitch)
      (a5, b5) = (a5.addingProduct(v, x5), b5.addingProduct(w, x5))
    }
  }

  /// Has the next factor made behind these sums.
  @inline(__always)
  func holdA(_ width: Int, _ factors: inout Factors) {
    if width > 6 { factors.wait(for: a0, a1, a2, a3, a4, a5, a6) }
  }

  @inline(__always)
  func holdB(_ width: Int, _ factors: inout Factors) {
    if width > 6 { factors.wait(for: b0, b1, b2, b3, b4, b5, b6) }
  }

  /// Adds a residual to both rows.
  @inline(__always)
  mutating func add(_ width: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, step: Int) {
    let added = SparseSumsF32(width, a, b, step: step)
    (a0, b0) = (a0 + added.a0, b0 + added.b0)
    if width > 1 { (a1, b1) = (a1 + added.a1, b1 + added.b1) }
    if width > 2 { (a2, b2) = (a2 + added.a2, b2 + added.b2) }
    if width > 3 { (a3, b3) = (a3 + added.a3, b3 + added.b3) }
    if width > 4 { (a4, b4) = (a4 + added.a4, b4 + added.b4) }
    if width > 5 { (a5, b5) = (a5 + added.a5, b5 + added.b5) }
    if width > 6 { (a6, b6) = (a6 + added.a6, b6 + added.b6) }
  }

  @inline(__always)
  mutating func clamp(_ width: Int, _ low: Float8, _ high: Float8) {
    (a0, b0) = (atMost(high, atLeast(low, a0)), atMost(high, atLeast(low, b0)))
    if width > 1 { (a1, b1) = (atMost(high, atLeast(low, a1)), atMost(high, atLeast(low, b1))) }
    if width > 2 { (a2, b2) = (atMost(high, atLeast(low, a2)), atMost(high, atLeast(low, b2))) }
    if width > 3 { (a3, b3) = (atMost(high, atLeast(low, a3)), atMost(high, atLeast(low, b3))) }
    if width > 4 { (a4, b4) = (atMost(high, atLeast(low, a4)), atMost(high, atLeast(low, b4))) }
    if width > 5 { (a5, b5) = (atMost(high, atLeast(low, a5)), atMost(high, atLeast(low, b5))) }
    if width > 6 { (a6, b6) = (atMost(high, atLeast(low, a6)), atMost(high, atLeast(low, b6))) }
  }

  /// Row b first: where a row is its own partner, row a has the sums.
  @inline(__always)
  func write(_ width: Int, _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, step: Int) {
    store8(b0, b)
    if width > 1 { store8(b1, b + step) }
    if width > 2 { store8(b2, b + 2 * step) }
    if width > 3 { store8(b3, b + 3 * step) }
    if width > 4 { store8(b4, b + 4 * step) }
    if width > 5 { store8(b5, b + 5 * step) }
    if width > 6 { store8(b6, b + 6 * step) }
    store8(a0, a)
    if width > 1 { store8(a1, a + step) }
    if width > 2 { store8(a2, a + 2 * step) }
    if width > 3 { store8(a3, a + 3 * step) }
    if width > 4 { store8(a4, a + 4 * step) }
    if width > 5 { store8(a5, a + 5 * step) }
    if width > 6 { store8(a6, a + 6 * step) }
  }
}
