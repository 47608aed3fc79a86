import KernelContract

/// The part of a window that lies inside the image, along one axis: taps `begin ..< end`.
@inline(__always)
func insideTaps(_ origin: Int, taps: Int, dilation: Int, extent: Int) -> (begin: Int, end: Int) {
  let begin = origin >= 0 ? 0 : blocks(-origin, of: dilation)
  let end = origin >= extent ? 0 : blocks(extent - origin, of: dilation)
  return (min(begin, taps), min(max(end, begin), taps))
}

/// `depthwise_f32_4x8`, and `depthwise_f32_4x16` with AVX-512: see `DepthwiseF32Descriptor`. A task is one line of output pixels.
///
/// Lines above and below the image are left out instead of read as zeros. Four neighbouring pixels share each weight that is loaded; channels
/// run innermost, so that a line is read as it lies in memory. Windows of 3 and 5 columns share their columns too, and 3 × 3 windows of
/// neighbouring lines their lines. The sums of an element are made in one order, tap by tap from the bias on, by whatever kernel.
func stepDepthwiseF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: DepthwiseF32Descriptor.self)
  let g = d.pointee.geometry
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let sharesColumns = sharesColumnsF32(g)
  let sharesLines = sharesColumns && g.kernelWidth == 3 && g.kernelHeight == 3 && g.strideX == 1 && g.strideY == 1 && g.dilationY == 1
  if sharesColumns {
    let zeros = scratch.assumingMemoryBound(to: Float.self)
    for channel in 0..<d.pointee.channels { zeros[channel] = 0 }
  }
  var task = begin
  while task < end {
    let inImage = task % g.outputHeight
    let image = input + task / g.outputHeight * g.inputHeight * g.inputWidth * g.inputPixelStride
    let y = inImage * g.strideY - g.padTop
    let rows = insideTaps(y, taps: g.kernelHeight, dilation: g.dilationY, extent: g.inputHeight)
    let line = image + (y + rows.begin * g.dilationY) * g.inputWidth * g.inputPixelStride
    let to = output + task * g.outputWidth * g.outputPixelStride
    let isPair = sharesLines && task + 1 < end && inImage + 1 < g.outputHeight && y >= 0 && y + 4 <= g.inputHeight
    let lines = isPair ? 2 : 1
    let whole = sharesColumns ? d.pointee.channels / depthwiseLanes * depthwiseLanes : 0
    if whole > 0 { convolveGroups(d, line, rows.begin, rows.end - rows.begin, isPair: isPair, to, scratch) }
    if whole < d.pointee.channels {
      let stride = g.inputWidth * g.inputPixelStride
      convolveLine(d, line, rows.begin, rows.end - rows.begin, firstChannel: whole, to)
      if isPair { convolveLine(d, line + stride, 0, 3, firstChannel: whole, to + g.outputWidth * g.outputPixelStride) }
    }
    if finishes(d.pointee.epilogue, affine: d.pointee.affine, hasResidual: false) {
      let finish = Finish(d.pointee.epilogue, affine: d.pointee.affine, columnCount: roundUp(d.pointee.channels, to: 16))
      finishRows(to, stride: g.outputPixelStride, rows: lines * g.outputWidth, columns: d.pointee.channels, finish)
    } else if !isClamp(d.pointee.epilogue) {
      activateRows(to, stride: g.outputPixelStride, rows: lines * g.outputWidth, columns: d.pointee.channels, d.pointee.epilogue)
    }
    task += lines
  }
}

/// Whether four pixels go together as the kernels of `DepthwiseRowF32.swift` want it.
private func sharesColumnsF32(_ g: Geometry) -> Bool {
  (g.kernelWidth == 3 || g.kernelWidth == 5) && g.strideX >= 1 && g.strideX <= 2 && g.dilationX == 1 && g.outputWidth >= 4
}

/// The pixels of one line, or of two, four by four; the last four overlap the ones before.
private func convolveGroups(
  _ d: UnsafePointer<DepthwiseF32Descriptor>, _ line: UnsafePointer<Float>, _ firstLine: Int, _ lines: Int, isPair: Bool,
  _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutableRawPointer
) {
  let g = d.pointee.geometry
  let columns = g.kernelWidth + 3 * g.strideX
  let zeros = UnsafePointer(scratch.assumingMemoryBound(to: Float.self))
  let table = (scratch + 4 * roundUp(d.pointee.channels, to: 16)).assumingMemoryBound(to: UnsafePointer<Float>.self)
  let clamps = isClamp(d.pointee.epilogue)
  var tile = DepthwiseTileF32(
    input: line, step: g.inputPixelStride, lineStride: g.inputWidth * g.inputPixelStride * g.dilationY, lines: lines,
    columns: table, groups: 1, weights: d.pointee.weights + firstLine * g.kernelWidth * 16, blockStride: g.taps * 16,
    bias: d.pointee.bias, channels: d.pointee.channels / depthwiseLanes * depthwiseLanes, output: output, outputStride: g.outputPixelStride,
    outputLineStride: g.outputWidth * g.outputPixelStride, low: clamps ? d.pointee.epilogue.a : -.infinity,
    high: clamps ? d.pointee.epilogue.b : .infinity)
  var x = 0
  while x < g.outputWidth {
    let at = min(x, g.outputWidth - 4)
    let left = at * g.strideX - g.padLeft
    tile.input = line + left * g.inputPixelStride
    tile.output = output + at * g.outputPixelStride
    if left >= 0 && left + columns <= g.inputWidth {
      tile.groups = min((g.inputWidth - columns - left) / (4 * g.strideX) + 1, (g.outputWidth - at) / 4)
      convolveInside(&tile, taps: g.kernelWidth, stride: g.strideX, isPair: isPair)
    } else {
      tile.groups = 1
      pointToColumns(&tile, left: left, columns: columns, width: g.inputWidth, lines: isPair ? 4 : lines, zeros: zeros)
      convolveEdge(&tile, taps: g.kernelWidth, stride: g.strideX, isPair: isPair)
    }
    x = at + 4 * tile.groups
  }
}

/// Writes where the columns of a group begin.
/// - Parameter left: the image's column that is the group's column 0.
private func pointToColumns(
  _ tile: UnsafeMutablePointer<DepthwiseTileF32>, left: Int, columns: Int, width: Int, lines: Int, zeros: UnsafePointer<Float>
) {
  var entry = tile.pointee.columns
  var line = tile.pointee.input
  for _ in 0..<lines {
    for column in 0..<columns {
      let isInside = left + column >= 0 && left + column < width
      entry[column] = isInside ? line + column * tile.pointee.step : zeros
    }
    entry += columns
    line += tile.pointee.lineStride
  }
}

@inline(__always)
private func convolveInside(_ tile: UnsafePointer<DepthwiseTileF32>, taps: Int, stride: Int, isPair: Bool) {
  if isPair { return convolvePair3(tile) }
  if taps == 3 {
    if stride == 1 { convolveRow3Stride1(tile) } else { convolveRow3Stride2(tile) }
  } else {
    if stride == 1 { convolveRow5Stride1(tile) } else { convolveRow5Stride2(tile) }
  }
}

@inline(__always)
private func convolveEdge(_ tile: UnsafePointer<DepthwiseTileF32>, taps: Int, stride: Int, isPair: Bool) {
  if isPair { return convolvePairEdge3(tile) }
  if taps == 3 {
    if stride == 1 { convolveEdge3Stride1(tile) } else { convolveEdge3Stride2(tile) }
  } else {
    if stride == 1 { convolveEdge5Stride1(tile) } else { convolveEdge5Stride2(tile) }
  }
}

/// The pixels of a line by the kernel for any window, from channel `firstChannel` (a multiple of 8) on.
private func convolveLine(
  _ d: UnsafePointer<DepthwiseF32Descriptor>, _ line: UnsafePointer<Float>, _ firstLine: Int, _ lines: Int, firstChannel: Int,
  _ output: UnsafeMutablePointer<Float>
) {
  let g = d.pointee.geometry
  let spread = (g.kernelWidth - 1) * g.dilationX
  let clamps = isClamp(d.pointee.epilogue)
  var window = DepthwiseWindowF32(
    input: line, lineStride: g.inputWidth * g.inputPixelStride * g.dilationY, tapStride: g.inputPixelStride * g.dilationX,
    pixelStep: g.inputPixelStride * g.strideX, lines: lines, taps: 0, weights: d.pointee.weights, weightLineStride: g.kernelWidth * 16,
    blockStride: g.taps * 16,
    bias: d.pointee.bias, firstChannel: firstChannel, channels: d.pointee.channels, output: output, outputStride: g.outputPixelStride,
    low: clamps ? d.pointee.epilogue.a : -.infinity, high: clamps ? d.pointee.epilogue.b : .infinity)
  let weights = d.pointee.weights + firstLine * window.weightLineStride
  var x = 0
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
  var firstChannel: Int
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
  var channel = window.pointee.firstChannel
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
