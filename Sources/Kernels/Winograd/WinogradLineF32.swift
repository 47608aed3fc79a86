import KernelContract

// The transforms of lines of 6 or 8 pixels, for windows of several taps in one direction only. They are those of a column of a square tile.

/// See `transformInput`: `pixels` are six pointers.
@inline(never)
func transformInputLine6(
  _ pixels: UnsafePointer<UnsafePointer<Float>>, channels: Int, to target: UnsafeMutablePointer<Float>, pointStride: Int
) {
  let (p0, p1, p2, p3, p4, p5) = (pixels[0], pixels[1], pixels[2], pixels[3], pixels[4], pixels[5])
  var k = 0
  while k + 8 <= channels {
    storeSix(spreadSix((load8(p0 + k), load8(p1 + k), load8(p2 + k), load8(p3 + k), load8(p4 + k), load8(p5 + k))), target + k, pointStride)
    k += 8
  }
  let count = channels - k
  if count > 0 {
    let values = (
      load8(p0 + k, count: count), load8(p1 + k, count: count), load8(p2 + k, count: count), load8(p3 + k, count: count),
      load8(p4 + k, count: count), load8(p5 + k, count: count)
    )
    storeSix(spreadSix(values), target + k, pointStride)
  }
}

/// See `transformInput`: `pixels` are eight pointers.
@inline(never)
func transformInputLine8(
  _ pixels: UnsafePointer<UnsafePointer<Float>>, channels: Int, to target: UnsafeMutablePointer<Float>, pointStride: Int
) {
  let (p0, p1, p2, p3) = (pixels[0], pixels[1], pixels[2], pixels[3])
  let (p4, p5, p6, p7) = (pixels[4], pixels[5], pixels[6], pixels[7])
  var k = 0
  while k + 8 <= channels {
    let values = (
      load8(p0 + k), load8(p1 + k), load8(p2 + k), load8(p3 + k), load8(p4 + k), load8(p5 + k), load8(p6 + k), load8(p7 + k)
    )
    storeEight(spreadEight(values), target + k, pointStride)
    k += 8
  }
  let count = channels - k
  if count > 0 {
    let values = (
      load8(p0 + k, count: count), load8(p1 + k, count: count), load8(p2 + k, count: count), load8(p3 + k, count: count),
      load8(p4 + k, count: count), load8(p5 + k, count: count), load8(p6 + k, count: count), load8(p7 + k, count: count)
    )
    storeEight(spreadEight(values), target + k, pointStride)
  }
}

@inline(__always)
private func storeSix(
  _ v: (Float8, Float8, Float8, Float8, Float8, Float8), _ to: UnsafeMutablePointer<Float>, _ pointStride: Int
) {
  store8(v.0, to)
  store8(v.1, to + pointStride)
  store8(v.2, to + 2 * pointStride)
  store8(v.3, to + 3 * pointStride)
  store8(v.4, to + 4 * pointStride)
  store8(v.5, to + 5 * pointStride)
}

@inline(__always)
private func storeEight(
  _ v: (Float8, Float8, Float8, Float8, Float8, Float8, Float8, Float8), _ to: UnsafeMutablePointer<Float>, _ pointStride: Int
) {
  store8(v.0, to)
  store8(v.1, to + pointStride)
  store8(v.2, to + 2 * pointStride)
  store8(v.3, to + 3 * pointStride)
  store8(v.4, to + 4 * pointStride)
  store8(v.5, to + 5 * pointStride)
  store8(v.6, to + 6 * pointStride)
  store8(v.7, to + 7 * pointStride)
}

/// See `transformOutput`, of a tile that is a column or a row.
func transformOutputLine(
  _ products: UnsafePointer<Float>, points: Int, tile: Int, isColumn: Bool, pointStride: Int, to sink: UnsafePointer<WinogradSink>
) {
  var line = sink.pointee
  // Pixels of the tile are rows of the sink, whichever way it runs.
  if !isColumn { (line.rowStride, line.residualRowStride, line.height) = (line.pixelStride, line.residualPixelStride, line.width) }
  switch (points, tile) {
  case (6, 2): gatherLine6(2, products, pointStride, line)
  case (6, _): gatherLine6(4, products, pointStride, line)
  case (_, 2): gatherLine8(2, products, pointStride, line)
  case (_, 4): gatherLine8(4, products, pointStride, line)
  default: gatherLine8(6, products, pointStride, line)
  }
}

/// For a tile of 4 or 2, a constant where this is inlined.
@inline(__always)
private func gatherLine6(_ tile: Int, _ products: UnsafePointer<Float>, _ pointStride: Int, _ line: WinogradSink) {
  var column = 0
  while column < line.columns {
    let from = products + column
    let bias = load8(line.bias + column)
    let values = gatherSix(
      tile,
      (
        load8(from), load8(from + pointStride), load8(from + 2 * pointStride), load8(from + 3 * pointStride),
        load8(from + 4 * pointStride), load8(from + 5 * pointStride)
      ))
    finish(line, 0, 0, column, values.0 + bias)
    if line.height > 1 { finish(line, 1, 0, column, values.1 + bias) }
    if tile > 2 && line.height > 2 { finish(line, 2, 0, column, values.2 + bias) }
    if tile > 2 && line.height > 3 { finish(line, 3, 0, column, values.3 + bias) }
    column += 8
  }
}

/// For a tile of 6, 4 or 2, a constant where this is inlined.
@inline(__always)
private func gatherLine8(_ tile: Int, _ products: UnsafePointer<Float>, _ pointStride: Int, _ line: WinogradSink) {
  var column = 0
  while column < line.columns {
    let from = products + column
    let bias = load8(line.bias + column)
    let values = gatherEight(
      tile,
      (
        load8(from), load8(from + pointStride), load8(from + 2 * pointStride), load8(from + 3 * pointStride),
        load8(from + 4 * pointStride), load8(from + 5 * pointStride), load8(from + 6 * pointStride), load8(from + 7 * pointStride)
      ))
    finish(line, 0, 0, column, values.0 + bias)
    if line.height > 1 { finish(line, 1, 0, column, values.1 + bias) }
    if tile > 2 && line.height > 2 { finish(line, 2, 0, column, values.2 + bias) }
    if tile > 2 && line.height > 3 { finish(line, 3, 0, column, values.3 + bias) }
    if tile > 4 && line.height > 4 { finish(line, 4, 0, column, values.4 + bias) }
    if tile > 4 && line.height > 5 { finish(line, 5, 0, column, values.5 + bias) }
    column += 8
  }
}
