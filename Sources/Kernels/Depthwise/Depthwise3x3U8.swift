import KernelContract

/// Whether `convolve3x3U8` can do all of the convolution.
@inline(__always)
func suitsDepthwise3x3U8(_ d: UnsafePointer<DepthwiseU8S8Descriptor>) -> Bool {
  let g = d.pointee.geometry
  guard suitsWindow3x3(g), d.pointee.channels >= 16, case .u8 = d.pointee.requantization.output else { return false }
  // The first four pixels and the last four fit if any four do.
  return fitsWindow3x3(left: -g.padLeft, stride: g.strideX, width: g.inputWidth)
    && fitsWindow3x3(left: (g.outputWidth - 4) * g.strideX - g.padLeft, stride: g.strideX, width: g.inputWidth)
}

/// Four pixels at a time of a 3 × 3 depthwise convolution of codes.
///
/// Lines 0 and 1 of the window go together: two columns of activations interleaved channel by channel, times their weights interleaved
/// alike,
/// are one `vpmaddwd`; a column interleaved once serves every window it belongs to. Line 2 is paired with zeros. What lies outside the
/// image is read from a pixel of zero points. The last sixteen channels overlap the ones before where the channels are no multiple of 16.
func convolve3x3U8(
  _ d: UnsafePointer<DepthwiseU8S8Descriptor>, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let g = d.pointee.geometry
  let channels = d.pointee.channels
  let output = buffers[0].assumingMemoryBound(to: UInt8.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self))
  let padding = scratch.assumingMemoryBound(to: UInt8.self)
  for channel in 0..<channels { padding[channel] = d.pointee.inputZeroPoint }
  let weights = (scratch + roundUp(channels, to: 64)).assumingMemoryBound(to: Int16.self)
  interleaveWeights(d.pointee.weights, channels, into: weights)
  let columns = 3 * g.strideX + 3
  let lineStride = g.inputWidth * g.inputPixelStride
  let outside = Window3x3<UInt8>.Line(padding: padding)
  var window = Depthwise3x3U8(
    lines: (outside, outside, outside), weights: weights, bias: d.pointee.bias, scales: d.pointee.scales, channels: channels,
    output: output,
    outputStride: g.outputPixelStride, low: d.pointee.requantization.low, high: d.pointee.requantization.high,
    zeroPoint: d.pointee.requantization.zeroPoint)
  for task in begin..<end {
    let image = input + task / g.outputHeight * g.inputHeight * lineStride
    let y = task % g.outputHeight * g.strideY - g.padTop
    var x = 0
    while x < g.outputWidth {
      let at = min(x, g.outputWidth - 4)
      let left = at * g.strideX - g.padLeft
      func line(_ row: Int) -> Window3x3<UInt8>.Line {
        if row < 0 || row >= g.inputHeight { return outside }
        return Window3x3.Line(
          image + row * lineStride, left: left, columns: columns, width: g.inputWidth, step: g.inputPixelStride,
          padding: UnsafePointer(padding))
      }
      window.lines = (line(y), line(y + g.dilationY), line(y + 2 * g.dilationY))
      window.output = output + (task * g.outputWidth + at) * g.outputPixelStride
      if g.strideX == 1 { convolveStride1(&window) } else { convolveStride2(&window) }
      x = at + 4
    }
  }
}

private struct Depthwise3x3U8 {
  var lines: (Window3x3<UInt8>.Line, Window3x3<UInt8>.Line, Window3x3<UInt8>.Line)
  /// `[block][column][lines 0 and 1 low, high, line 2 low, high][16]`
  var weights: UnsafePointer<Int16>
  var bias: UnsafePointer<Int32>
  var scales: UnsafePointer<Float>
  var channels: Int
  var output: UnsafeMutablePointer<UInt8>
  var outputStride: Int
  var low: Int32
  var high: Int32
  var zeroPoint: Int32
}

/// Where block `index` of sixteen channels begins.
@inline(__always)
private func blockStart(_ index: Int, _ channels: Int) -> Int { min(index * 16, channels - 16) }

@inline(never)
private func interleaveWeights(_ weights: UnsafePointer<Int16>, _ channels: Int, into target: UnsafeMutablePointer<Int16>) {
  let columns = roundUp(channels, to: 16)
  let none = Pairs16(repeating: 0)
  var to = target
  for block in 0..<columns / 16 {
    for column in 0..<3 {
      let from = weights + (blockStart(block, channels) + column * columns)
      let (w0, w1, w2) = (load16(from), load16(from + 3 * columns), load16(from + 6 * columns))
      store16(interleaveLow(w0, w1), to)
      store16(interleaveHigh(w0, w1), to + 16)
      store16(interleaveLow(w2, none), to + 32)
      store16(interleaveHigh(w2, none), to + 48)
      to += 64
    }
  }
}

@inline(never) private func convolveStride1(_ window: UnsafePointer<Depthwise3x3U8>) { convolve(1, window) }
@inline(never) private func convolveStride2(_ window: UnsafePointer<Depthwise3x3U8>) { convolve(2, window) }

@inline(__always)
private func convolve(_ stride: Int, _ window: UnsafePointer<Depthwise3x3U8>) {
  let channels = window.pointee.channels
  let range = CodeRange(low: window.pointee.low, high: window.pointee.high, zeroPoint: window.pointee.zeroPoint)
  var weights = window.pointee.weights
  for block in 0..<blocks(channels, of: 16) {
    let channel = blockStart(block, channels)
    let bias0 = load8(window.pointee.bias + channel)
    let bias1 = load8(window.pointee.bias + channel + 8)
    // Interleaving works in halves of a vector: the low sums are those of channels 0 … 3 and 8 … 11.
    var low = FourSums(joinLow(bias0, bias1))
    var high = FourSums(joinHigh(bias0, bias1))
    accumulate(stride, window.pointee.lines.0, window.pointee.lines.1, channel, weights, &low, &high)
    accumulate(stride, window.pointee.lines.2, channel, weights + 32, &low, &high)
    let scale0 = load8(window.pointee.scales + channel)
    let scale1 = load8(window.pointee.scales + channel + 8)
    let lowScale = Float8(lowHalf: scale0.lowHalf, highHalf: scale1.lowHalf)
    let highScale = Float8(lowHalf: scale0.highHalf, highHalf: scale1.highHalf)
    let to = UnsafeMutableRawPointer(window.pointee.output + channel)
    let next = window.pointee.outputStride
    range.writeInterleaved16(toFloat(low.c0) * lowScale, toFloat(high.c0) * highScale, to)
    range.writeInterleaved16(toFloat(low.c1) * lowScale, toFloat(high.c1) * highScale, to + next)
    range.writeInterleaved16(toFloat(low.c2) * lowScale, toFloat(high.c2) * highScale, to + 2 * next)
    range.writeInterleaved16(toFloat(low.c3) * lowScale, toFloat(high.c3) * highScale, to + 3 * next)
    weights += 192
  }
}

/// The sums of four pixels.
private struct FourSums {
  var c0: Int8x32
  var c1: Int8x32
  var c2: Int8x32
  var c3: Int8x32

  @inline(__always)
  init(_ bias: Int8x32) {
    c0 = bias
    c1 = bias
    c2 = bias
    c3 = bias
  }

  /// Adds one column of the input, which is column `column` of the first window.
  @inline(__always)
  mutating func add(_ stride: Int, _ column: Int, _ x: Pairs16, _ w0: Pairs16, _ w1: Pairs16, _ w2: Pairs16) {
    func weight(_ pixel: Int) -> Pairs16? {
      switch column - pixel * stride {
      case 0: w0
      case 1: w1
      case 2: w2
      default: nil
      }
    }
    if let w = weight(0) { c0 = addPairs(c0, x, w) }
    if let w = weight(1) { c1 = addPairs(c1, x, w) }
    if let w = weight(2) { c2 = addPairs(c2, x, w) }
    if let w = weight(3) { c3 = addPairs(c3, x, w) }
  }
}

/// Two lines, paired.
@inline(__always)
private func accumulate(
  _ stride: Int, _ upper: Window3x3<UInt8>.Line, _ lower: Window3x3<UInt8>.Line, _ channel: Int, _ weights: UnsafePointer<Int16>,
  _ low: inout FourSums, _ high: inout FourSums
) {
  let (w0, w1, w2) = (load16(weights), load16(weights + 64), load16(weights + 128))
  let (v0, v1, v2) = (load16(weights + 16), load16(weights + 80), load16(weights + 144))
  forEachColumn(stride) { column in
    let x = widen16(at(upper, column, stride) + channel)
    let y = widen16(at(lower, column, stride) + channel)
    low.add(stride, column, interleaveLow(x, y), w0, w1, w2)
    high.add(stride, column, interleaveHigh(x, y), v0, v1, v2)
  }
}

/// One line, paired with zeros.
@inline(__always)
private func accumulate(
  _ stride: Int, _ line: Window3x3<UInt8>.Line, _ channel: Int, _ weights: UnsafePointer<Int16>, _ low: inout FourSums,
  _ high: inout FourSums
) {
  let (w0, w1, w2) = (load16(weights), load16(weights + 64), load16(weights + 128))
  let (v0, v1, v2) = (load16(weights + 16), load16(weights + 80), load16(weights + 144))
  let none = Pairs16(repeating: 0)
  forEachColumn(stride) { column in
    let x = widen16(at(line, column, stride) + channel)
    low.add(stride, column, interleaveLow(x, none), w0, w1, w2)
    high.add(stride, column, interleaveHigh(x, none), v0, v1, v2)
  }
}

/// The columns of four windows, spelled out so that each becomes a constant.
@inline(__always)
private func forEachColumn(_ stride: Int, _ body: (Int) -> Void) {
  body(0)
  body(1)
  body(2)
  body(3)
  body(4)
  body(5)
  if stride == 2 {
    body(6)
    body(7)
    body(8)
  }
}

@inline(__always)
private func at(_ line: Window3x3<UInt8>.Line, _ column: Int, _ stride: Int) -> UnsafePointer<UInt8> {
  if column == 0 { return line.first }
  if column == 3 * stride + 2 { return line.last }
  return line.inner + (column - 1) * line.step
}
