// The transforms of 8 × 8 pixels, for tiles of 6 × 6 and windows of 3, or 4 × 4 and 5: nodes 0, ±1, ±2, ±½ and ∞ (`WinogradPacking.nodes`).

private typealias Eight8 = (Float8, Float8, Float8, Float8, Float8, Float8, Float8, Float8)

/// Bᵀ times a column of eight.
@inline(__always)
func spreadEight(
  _ d: (Float8, Float8, Float8, Float8, Float8, Float8, Float8, Float8)
) -> (Float8, Float8, Float8, Float8, Float8, Float8, Float8, Float8) {
  let even1 = (d.2 + d.6).addingProduct(d.4, splat8(-4.25))
  let odd1 = (d.1 + d.5).addingProduct(d.3, splat8(-4.25))
  let even2 = d.6.addingProduct(d.2, splat8(0.25)).addingProduct(d.4, splat8(-1.25))
  let odd2 = d.5.addingProduct(d.1, splat8(0.25)).addingProduct(d.3, splat8(-1.25))
  let even3 = d.6.addingProduct(d.2, splat8(4)).addingProduct(d.4, splat8(-5))
  let odd3 = d.5.addingProduct(d.1, splat8(4)).addingProduct(d.3, splat8(-5))
  return (
    (d.6 - d.0).addingProduct(d.2 - d.4, splat8(5.25)), even1 + odd1, even1 - odd1, even2.addingProduct(odd2, splat8(2)),
    even2.addingProduct(odd2, splat8(-2)), even3.addingProduct(odd3, splat8(0.5)), even3.addingProduct(odd3, splat8(-0.5)),
    (d.7 - d.1).addingProduct(d.3 - d.5, splat8(5.25))
  )
}

/// Aᵀ of a tile of 6, or of 4 or 2, in which case the last two or four are nothing, times a column of eight.
@inline(__always)
func gatherEight(
  _ tile: Int, _ m: (Float8, Float8, Float8, Float8, Float8, Float8, Float8, Float8)
) -> (Float8, Float8, Float8, Float8, Float8, Float8) {
  let sum1 = m.1 + m.2
  let sum2 = m.3 + m.4
  let sum3 = m.5 + m.6
  let difference1 = m.1 - m.2
  let difference2 = m.3 - m.4
  let difference3 = m.5 - m.6
  let third = difference1.addingProduct(difference2, splat8(8)).addingProduct(difference3, splat8(0.125))
  let second = difference1.addingProduct(difference2, splat8(2)).addingProduct(difference3, splat8(0.5))
  return (
    (m.0 + sum1) + (sum2 + sum3), tile == 2 ? m.7 + second : second,
    sum1.addingProduct(sum2, splat8(4)).addingProduct(sum3, splat8(0.25)), tile == 4 ? m.7 + third : third,
    sum1.addingProduct(sum2, splat8(16)).addingProduct(sum3, splat8(0.0625)),
    (m.7 + difference1).addingProduct(difference2, splat8(32)).addingProduct(difference3, splat8(0.03125))
  )
}

/// Eight channels of one tile, down a column into `to`.
@inline(__always)
private func spreadColumn(_ values: Eight8, _ to: UnsafeMutablePointer<Float>) {
  let column = spreadEight(values)
  store8(column.0, to)
  store8(column.1, to + 64)
  store8(column.2, to + 128)
  store8(column.3, to + 192)
  store8(column.4, to + 256)
  store8(column.5, to + 320)
  store8(column.6, to + 384)
  store8(column.7, to + 448)
}

/// Eight channels of one tile, along the rows of `between` to the points.
@inline(__always)
private func spreadRows(_ between: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ pointStride: Int) {
  var from = between
  var to = target
  for _ in 0..<8 {
    let row = spreadEight(
      (
        load8(from), load8(from + 8), load8(from + 16), load8(from + 24), load8(from + 32), load8(from + 40), load8(from + 48),
        load8(from + 56)
      ))
    store8(row.0, to)
    store8(row.1, to + pointStride)
    store8(row.2, to + 2 * pointStride)
    store8(row.3, to + 3 * pointStride)
    store8(row.4, to + 4 * pointStride)
    store8(row.5, to + 5 * pointStride)
    store8(row.6, to + 6 * pointStride)
    store8(row.7, to + 7 * pointStride)
    from += 64
    to += 8 * pointStride
  }
}

/// See `transformInput`: `pixels` are 64 pointers, row by row. Sixteen channels, a line of the cache, at a time.
@inline(never)
func transformInput8(
  _ pixels: UnsafePointer<UnsafePointer<Float>>, channels: Int, to target: UnsafeMutablePointer<Float>, pointStride: Int,
  between: UnsafeMutablePointer<Float>
) {
  let second = between + 512
  var k = 0
  while k + 16 <= channels {
    for x in 0..<8 {
      let p0 = pixels[x] + k
      let p1 = pixels[8 + x] + k
      let p2 = pixels[16 + x] + k
      let p3 = pixels[24 + x] + k
      let p4 = pixels[32 + x] + k
      let p5 = pixels[40 + x] + k
      let p6 = pixels[48 + x] + k
      let p7 = pixels[56 + x] + k
      spreadColumn((load8(p0), load8(p1), load8(p2), load8(p3), load8(p4), load8(p5), load8(p6), load8(p7)), between + 8 * x)
      spreadColumn(
        (load8(p0 + 8), load8(p1 + 8), load8(p2 + 8), load8(p3 + 8), load8(p4 + 8), load8(p5 + 8), load8(p6 + 8), load8(p7 + 8)),
        second + 8 * x)
    }
    spreadRows(between, target + k, pointStride)
    spreadRows(second, target + (k + 8), pointStride)
    k += 16
  }
  while k < channels {
    let count = min(8, channels - k)
    for x in 0..<8 {
      spreadColumn(
        (
          load8(pixels[x] + k, count: count), load8(pixels[8 + x] + k, count: count), load8(pixels[16 + x] + k, count: count),
          load8(pixels[24 + x] + k, count: count), load8(pixels[32 + x] + k, count: count), load8(pixels[40 + x] + k, count: count),
          load8(pixels[48 + x] + k, count: count), load8(pixels[56 + x] + k, count: count)
        ), between + 8 * x)
    }
    spreadRows(between, target + k, pointStride)
    k += 8
  }
}

/// See `transformOutput`.
@inline(never)
func transformOutput8to6(
  _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<WinogradSink>, between: UnsafeMutablePointer<Float>
) {
  transformOutput(6, products, pointStride: pointStride, to: sink, between: between)
}

/// See `transformOutput`.
@inline(never)
func transformOutput8to4(
  _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<WinogradSink>, between: UnsafeMutablePointer<Float>
) {
  transformOutput(4, products, pointStride: pointStride, to: sink, between: between)
}

/// For a tile of 6 or 4, a constant where this is inlined.
@inline(__always)
private func transformOutput(
  _ tile: Int, _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<WinogradSink>,
  between: UnsafeMutablePointer<Float>
) {
  // A copy, which stores cannot change: its fields stay in registers.
  let sink = sink.pointee
  var column = 0
  while column < sink.columns {
    var from = products + column
    var x = 0
    while x < 8 {
      let values = gatherEight(
        tile,
        (
          load8(from), load8(from + 8 * pointStride), load8(from + 16 * pointStride), load8(from + 24 * pointStride),
          load8(from + 32 * pointStride), load8(from + 40 * pointStride), load8(from + 48 * pointStride), load8(from + 56 * pointStride)
        ))
      let to = between + x * 8
      store8(values.0, to)
      store8(values.1, to + 64)
      store8(values.2, to + 128)
      store8(values.3, to + 192)
      if tile > 4 {
        store8(values.4, to + 256)
        store8(values.5, to + 320)
      }
      from += pointStride
      x += 1
    }
    let bias = load8(sink.bias + column)
    var y = 0
    while y < sink.height {
      let line = UnsafePointer(between + 64 * y)
      let row = gatherEight(
        tile,
        (
          load8(line), load8(line + 8), load8(line + 16), load8(line + 24), load8(line + 32), load8(line + 40), load8(line + 48),
          load8(line + 56)
        ))
      let width = sink.width
      finish(sink, y, 0, column, row.0 + bias)
      if width > 1 { finish(sink, y, 1, column, row.1 + bias) }
      if width > 2 { finish(sink, y, 2, column, row.2 + bias) }
      if width > 3 { finish(sink, y, 3, column, row.3 + bias) }
      if tile > 4 && width > 4 { finish(sink, y, 4, column, row.4 + bias) }
      if tile > 4 && width > 5 { finish(sink, y, 5, column, row.5 + bias) }
      y += 1
    }
    column += 8
  }
}
