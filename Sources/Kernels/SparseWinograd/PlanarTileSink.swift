import KernelContract

/// Where up to eight neighbouring tiles of one output channel go.
struct PlanarTileSink {
  /// The first tile's first pixel.
  var output: UnsafeMutablePointer<Float>
  var residual: UnsafePointer<Float>?
  /// Pixels between lines of the output and of the residual.
  var width: Int
  /// Lines and columns inside the image.
  var lines: Int
  var columns: Int
  var bias: Float
  var low: Float
  var high: Float

  /// Eight neighbouring pixels of line y from column x on.
  @inline(__always)
  func writeEight(_ y: Int, _ x: Int, _ value: Float8) {
    let place = y * width + x
    let sum = residual.map { value + load8($0 + place) } ?? value
    store8(atMost(splat8(high), atLeast(splat8(low), sum)), output + place)
  }

  /// The same, or as many of them as there are.
  @inline(__always)
  func write(_ y: Int, _ x: Int, _ value: Float8) {
    let count = columns - x
    if count >= 8 { return writeEight(y, x, value) }
    if count > 0 { writeSome(y, x, count, value) }
  }

  @inline(never)
  private func writeSome(_ y: Int, _ x: Int, _ count: Int, _ value: Float8) {
    let place = y * width + x
    let sum = residual.map { value + load8($0 + place, count: count) } ?? value
    let clamped = atMost(splat8(high), atLeast(splat8(low), sum))
    // Masked stores take longer than a few single ones.
    var lane = 0
    if count >= 4 {
      UnsafeMutableRawPointer(output + place).storeBytes(of: clamped.lowHalf, as: SIMD4<Float>.self)
      lane = 4
    }
    while lane < count {
      output[place + lane] = clamped[lane]
      lane += 1
    }
  }
}

/// Products of six times six points of eight tiles, `pointStride` apart, back to 4 × 4 pixels each: lanes are tiles.
@inline(never)
func transformPlanarOutput4(
  _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<PlanarTileSink>, between: UnsafeMutablePointer<Float>
) {
  // A copy, which stores cannot change: its fields stay in registers.
  let sink = sink.pointee
  var from = products
  var x = 0
  while x < 6 {
    let values = gatherSix(
      4,
      (
        load8(from), load8(from + 6 * pointStride), load8(from + 12 * pointStride), load8(from + 18 * pointStride),
        load8(from + 24 * pointStride), load8(from + 30 * pointStride)
      ))
    let to = between + x * 8
    store8(values.0, to)
    store8(values.1, to + 48)
    store8(values.2, to + 96)
    store8(values.3, to + 144)
    from += pointStride
    x += 1
  }
  let bias = splat8(sink.bias)
  let rows = between + 288
  for y in 0..<4 {
    let line = UnsafePointer(between + 48 * y)
    let row = gatherSix(4, (load8(line), load8(line + 8), load8(line + 16), load8(line + 24), load8(line + 32), load8(line + 40)))
    store8(row.0 + bias, rows + 32 * y)
    store8(row.1 + bias, rows + (32 * y + 8))
    store8(row.2 + bias, rows + (32 * y + 16))
    store8(row.3 + bias, rows + (32 * y + 24))
  }
  writeFours(rows, sink)
}

/// Lines of pixels, those of a line in four vectors in turns. By itself, so that the compiler does not move sums into the branches here.
@inline(never)
private func writeFours(_ rows: UnsafePointer<Float>, _ sink: PlanarTileSink) {
  var from = rows
  for y in 0..<sink.lines {
    let pixels = interleave8(load8(from), load8(from + 8), load8(from + 16), load8(from + 24))
    if sink.columns >= 32 {
      sink.writeEight(y, 0, pixels.0)
      sink.writeEight(y, 8, pixels.1)
      sink.writeEight(y, 16, pixels.2)
      sink.writeEight(y, 24, pixels.3)
    } else {
      sink.write(y, 0, pixels.0)
      sink.write(y, 8, pixels.1)
      sink.write(y, 16, pixels.2)
      sink.write(y, 24, pixels.3)
    }
    from += 32
  }
}

/// Products of four times four points of eight tiles, `pointStride` apart, back to 2 × 2 pixels each.
@inline(never)
func transformPlanarOutput2(
  _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<PlanarTileSink>, between: UnsafeMutablePointer<Float>
) {
  let sink = sink.pointee
  var from = products
  var x = 0
  while x < 4 {
    let values = gatherFour((load8(from), load8(from + 4 * pointStride), load8(from + 8 * pointStride), load8(from + 12 * pointStride)))
    store8(values.0, between + x * 8)
    store8(values.1, between + (x * 8 + 32))
    from += pointStride
    x += 1
  }
  let bias = splat8(sink.bias)
  let rows = between + 128
  for y in 0..<2 {
    let line = UnsafePointer(between + 32 * y)
    let row = gatherFour((load8(line), load8(line + 8), load8(line + 16), load8(line + 24)))
    store8(row.0 + bias, rows + 16 * y)
    store8(row.1 + bias, rows + (16 * y + 8))
  }
  writeTwos(rows, sink)
}

@inline(never)
private func writeTwos(_ rows: UnsafePointer<Float>, _ sink: PlanarTileSink) {
  for y in 0..<sink.lines {
    let pixels = interleave8(load8(rows + 16 * y), load8(rows + (16 * y + 8)))
    sink.write(y, 0, pixels.0)
    sink.write(y, 8, pixels.1)
  }
}
