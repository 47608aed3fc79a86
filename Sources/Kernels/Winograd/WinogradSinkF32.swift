import KernelContract

/// Where the transform of one tile's products goes.
struct WinogradSink {
  /// The tile's first pixel, at the first of the columns.
  var output: UnsafeMutablePointer<Float>
  var rowStride: Int
  var pixelStride: Int
  var residual: UnsafePointer<Float>?
  var residualRowStride: Int
  var residualPixelStride: Int
  /// One value a column, filled up to a multiple of 8.
  var bias: UnsafePointer<Float>
  /// Columns to write.
  var columns: Int
  /// Pixels of the tile that lie inside the image.
  var height: Int
  var width: Int
  var low: Float
  var high: Float
}

/// Adds the residual, clamps and writes eight columns of a pixel, or as many of them as there are.
@inline(__always)
func finish(_ s: WinogradSink, _ y: Int, _ x: Int, _ column: Int, _ value: Float8) {
  let output = s.output + (y * s.rowStride + x * s.pixelStride + column)
  let count = s.columns - column
  var value = value
  if let residual = s.residual {
    let from = residual + (y * s.residualRowStride + x * s.residualPixelStride + column)
    value += count >= 8 ? load8(from) : load8(from, count: count)
  }
  value = atMost(splat8(s.high), atLeast(splat8(s.low), value))
  if count >= 8 { store8(value, output) } else { store8(value, output, count: count) }
}

/// The activation of a tile's pixels in place, where it is no clamp.
func activateTile(_ sink: UnsafePointer<WinogradSink>, _ epilogue: Epilogue) {
  let s = sink.pointee
  for y in 0..<s.height {
    activateRows(s.output + y * s.rowStride, stride: s.pixelStride, rows: s.width, columns: s.columns, epilogue)
  }
}
