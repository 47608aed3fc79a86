import CIntrinsics

/// Sixteen floats: one register.
private typealias Float16x = SIMD16<Float>

@inline(__always)
private func load16(_ from: UnsafePointer<Float>) -> Float16x { UnsafeRawPointer(from).loadUnaligned(as: Float16x.self) }

@inline(__always)
private func splat16(_ value: Float) -> Float16x { Float16x(repeating: value) }

/// `height` (a constant, 1 … 8) rows by 16 columns, a register a row. Eight rows, so that pixels a power of two apart still find a way each in
/// the first-level cache.
///
/// The sums are made in the order of every other kernel of the family, with the same bits.
@inline(__always)
private func multiply(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  let bias = load16(tile.pointee.bias)
  var c0 = bias
  var c1 = bias
  var c2 = bias
  var c3 = bias
  var c4 = bias
  var c5 = bias
  var c6 = bias
  var c7 = bias
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
    let a6 = rows[height > 6 ? 6 : 0]
    let a7 = rows[height > 7 ? 7 : 0]
    var k = 0
    while k < end {
      let w = load16(b)
      b += 16
      c0 = c0.addingProduct(splat16(a0[k]), w)
      if height > 1 { c1 = c1.addingProduct(splat16(a1[k]), w) }
      if height > 2 { c2 = c2.addingProduct(splat16(a2[k]), w) }
      if height > 3 { c3 = c3.addingProduct(splat16(a3[k]), w) }
      if height > 4 { c4 = c4.addingProduct(splat16(a4[k]), w) }
      if height > 5 { c5 = c5.addingProduct(splat16(a5[k]), w) }
      if height > 6 { c6 = c6.addingProduct(splat16(a6[k]), w) }
      if height > 7 { c7 = c7.addingProduct(splat16(a7[k]), w) }
      k += step
    }
  }
  finish(tile, 0, c0)
  if height > 1 { finish(tile, 1, c1) }
  if height > 2 { finish(tile, 2, c2) }
  if height > 3 { finish(tile, 3, c3) }
  if height > 4 { finish(tile, 4, c4) }
  if height > 5 { finish(tile, 5, c5) }
  if height > 6 { finish(tile, 6, c6) }
  if height > 7 { finish(tile, 7, c7) }
}

/// The same where the last 8 columns are padding and left out.
@inline(__always)
private func multiplyHalf(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  let bias = load8(tile.pointee.bias)
  var c0 = bias
  var c1 = bias
  var c2 = bias
  var c3 = bias
  var c4 = bias
  var c5 = bias
  var c6 = bias
  var c7 = bias
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
    let a6 = rows[height > 6 ? 6 : 0]
    let a7 = rows[height > 7 ? 7 : 0]
    var k = 0
    while k < end {
      let w = load8(b)
      b += 16
      c0 = c0.addingProduct(splat8(a0[k]), w)
      if height > 1 { c1 = c1.addingProduct(splat8(a1[k]), w) }
      if height > 2 { c2 = c2.addingProduct(splat8(a2[k]), w) }
      if height > 3 { c3 = c3.addingProduct(splat8(a3[k]), w) }
      if height > 4 { c4 = c4.addingProduct(splat8(a4[k]), w) }
      if height > 5 { c5 = c5.addingProduct(splat8(a5[k]), w) }
      if height > 6 { c6 = c6.addingProduct(splat8(a6[k]), w) }
      if height > 7 { c7 = c7.addingProduct(splat8(a7[k]), w) }
      k += step
    }
  }
  finishHalf(tile, 0, c0)
  if height > 1 { finishHalf(tile, 1, c1) }
  if height > 2 { finishHalf(tile, 2, c2) }
  if height > 3 { finishHalf(tile, 3, c3) }
  if height > 4 { finishHalf(tile, 4, c4) }
  if height > 5 { finishHalf(tile, 5, c5) }
  if height > 6 { finishHalf(tile, 6, c6) }
  if height > 7 { finishHalf(tile, 7, c7) }
}

/// Adds the residual, clamps and writes one row.
@inline(__always)
private func finish(_ tile: UnsafePointer<GemmTileF32>, _ row: Int, _ sum: Float16x) {
  let columns = tile.pointee.columns - 8
  if columns == 8 {
    var sum = sum
    if let residual = tile.pointee.residual { sum += load16(residual + row * tile.pointee.residualStride) }
    let value = _mm512_min_ps(splat16(tile.pointee.high), _mm512_max_ps(splat16(tile.pointee.low), sum))
    UnsafeMutableRawPointer(tile.pointee.output + row * tile.pointee.outputStride).storeBytes(of: value, as: Float16x.self)
    return
  }
  finishHalf(tile, row, sum.lowHalf)
  store(tile, row, 8, sum.highHalf, min(columns, 8))
}

@inline(__always)
private func finishHalf(_ tile: UnsafePointer<GemmTileF32>, _ row: Int, _ sum: Float8) {
  store(tile, row, 0, sum, min(tile.pointee.columns, 8))
}

@inline(__always)
private func store(_ tile: UnsafePointer<GemmTileF32>, _ row: Int, _ column: Int, _ sum: Float8, _ count: Int) {
  let output = tile.pointee.output + (row * tile.pointee.outputStride + column)
  var sum = sum
  if let residual = tile.pointee.residual {
    let from = residual + (row * tile.pointee.residualStride + column)
    sum += count == 8 ? load8(from) : load8(from, count: count)
  }
  let value = atMost(splat8(tile.pointee.high), atLeast(splat8(tile.pointee.low), sum))
  if count == 8 { store8(value, output) } else { store8(value, output, count: count) }
}

@inline(never) private func multiply1(_ tile: UnsafePointer<GemmTileF32>) { multiply(1, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<GemmTileF32>) { multiply(2, tile) }
@inline(never) private func multiply3(_ tile: UnsafePointer<GemmTileF32>) { multiply(3, tile) }
@inline(never) private func multiply4(_ tile: UnsafePointer<GemmTileF32>) { multiply(4, tile) }
@inline(never) private func multiply5(_ tile: UnsafePointer<GemmTileF32>) { multiply(5, tile) }
@inline(never) private func multiply6(_ tile: UnsafePointer<GemmTileF32>) { multiply(6, tile) }
@inline(never) private func multiply7(_ tile: UnsafePointer<GemmTileF32>) { multiply(7, tile) }
@inline(never) private func multiply8(_ tile: UnsafePointer<GemmTileF32>) { multiply(8, tile) }

@inline(never) private func multiplyHalf1(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(1, tile) }
@inline(never) private func multiplyHalf2(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(2, tile) }
@inline(never) private func multiplyHalf3(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(3, tile) }
@inline(never) private func multiplyHalf4(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(4, tile) }
@inline(never) private func multiplyHalf5(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(5, tile) }
@inline(never) private func multiplyHalf6(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(6, tile) }
@inline(never) private func multiplyHalf7(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(7, tile) }
@inline(never) private func multiplyHalf8(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(8, tile) }

/// The height of the next tile when `remaining` rows are left: 8, and near the end two alike.
@inline(__always)
func tileHeight(_ remaining: Int) -> Int {
  if remaining >= 16 { return 8 }
  return remaining <= 8 ? remaining : (remaining + 1) / 2
}

/// One tile of `height` (1 … 8) rows.
@inline(__always)
func multiplyTile(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  if tile.pointee.columns > 8 {
    switch height {
    case 8: multiply8(tile)
    case 7: multiply7(tile)
    case 6: multiply6(tile)
    case 5: multiply5(tile)
    case 4: multiply4(tile)
    case 3: multiply3(tile)
    case 2: multiply2(tile)
    default: multiply1(tile)
    }
  } else {
    switch height {
    case 8: multiplyHalf8(tile)
    case 7: multiplyHalf7(tile)
    case 6: multiplyHalf6(tile)
    case 5: multiplyHalf5(tile)
    case 4: multiplyHalf4(tile)
    case 3: multiplyHalf3(tile)
    case 2: multiplyHalf2(tile)
    default: multiplyHalf1(tile)
    }
  }
}
