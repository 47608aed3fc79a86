// The transforms of 6 × 6 pixels, for tiles of 4 × 4 and windows of 3, or 2 × 2 and 5: nodes 0, ±√½, ±√2 and ∞ (`WinogradPacking.nodes`).

private typealias Six8 = (Float8, Float8, Float8, Float8, Float8, Float8)

/// √½ and √2 as floats.
@inline(__always) private var inner: Float { 0.707_106_78 }
@inline(__always) private var outer: Float { 1.414_213_6 }

/// Bᵀ times a column of six.
@inline(__always)
func spreadSix(
  _ d: (Float8, Float8, Float8, Float8, Float8, Float8)
) -> (Float8, Float8, Float8, Float8, Float8, Float8) {
  let even1 = d.4.addingProduct(d.2, splat8(-2))
  let odd1 = d.3.addingProduct(d.1, splat8(-2))
  let even2 = d.4.addingProduct(d.2, splat8(-0.5))
  let odd2 = d.3.addingProduct(d.1, splat8(-0.5))
  return (
    (d.0 + d.4).addingProduct(d.2, splat8(-2.5)), even1.addingProduct(odd1, splat8(inner)), even1.addingProduct(odd1, splat8(-inner)),
    even2.addingProduct(odd2, splat8(outer)), even2.addingProduct(odd2, splat8(-outer)), (d.1 + d.5).addingProduct(d.3, splat8(-2.5))
  )
}

/// Aᵀ of a tile of 4 or 2, in which case the last two are nothing, times a column of six.
@inline(__always)
func gatherSix(
  _ tile: Int, _ m: (Float8, Float8, Float8, Float8, Float8, Float8)
) -> (Float8, Float8, Float8, Float8) {
  let sum1 = m.1 + m.2
  let sum2 = m.3 + m.4
  let difference1 = (m.1 - m.2) * splat8(inner)
  let difference2 = (m.3 - m.4) * splat8(outer)
  if tile == 2 { return (m.0 + (sum1 + sum2), m.5 + (difference1 + difference2), sum1, sum1) }
  return (
    m.0 + (sum1 + sum2), difference1 + difference2, (sum1 * splat8(0.5)).addingProduct(sum2, splat8(2)),
    (m.5.addingProduct(difference1, splat8(0.5))).addingProduct(difference2, splat8(2))
  )
}

/// Eight channels of one tile, down a column into `to`.
@inline(__always)
private func spreadColumn(_ values: Six8, _ to: UnsafeMutablePointer<Float>) {
  let column = spreadSix(values)
  store8(column.0, to)
  store8(column.1, to + 48)
  store8(column.2, to + 96)
  store8(column.3, to + 144)
  store8(column.4, to + 192)
  store8(column.5, to + 240)
}

/// Eight channels of one tile, along the rows of `between` to the points.
@inline(__always)
private func spreadRows(_ between: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ pointStride: Int) {
  var from = between
  var to = target
  for _ in 0..<6 {
    let row = spreadSix((load8(from), load8(from + 8), load8(from + 16), load8(from + 24), load8(from + 32), load8(from + 40)))
    store8(row.0, to)
    store8(row.1, to + pointStride)
    store8(row.2, to + 2 * pointStride)
    store8(row.3, to + 3 * pointStride)
    store8(row.4, to + 4 * pointStride)
    store8(row.5, to + 5 * pointStride)
    from += 48
    to += 6 * pointStride
  }
}

/// See `transformInput`: `pixels` are 36 pointers, row by row. Sixteen channels, a line of the cache, at a time.
@inline(never)
func transformInput6(
  _ pixels: UnsafePointer<UnsafePointer<Float>>, channels: Int, to target: UnsafeMutablePointer<Float>, pointStride: Int,
  between: UnsafeMutablePointer<Float>
) {
  let second = between + 288
  var k = 0
  while k + 16 <= channels {
    for x in 0..<6 {
      let p0 = pixels[x] + k
      let p1 = pixels[6 + x] + k
      let p2 = pixels[12 + x] + k
      let p3 = pixels[18 + x] + k
      let p4 = pixels[24 + x] + k
      let p5 = pixels[30 + x] + k
      spreadColumn((load8(p0), load8(p1), load8(p2), load8(p3), load8(p4), load8(p5)), between + 8 * x)
      spreadColumn((load8(p0 + 8), load8(p1 + 8), load8(p2 + 8), load8(p3 + 8), load8(p4 + 8), load8(p5 + 8)), second + 8 * x)
    }
    spreadRows(between, target + k, pointStride)
    spreadRows(second, target + (k + 8), pointStride)
    k += 16
  }
  while k < channels {
    let count = min(8, channels - k)
    for x in 0..<6 {
      spreadColumn(
        (
          load8(pixels[x] + k, count: count), load8(pixels[6 + x] + k, count: count), load8(pixels[12 + x] + k, count: count),
          load8(pixels[18 + x] + k, count: count), load8(pixels[24 + x] + k, count: count), load8(pixels[30 + x] + k, count: count)
        ), between + 8 * x)
    }
    spreadRows(between, target + k, pointStride)
    k += 8
  }
}

/// See `transformOutput`.
@inline(never)
func transformOutput6to4(
  _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<WinogradSink>, between: UnsafeMutablePointer<Float>
) {
  transformOutput(4, products, pointStride: pointStride, to: sink, between: between)
}

/// See `transformOutput`.
@inline(never)
func transformOutput6to2(
  _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<WinogradSink>, between: UnsafeMutablePointer<Float>
) {
  transformOutput(2, products, pointStride: pointStride, to: sink, between: between)
}

/// For a tile of 4 or 2, a constant where this is inlined.
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
    while x < 6 {
      let values = gatherSix(
        tile,
        (
          load8(from), load8(from + 6 * pointStride), load8(from + 12 * pointStride), load8(from + 18 * pointStride),
          load8(from + 24 * pointStride), load8(from + 30 * pointStride)
        ))
      let to = between + x * 8
      store8(values.0, to)
      store8(values.1, to + 48)
      if tile > 2 {
        store8(values.2, to + 96)
        store8(values.3, to + 144)
      }
      from += pointStride
      x += 1
    }
    let bias = load8(sink.bias + column)
    var y = 0
    while y < sink.height {
      let line = UnsafePointer(between + 48 * y)
      let row = gatherSix(tile, (load8(line), load8(line + 8), load8(line + 16), load8(line + 24), load8(line + 32), load8(line + 40)))
      let width = sink.width
      finish(sink, y, 0, column, row.0 + bias)
      if width > 1 { finish(sink, y, 1, column, row.1 + bias) }
      if tile > 2 && width > 2 { finish(sink, y, 2, column, row.2 + bias) }
      if tile > 2 && width > 3 { finish(sink, y, 3, column, row.3 + bias) }
      y += 1
    }
    column += 8
  }
}
