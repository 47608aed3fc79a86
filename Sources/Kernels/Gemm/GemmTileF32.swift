/// `height` (a constant, 1 … 6) rows by 16 columns: 12 accumulators, two vectors of the panel and one broadcast fill the 16 registers.
/// With `halves` (a constant) 1 the last 8 columns are padding and left out.
///
/// Every row's sums are made in the same order whatever the height, so that any tiling gives the same bits.
@inline(__always)
private func multiply(_ height: Int, _ halves: Int, _ tile: UnsafePointer<GemmTileF32>) {
  let bias0 = load8(tile.pointee.bias)
  let bias1 = load8(tile.pointee.bias + 8)
  var c00 = bias0
  var c10 = bias0
  var c20 = bias0
  var c30 = bias0
  var c40 = bias0
  var c50 = bias0
  var c01 = bias1
  var c11 = bias1
  var c21 = bias1
  var c31 = bias1
  var c41 = bias1
  var c51 = bias1
  var b = tile.pointee.panel
  let step = tile.pointee.depthStep
  let end = tile.pointee.depth * step
  for tap in 0..<tile.pointee.taps {
    let rows = tile.pointee.rows + tap * tile.pointee.rowsStride
    let a0 = rows[0]
    let a1 = rows[height > 1 ? 1 : 0]
    let a2 = rows[height > 2 ? 2 : 0]
    let a3 = rows[height > 3 ? 3 : 0]
    let a4 = rows[height > 4 ? 4 : 0]
    let a5 = rows[height > 5 ? 5 : 0]
    var k = 0
    while k < end {
      let b0 = load8(b)
      let b1 = halves > 1 ? load8(b + 8) : b0
      b += 16
      let x0 = splat8(a0[k])
      c00 = c00.addingProduct(x0, b0)
      if halves > 1 { c01 = c01.addingProduct(x0, b1) }
      if height > 1 {
        let x1 = splat8(a1[k])
        c10 = c10.addingProduct(x1, b0)
        if halves > 1 { c11 = c11.addingProduct(x1, b1) }
      }
      if height > 2 {
        let x2 = splat8(a2[k])
        c20 = c20.addingProduct(x2, b0)
        if halves > 1 { c21 = c21.addingProduct(x2, b1) }
      }
      if height > 3 {
        let x3 = splat8(a3[k])
        c30 = c30.addingProduct(x3, b0)
        if halves > 1 { c31 = c31.addingProduct(x3, b1) }
      }
      if height > 4 {
        let x4 = splat8(a4[k])
        c40 = c40.addingProduct(x4, b0)
        if halves > 1 { c41 = c41.addingProduct(x4, b1) }
      }
      if height > 5 {
        let x5 = splat8(a5[k])
        c50 = c50.addingProduct(x5, b0)
        if halves > 1 { c51 = c51.addingProduct(x5, b1) }
      }
      k += step
    }
  }
  finish(tile, 0, c00, c01)
  if height > 1 { finish(tile, 1, c10, c11) }
  if height > 2 { finish(tile, 2, c20, c21) }
  if height > 3 { finish(tile, 3, c30, c31) }
  if height > 4 { finish(tile, 4, c40, c41) }
  if height > 5 { finish(tile, 5, c50, c51) }
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

@inline(never) private func multiply1(_ tile: UnsafePointer<GemmTileF32>) { multiply(1, 2, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<GemmTileF32>) { multiply(2, 2, tile) }
@inline(never) private func multiply3(_ tile: UnsafePointer<GemmTileF32>) { multiply(3, 2, tile) }
@inline(never) private func multiply4(_ tile: UnsafePointer<GemmTileF32>) { multiply(4, 2, tile) }
@inline(never) private func multiply5(_ tile: UnsafePointer<GemmTileF32>) { multiply(5, 2, tile) }
@inline(never) private func multiply6(_ tile: UnsafePointer<GemmTileF32>) { multiply(6, 2, tile) }

@inline(never) private func multiplyHalf1(_ tile: UnsafePointer<GemmTileF32>) { multiply(1, 1, tile) }
@inline(never) private func multiplyHalf2(_ tile: UnsafePointer<GemmTileF32>) { multiply(2, 1, tile) }
@inline(never) private func multiplyHalf3(_ tile: UnsafePointer<GemmTileF32>) { multiply(3, 1, tile) }
@inline(never) private func multiplyHalf4(_ tile: UnsafePointer<GemmTileF32>) { multiply(4, 1, tile) }
@inline(never) private func multiplyHalf5(_ tile: UnsafePointer<GemmTileF32>) { multiply(5, 1, tile) }
@inline(never) private func multiplyHalf6(_ tile: UnsafePointer<GemmTileF32>) { multiply(6, 1, tile) }

/// The height of the next tile when `remaining` rows are left: 6, and near the end heights that leave no tile below 4.
@inline(__always)
func tileHeight(_ remaining: Int) -> Int {
  if remaining >= 12 || remaining == 11 { return 6 }
  if remaining <= 6 { return remaining }
  return remaining == 7 || remaining == 8 ? 4 : 5
}

/// One tile of `height` (1 … 6) rows.
@inline(__always)
func multiplyTile(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  if tile.pointee.columns > 8 {
    switch height {
    case 6: multiply6(tile)
    case 5: multiply5(tile)
    case 4: multiply4(tile)
    case 3: multiply3(tile)
    case 2: multiply2(tile)
    default: multiply1(tile)
    }
  } else {
    switch height {
    case 6: multiplyHalf6(tile)
    case 5: multiplyHalf5(tile)
    case 4: multiplyHalf4(tile)
    case 3: multiplyHalf3(tile)
    case 2: multiplyHalf2(tile)
    default: multiplyHalf1(tile)
    }
  }
}
