/// One row by four panels: a product of one row reads each weight once, so what counts is the number of streams in flight.
///
/// The sums are made in the order of the 6 × 16 tile, with the same bits. `panelStride` is the distance between panels in floats.
@inline(never)
func multiplyRowByFourPanels(_ tile: UnsafePointer<GemmTileF32>, panelStride: Int) {
  let bias = tile.pointee.bias
  var c0 = load8(bias)
  var c1 = load8(bias + 8)
  var c2 = load8(bias + 16)
  var c3 = load8(bias + 24)
  var c4 = load8(bias + 32)
  var c5 = load8(bias + 40)
  var c6 = load8(bias + 48)
  var c7 = load8(bias + 56)
  var b = tile.pointee.panel
  let step = tile.pointee.depthStep
  let end = tile.pointee.depth * step
  for tap in 0..<tile.pointee.taps {
    let a = tile.pointee.rows[tap * tile.pointee.rowsStride]
    var k = 0
    while k < end {
      let x = splat8(a[k])
      let second = b + panelStride
      let third = second + panelStride
      let fourth = third + panelStride
      c0 = c0.addingProduct(x, load8(b))
      c1 = c1.addingProduct(x, load8(b + 8))
      c2 = c2.addingProduct(x, load8(second))
      c3 = c3.addingProduct(x, load8(second + 8))
      c4 = c4.addingProduct(x, load8(third))
      c5 = c5.addingProduct(x, load8(third + 8))
      c6 = c6.addingProduct(x, load8(fourth))
      c7 = c7.addingProduct(x, load8(fourth + 8))
      b += 16
      k += step
    }
  }
  finish(tile, 0, c0)
  finish(tile, 8, c1)
  finish(tile, 16, c2)
  finish(tile, 24, c3)
  finish(tile, 32, c4)
  finish(tile, 40, c5)
  finish(tile, 48, c6)
  finish(tile, 56, c7)
}

/// Adds the residual, clamps and writes eight columns, or as many of them as there are.
@inline(__always)
private func finish(_ tile: UnsafePointer<GemmTileF32>, _ column: Int, _ sum: Float8) {
  let count = min(tile.pointee.columns - column, 8)
  if count <= 0 { return }
  var sum = sum
  if let residual = tile.pointee.residual { sum += load8(residual + column, count: count) }
  store8(atMost(splat8(tile.pointee.high), atLeast(splat8(tile.pointee.low), sum)), tile.pointee.output + column, count: count)
}
