/// The sums of a tile of up to 6 rows by 16 columns: 12 accumulators, which with two vectors of the panel and one broadcast fill the 16
/// registers.
///
/// Heights (1 … 6) and halves (1: the last 8 columns are padding and left out; 2) are constants where these functions are inlined. An
/// element's sum is made in the same order whatever they are, so that any tiling gives the same bits.
struct GemmSumsF32 {
  private var c00: Float8
  private var c10: Float8
  private var c20: Float8
  private var c30: Float8
  private var c40: Float8
  private var c50: Float8
  private var c01: Float8
  private var c11: Float8
  private var c21: Float8
  private var c31: Float8
  private var c41: Float8
  private var c51: Float8

  /// Every row begins with the bias.
  @inline(__always)
  init(_ bias: UnsafePointer<Float>) {
    let bias0 = load8(bias)
    let bias1 = load8(bias + 8)
    (c00, c10, c20, c30, c40, c50) = (bias0, bias0, bias0, bias0, bias0, bias0)
    (c01, c11, c21, c31, c41, c51) = (bias1, bias1, bias1, bias1, bias1, bias1)
  }

  /// Adds one term to each sum: row i's element at `ai` times the 16 weights at `b`.
  @inline(__always)
  mutating func add(
    _ height: Int, _ halves: Int, _ b: UnsafePointer<Float>, _ a0: UnsafePointer<Float>, _ a1: UnsafePointer<Float>,
    _ a2: UnsafePointer<Float>, _ a3: UnsafePointer<Float>, _ a4: UnsafePointer<Float>, _ a5: UnsafePointer<Float>
  ) {
    let b0 = load8(b)
    let b1 = halves > 1 ? load8(b + 8) : b0
    let x0 = splat8(a0.pointee)
    c00 = c00.addingProduct(x0, b0)
    if halves > 1 { c01 = c01.addingProduct(x0, b1) }
    if height > 1 {
      let x1 = splat8(a1.pointee)
      c10 = c10.addingProduct(x1, b0)
      if halves > 1 { c11 = c11.addingProduct(x1, b1) }
    }
    if height > 2 {
      let x2 = splat8(a2.pointee)
      c20 = c20.addingProduct(x2, b0)
      if halves > 1 { c21 = c21.addingProduct(x2, b1) }
    }
    if height > 3 {
      let x3 = splat8(a3.pointee)
      c30 = c30.addingProduct(x3, b0)
      if halves > 1 { c31 = c31.addingProduct(x3, b1) }
    }
    if height > 4 {
      let x4 = splat8(a4.pointee)
      c40 = c40.addingProduct(x4, b0)
      if halves > 1 { c41 = c41.addingProduct(x4, b1) }
    }
    if height > 5 {
      let x5 = splat8(a5.pointee)
      c50 = c50.addingProduct(x5, b0)
      if halves > 1 { c51 = c51.addingProduct(x5, b1) }
    }
  }

  /// Adds the residual, clamps and writes the rows.
  @inline(__always)
  func write(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
    finish(tile, 0, c00, c01)
    if height > 1 { finish(tile, 1, c10, c11) }
    if height > 2 { finish(tile, 2, c20, c21) }
    if height > 3 { finish(tile, 3, c30, c31) }
    if height > 4 { finish(tile, 4, c40, c41) }
    if height > 5 { finish(tile, 5, c50, c51) }
  }
}

/// Adds the residual, clamps and writes one row.
@inline(__always)
private func finish(_ tile: UnsafePointer<GemmTileF32>, _ row: Int, _ c0: Float8, _ c1: Float8) {
  let low = splat8(tile.pointee.low)
  let high = splat8(tile.pointee.high)
  let output = tile.pointee.output + row * tile.pointee.outputStride
  let columns = tile.pointee.columns
  var c0 = c0
  var c1 = c1
  if columns == 16 {
    if let residual = tile.pointee.residual {
      c0 += load8(residual + row * tile.pointee.residualStride)
      c1 += load8(residual + row * tile.pointee.residualStride + 8)
    }
    store8(atMost(high, atLeast(low, c0)), output)
    store8(atMost(high, atLeast(low, c1)), output + 8)
    return
  }
  if let residual = tile.pointee.residual {
    let from = residual + row * tile.pointee.residualStride
    c0 += load8(from, count: min(columns, 8))
    if columns > 8 { c1 += load8(from + 8, count: columns - 8) }
  }
  store8(atMost(high, atLeast(low, c0)), output, count: min(columns, 8))
  if columns > 8 { store8(atMost(high, atLeast(low, c1)), output + 8, count: columns - 8) }
}
