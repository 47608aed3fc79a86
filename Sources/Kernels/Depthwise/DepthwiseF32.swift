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
/// share each weight that is loaded; channels run innermost, so that a line is read as it lies in memory. 3 × 3 windows share their
/// columns too.
func stepDepthwiseF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: DepthwiseF32Descriptor.self)
  let g = d.pointee.geometry
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let zeros = scratch.assumingMemoryBound(to: Float.self)
  let sharesColumns = suitsWindow3x3(g)
  if sharesColumns {
    for channel in 0..<d.pointee.channels { zeros[channel] = 0 }
  }
  for task in begin..<end {
    let image = input + task / g.outputHeight * g.inputHeight * g.inputWidth * g.inputPixelStride
    let y = task % g.outputHeight * g.strideY - g.padTop
    let rows = insideTaps(y, taps: g.kernelHeight, dilation: g.dilationY, extent: g.inputHeight)
    let line = image + (y + rows.begin * g.dilationY) * g.inputWidth * g.inputPixelStride
    let to = output + task * g.outputWidth * g.outputPixelStride
    let first =
      sharesColumns && rows.end > rows.begin ? convolveLine3x3(d, line, rows.begin, rows.end - rows.begin, UnsafePointer(zeros), to) : 0
    if first < g.outputWidth { convolveLine(d, line, rows.begin, rows.end - rows.begin, from: first, to) }
    if !isClamp(d.pointee.epilogue) {
      activateRows(to, stride: g.outputPixelStride, rows: g.outputWidth, columns: d.pointee.channels, d.pointee.epilogue)
    }
  }
}

/// The pixels of a line, from `first`, by the kernel for any window.
private func convolveLine(
  _ d: UnsafePointer<DepthwiseF32Descriptor>, _ line: UnsafePointer<Float>, _ firstLine: Int, _ lines: Int, from first: Int,
  _ output: UnsafeMutablePointer<Float>
) {
  let g = d.pointee.geometry
  let spread = (g.kernelWidth - 1) * g.dilationX
  let clamps = isClamp(d.pointee.epilogue)
  var window = DepthwiseWindowF32(
    input: line, lineStride: g.inputWidth * g.inputPixelStride * g.dilationY, tapStride: g.inputPixelStride * g.dilationX,
    pixelStep: g.inputPixelStride * g.strideX, lines: lines, taps: 0, weights: d.pointee.weights, weightLineStride: g.kernelWidth * 16,
    blockStride: g.taps * 16,
    bias: d.pointee.bias, channels: d.pointee.channels, output: output, outputStride: g.outputPixelStride,
    low: clamps ? d.pointee.epilogue.a : -.infinity, high: clamps ? d.pointee.epilogue.b : .infinity)
  let weights = d.pointee.weights + firstLine * window.weightLineStride
  var x = first
  while x < g.outputWidth {
    let left = x * g.strideX - g.padLeft
    let fits = left >= 0 && x + 4 <= g.outputWidth && left + 3 * g.strideX + spread < g.inputWidth
    let taps = insideTaps(left, taps: g.kernelWidth, dilation: g.dilationX, extent: g.inputWidth)
    window.input = line + (left + taps.begin * g.dilationX) * g.inputPixelStride
    window.weights = weights + taps.begin * 16
    window.taps = taps.end - taps.begin
    window.output = output + x * g.outputPixelStride
    if fits { convolvePixels4(&window) } else { convolvePixel(&window) }
    x += fits ? 4 : 1
  }
}

/// The pixels of a line four by four, the last four overlapping the ones before; stops where four do not fit.
/// - Returns: the first pixel that is left.
private func convolveLine3x3(
  _ d: UnsafePointer<DepthwiseF32Descriptor>, _ line: UnsafePointer<Float>, _ firstLine: Int, _ lines: Int, _ zeros: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>
) -> Int {
  let g = d.pointee.geometry
  let (step, lineStride) = (g.inputPixelStride, g.inputWidth * g.inputPixelStride * g.dilationY)
  let columns = 3 * g.strideX + 3
  let clamps = isClamp(d.pointee.epilogue)
  let outside = Window3x3<Float>.Line(padding: zeros)
  var window = Depthwise3x3F32(
    lines: (outside, outside, outside), lineCount: lines, weights: d.pointee.weights + firstLine * 48,
    bias: d.pointee.bias, channels: d.pointee.channels, output: output, outputStride: g.outputPixelStride,
    low: clamps ? d.pointee.epilogue.a : -.infinity, high: clamps ? d.pointee.epilogue.b : .infinity)
  var x = 0
  while x < g.outputWidth {
    let at = min(x, g.outputWidth - 4)
    let left = at * g.strideX - g.padLeft
    if !fitsWindow3x3(left: left, stride: g.strideX, width: g.inputWidth) { return x }
    window.lines.0 = Window3x3<Float>.Line(line, left: left, columns: columns, width: g.inputWidth, step: step, padding: zeros)
    if lines > 1 {
      window.lines.1 = Window3x3<Float>.Line(
        line + lineStride, left: left, columns: columns, width: g.inputWidth, step: step, padding: zeros)
    }
    if lines > 2 {
      window.lines.2 = Window3x3<Float>.Line(
        line + 2 * lineStride, left: left, columns: columns, width: g.inputWidth, step: step, padding: zeros)
    }
    window.output = output + at * g.outputPixelStride
    if g.strideX == 1 { convolve3x3Stride1(&window) } else { convolve3x3Stride2(&window) }
    x = at + 4
  }
  return x
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
  /// From one block of 16 channels to the next, in the weights.
  var blockStride: Int
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
  if channel < channels { convolve(pixels, 1, window, channel, channels - channel) }
}

/// `pixels` by `vectors` (constants) accumulators; `count` lanes of the last vector.
@inline(__always)
private func convolve(_ pixels: Int, _ vectors: Int, _ window: UnsafePointer<DepthwiseWindowF32>, _ channel: Int, _ count: Int) {
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
  var weightLine = window.pointee.weights + (channel / 16 * window.pointee.blockStride + channel % 16)
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
      w += 16
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
