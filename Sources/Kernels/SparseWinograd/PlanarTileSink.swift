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

  /// Eight neighbouring pixels of line y from column x on, or as many of them as there are.
  @inline(__always)
  func write(_ y: Int, _ x: Int, _ value: Float8) {
    let count = columns - x
    if count <= 0 { return }
    let place = y * width + x
    var value = value
    if let residual { value += count >= 8 ? load8(residual + place) : load8(residual + place, count: count) }
    value = atMost(splat8(high), atLeast(splat8(low), value))
    let to = output + place
    if count >= 8 { return store8(value, to) }
    // Masked stores take longer than a few single ones.
    var lane = 0
    if count >= 4 {
      UnsafeMutableRawPointer(to).storeBytes(of: value.lowHalf, as: SIMD4<Float>.self)
      lane = 4
    }
    while lane < count {
      to[lane] = value[lane]
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
  var y = 0
  while y < sink.lines {
    let line = UnsafePointer(between + 48 * y)
    let row = gatherSix(4, (load8(line), load8(line + 8), load8(line + 16), load8(line + 24), load8(line + 32), load8(line + 40)))
    let pixels = interleave8(row.0 + bias, row.1 + bias, row.2 + bias, row.3 + bias)
    sink.write(y, 0, pixels.0)
    sink.write(y, 8, pixels.1)
    sink.write(y, 16, pixels.2)
    sink.write(y, 24, pixels.3)
    y += 1
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
  var y = 0
  while y < sink.lines {
    let line = UnsafePointer(between + 32 * y)
    let row = gatherFour((load8(line), load8(line + 8), load8(line + 16), load8(line + 24)))
    let pixels = interleave8(row.0 + bias, row.1 + bias)
    sink.write(y, 0, pixels.0)
    sink.write(y, 8, pixels.1)
    y += 1
  }
}
