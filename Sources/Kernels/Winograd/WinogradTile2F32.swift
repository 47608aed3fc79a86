// The transforms of tiles of 2 × 2 output pixels: nodes 0, ±1 and ∞ (`WinogradPacking.nodes`).

private typealias Four8 = (Float8, Float8, Float8, Float8)

/// Bᵀ times a column of four.
@inline(__always)
private func spread(_ d: Four8) -> Four8 { (d.2 - d.0, d.2 + d.1, d.2 - d.1, d.3 - d.1) }

/// Aᵀ times a column of four.
@inline(__always)
private func gather(_ m: Four8) -> (Float8, Float8) { (m.0 + (m.1 + m.2), (m.1 - m.2) + m.3) }

/// Eight channels of one tile: down the columns into `between`, then along the rows to the points.
@inline(__always)
private func spreadTile(
  _ target: UnsafeMutablePointer<Float>, _ pointStride: Int, _ between: UnsafeMutablePointer<Float>, _ pixel: (Int) -> Float8
) {
  var x = 0
  while x < 4 {
    let column = spread((pixel(x), pixel(4 + x), pixel(8 + x), pixel(12 + x)))
    let to = between + x * 8
    store8(column.0, to)
    store8(column.1, to + 32)
    store8(column.2, to + 64)
    store8(column.3, to + 96)
    x += 1
  }
  var from = UnsafePointer(between)
  var to = target
  x = 0
  while x < 4 {
    let row = spread((load8(from), load8(from + 8), load8(from + 16), load8(from + 24)))
    store8(row.0, to)
    store8(row.1, to + pointStride)
    store8(row.2, to + 2 * pointStride)
    store8(row.3, to + 3 * pointStride)
    from += 32
    to += 4 * pointStride
    x += 1
  }
}

/// See `transformInput`: `pixels` are 16 pointers, row by row.
@inline(never)
func transformInput2(
  _ pixels: UnsafePointer<UnsafePointer<Float>>, channels: Int, to target: UnsafeMutablePointer<Float>, pointStride: Int,
  between: UnsafeMutablePointer<Float>
) {
  var k = 0
  while k + 8 <= channels {
    spreadTile(target + k, pointStride, between) { load8(pixels[$0] + k) }
    k += 8
  }
  if k < channels { spreadTile(target + k, pointStride, between) { load8(pixels[$0] + k, count: channels - k) } }
}

/// See `transformOutput`.
@inline(never)
func transformOutput2(
  _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<WinogradSink>, between: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column < sink.pointee.columns {
    var from = products + column
    var x = 0
    while x < 4 {
      let values = gather((load8(from), load8(from + 4 * pointStride), load8(from + 8 * pointStride), load8(from + 12 * pointStride)))
      let to = between + x * 8
      store8(values.0, to)
      store8(values.1, to + 32)
      from += pointStride
      x += 1
    }
    let bias = load8(sink.pointee.bias + column)
    var y = 0
    while y < sink.pointee.height {
      let line = UnsafePointer(between + 32 * y)
      let row = gather((load8(line), load8(line + 8), load8(line + 16), load8(line + 24)))
      let width = sink.pointee.width
      finish(sink, y, 0, column, row.0 + bias)
      if width > 1 { finish(sink, y, 1, column, row.1 + bias) }
      y += 1
    }
    column += 8
  }
}
