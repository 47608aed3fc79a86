import KernelContract

/// The part of a window that lies inside the image, along one axis: taps `begin ..< end`.
@inline(__always)
func insideTaps(_ origin: Int, taps: Int, dilation: Int, extent: Int) -> (begin: Int, end: Int) {
  let begin = origin >= 0 ? 0 : blocks(-origin, of: dilation)
  let end = origin >= extent ? 0 : blocks(extent - origin, of: dilation)
  return (min(begin, taps), min(max(end, begin), taps))
}

/// `depthwise_f32_4x16`: see `DepthwiseF32Descriptor`. A task is one line of output pixels.
///
/// Taps outside the image are left out instead of read as zeros. Four neighbouring pixels whose windows all lie inside (left and right)
/// share each weight that
/// is loaded; channels run innermost, so that a line is read as it lies in memory.
func stepDepthwiseF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: DepthwiseF32Descriptor.self)
  let g = d.pointee.geometry
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let clamps = isClamp(d.pointee.epilogue)
  let line = g.inputWidth * g.inputPixelStride
  let spread = (g.kernelWidth - 1) * g.dilationX

  for task in begin..<end {
    let image = task / g.outputHeight
    let y = (task - image * g.outputHeight) * g.strideY - g.padTop
    let rows = insideTaps(y, taps: g.kernelHeight, dilation: g.dilationY, extent: g.inputHeight)
    var window = DepthwiseWindowF32(
      input: input + (image * g.inputHeight + y + rows.begin * g.dilationY) * line, lineStride: line * g.dilationY,
      tapStride: g.inputPixelStride * g.dilationX, pixelStep: g.inputPixelStride * g.strideX, lines: rows.end - rows.begin, taps: 0,
      weights: d.pointee.weights, weightLineStride: g.kernelWidth * roundUp(d.pointee.channels, to: 16), bias: d.pointee.bias,
      channels: d.pointee.channels, output: output, outputStride: g.outputPixelStride, low: clamps ? d.pointee.epilogue.a : -.infinity,
      high: clamps ? d.pointee.epilogue.b : .infinity)
    let firstLine = window.input
    let firstWeights = d.pointee.weights + rows.begin * window.weightLineStride
    let outputLine = output + task * g.outputWidth * g.outputPixelStride
    var x = 0
    while x < g.outputWidth {
      let left = x * g.strideX - g.padLeft
      let fits = left >= 0 && x + 4 <= g.outputWidth && left + 3 * g.strideX + spread < g.inputWidth
      let columns = insideTaps(left, taps: g.kernelWidth, dilation: g.dilationX, extent: g.inputWidth)
      window.input = firstLine + (left + columns.begin * g.dilationX) * g.inputPixelStride
      window.weights = firstWeights + columns.begin * roundUp(d.pointee.channels, to: 16)
      window.taps = columns.end - columns.begin
      window.output = outputLine + x * g.outputPixelStride
      if fits { convolvePixels4(&window) } else { convolvePixel(&window) }
      x += fits ? 4 : 1
    }
    if !clamps {
      activateRows(outputLine, stride: g.outputPixelStride, rows: g.outputWidth, columns: d.pointee.channels, d.pointee.epilogue)
    }
  }
}

/// One window of the depthwise kernel, or several side by side.
struct DepthwiseWindowF32 {
  /// First channel of the first tap.
  var input: UnsafePointer<Float>
  var lineStride: Int
  var tapStride: Int
  /// From one output pixel's window to the next.
  var pixelStep: Int
  var lines: Int
  var taps: Int
  /// Of the first tap.
  var weights: UnsafePointer<Float>
  var weightLineStride: Int
  var bias: UnsafePointer<Float>
  var channels: Int
  var output: UnsafeMutablePointer<Float>
  var outputStride: Int
  var low: Float
  var high: Float
}

@inline(never) private func convolvePixels4(_ window: UnsafePointer<DepthwiseWindowF32>) { convolve(4, window) }
@inline(never) private func convolvePixel(_ window: UnsafePointer<DepthwiseWindowF32>) { convolve(1, window) }

/// `pixels` (a constant, 4 or 1) output pixels, all channels; the last vector overlaps the one before where the channels are no multiple
/// of 8.
@inline(__always)
private func convolve(_ pixels: Int, _ window: UnsafePointer<DepthwiseWindowF32>) {
  let channels = window.pointee.channels
  var channel = 0
  while channel + 16 <= channels {
    convolve(pixels, 2, window, channel, 8)
    channel += 16
  }
  if channel + 8 <= channels {
    convolve(pixels, 1, window, channel, 8)
    channel += 8
  }
  if channel < channels {
    if channels >= 8 { convolve(pixels, 1, window, channels - 8, 8) } else { convolve(pixels, 1, window, channel, channels - channel) }
  }
}

/// `pixels` by `vectors` (constants) accumulators; `count` is 8 unless there are fewer channels.
@inline(__always)
private func convolve(_ pixels: Int, _ vectors: Int, _ window: UnsafePointer<DepthwiseWindowF32>, _ channel: Int, _ count: Int) {
  let columns = roundUp(window.pointee.channels, to: 16)
  let bias0 = load8(window.pointee.bias + channel)
  let bias1 = vectors > 1 ? load8(window.pointee.bias + channel + 8) : bias0
  var c00 = bias0
  var c10 = bias0
  var c20 = bias0
  var c30 = bias0
  var c01 = bias1
  var c11 = bias1
  var c21 = bias1
  var c31 = bias1
  var line = window.pointee.input + channel
  var weightLine = window.pointee.weights + channel
  let step = window.pointee.pixelStep
  let tapStride = window.pointee.tapStride
  for _ in 0..<window.pointee.lines {
    var x = line
    var w = weightLine
    for _ in 0..<window.pointee.taps {
      let w0 = load8(w)
      let w1 = vectors > 1 ? load8(w + 8) : w0
      c00 = c00.addingProduct(read(x, count), w0)
      if vectors > 1 { c01 = c01.addingProduct(load8(x + 8), w1) }
      if pixels > 1 {
        c10 = c10.addingProduct(read(x + step, count), w0)
        c20 = c20.addingProduct(read(x + 2 * step, count), w0)
        c30 = c30.addingProduct(read(x + 3 * step, count), w0)
        if vectors > 1 {
          c11 = c11.addingProduct(load8(x + step + 8), w1)
          c21 = c21.addingProduct(load8(x + 2 * step + 8), w1)
          c31 = c31.addingProduct(load8(x + 3 * step + 8), w1)
        }
      }
      x += tapStride
      w += columns
    }
    line += window.pointee.lineStride
    weightLine += window.pointee.weightLineStride
  }
  let output = window.pointee.output + channel
  let next = window.pointee.outputStride
  write(c00, output, count, window)
  if vectors > 1 { write(c01, output + 8, count, window) }
  if pixels > 1 {
    write(c10, output + next, count, window)
    write(c20, output + 2 * next, count, window)
    write(c30, output + 3 * next, count, window)
    if vectors > 1 {
      write(c11, output + next + 8, count, window)
      write(c21, output + 2 * next + 8, count, window)
      write(c31, output + 3 * next + 8, count, window)
    }
  }
}

@inline(__always)
private func read(_ from: UnsafePointer<Float>, _ count: Int) -> Float8 { count == 8 ? load8(from) : load8(from, count: count) }

@inline(__always)
private func write(_ sum: Float8, _ to: UnsafeMutablePointer<Float>, _ count: Int, _ window: UnsafePointer<DepthwiseWindowF32>) {
  let value = atMost(splat8(window.pointee.high), atLeast(splat8(window.pointee.low), sum))
  if count == 8 { store8(value, to) } else { store8(value, to, count: count) }
}
