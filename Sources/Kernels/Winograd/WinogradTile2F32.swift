// The transforms of 4 × 4 pixels, for tiles of 2 × 2 and windows of 3: nodes 0, ±1 and ∞ (`WinogradPacking.nodes`).

private typealias Four8 = (Float8, Float8, Float8, Float8)

/// Bᵀ times a column of four.
@inline(__always)
private func spread(_ d: Four8) -> Four8 { (d.2 - d.0, d.2 + d.1, d.2 - d.1, d.3 - d.1) }

/// Aᵀ times a column of four.
@inline(__always)
func gatherFour(_ m: (Float8, Float8, Float8, Float8)) -> (Float8, Float8) { (m.0 + (m.1 + m.2), (m.1 - m.2) + m.3) }

/// Eight channels of one tile, down a column into `to`.
@inline(__always)
private func spreadColumn(_ values: Four8, _ to: UnsafeMutablePointer<Float>) {
  let column = spread(values)
  store8(column.0, to)
  store8(column.1, to + 32)
  store8(column.2, to + 64)
  store8(column.3, to + 96)
}

/// Eight channels of one tile, along the rows of `between` to the points.
@inline(__always)
private func spreadRows(_ between: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ pointStride: Int) {
  var from = between
  var to = target
  for _ in 0..<4 {
    let row = spread((load8(from), load8(from + 8), load8(from + 16), load8(from + 24)))
    store8(row.0, to)
    store8(row.1, to + pointStride)
    store8(row.2, to + 2 * pointStride)
    store8(row.3, to + 3 * pointStride)
    from += 32
    to += 4 * pointStride
  }
}

/// See `transformInput`: `pixels` are 16 pointers, row by row. Sixteen channels, a line of the cache, at a time.
@inline(never)
func transformInput4(
  _ pixels: UnsafePointer<UnsafePointer<Float>>, channels: Int, to target: UnsafeMutablePointer<Float>, pointStride: Int,
  between: UnsafeMutablePointer<Float>
) {
  let second = between + 128
  var k = 0
  while k + 16 <= channels {
    for x in 0..<4 {
      let p0 = pixels[x] + k
      let p1 = pixels[4 + x] + k
      let p2 = pixels[8 + x] + k
      let p3 = pixels[12 + x] + k
      spreadColumn((load8(p0), load8(p1), load8(p2), load8(p3)), between + 8 * x)
      spreadColumn((load8(p0 + 8), load8(p1 + 8), load8(p2 + 8), load8(p3 + 8)), second + 8 * x)
    }
    spreadRows(between, target + k, pointStride)
    spreadRows(second, target + (k + 8), pointStride)
    k += 16
  }
  while k < channels {
    let count = min(8, channels - k)
    for x in 0..<4 {
      spreadColumn(
        (
          load8(pixels[x] + k, count: count), load8(pixels[4 + x] + k, count: count), load8(pixels[8 + x] + k, count: count),
          load8(pixels[12 + x] + k, count: count)
        ), between + 8 * x)
    }
    spreadRows(between, target + k, pointStride)
    k += 8
  }
}

/// See `transformOutput`.
@inline(never)
func transformOutput4to2(
  _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<WinogradSink>, between: UnsafeMutablePointer<Float>
) {
  // A copy, which stores cannot change: its fields stay in registers.
  let sink = sink.pointee
  var column = 0
  while column < sink.columns {
    var from = products + column
    var x = 0
    while x < 4 {
      let values = gatherFour((load8(from), load8(from + 4 * pointStride), load8(from + 8 * pointStride), load8(from + 12 * pointStride)))
      let to = between + x * 8
      store8(values.0, to)
      store8(values.1, to + 32)
      from += pointStride
      x += 1
    }
    let bias = load8(sink.bias + column)
    var y = 0
    while y < sink.height {
      let line = UnsafePointer(between + 32 * y)
      let row = gatherFour((load8(line), load8(line + 8), load8(line + 16), load8(line + 24)))
      let width = sink.width
      finish(sink, y, 0, column, row.0 + bias)
      if width > 1 { finish(sink, y, 1, column, row.1 + bias) }
      y += 1
    }
    column += 8
  }
}
