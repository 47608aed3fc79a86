import KernelContract

/// Four pixels of a 3 × 3 depthwise convolution, all channels; `lines` (1 … 3) lines of the window lie inside the image.
///
/// A line's columns are loaded once for the four windows: per line 6 (stride 1) or 9 (stride 2) loads, 3 of weights, and 12 fused
/// multiply-adds.
struct Depthwise3x3F32 {
  var lines: (Window3x3<Float>.Line, Window3x3<Float>.Line, Window3x3<Float>.Line)
  var lineCount: Int
  /// Of the first block's first line inside.
  var weights: UnsafePointer<Float>
  var bias: UnsafePointer<Float>
  var channels: Int
  var output: UnsafeMutablePointer<Float>
  var outputStride: Int
  var low: Float
  var high: Float
}

@inline(never) func convolve3x3Stride1(_ window: UnsafePointer<Depthwise3x3F32>) { convolve(1, window) }
@inline(never) func convolve3x3Stride2(_ window: UnsafePointer<Depthwise3x3F32>) { convolve(2, window) }

/// Sixteen channels at a time: a line of the cache is used whole, which matters where pixels lie a multiple of 4 KiB apart and share a set.
@inline(__always)
private func convolve(_ stride: Int, _ window: UnsafePointer<Depthwise3x3F32>) {
  let channels = window.pointee.channels
  var channel = 0
  while channel + 16 <= channels {
    convolve(stride, 2, window, channel, 8)
    channel += 16
  }
  if channel + 8 <= channels {
    convolve(stride, 1, window, channel, 8)
    channel += 8
  }
  if channel < channels { convolve(stride, 1, window, channel, channels - channel) }
}

/// `vectors` (a constant, 1 or 2) vectors of channels; `count` lanes of the last one.
@inline(__always)
private func convolve(_ stride: Int, _ vectors: Int, _ window: UnsafePointer<Depthwise3x3F32>, _ channel: Int, _ count: Int) {
  let bias0 = load8(window.pointee.bias + channel)
  let bias1 = vectors > 1 ? load8(window.pointee.bias + channel + 8) : bias0
  var near = FourSums(bias0)
  var far = FourSums(bias1)
  let lines = UnsafeRawPointer(window).assumingMemoryBound(to: Window3x3<Float>.Line.self)
  // A block of 16 channels holds 9 taps.
  var weights = window.pointee.weights + (channel / 16 * 144 + channel % 16)
  for index in 0..<window.pointee.lineCount {
    let line = lines + index
    accumulate(stride, line, channel, weights, count, &near)
    if vectors > 1 { accumulate(stride, line, channel + 8, weights + 8, count, &far) }
    weights += 48
  }
  let output = window.pointee.output + channel
  write(near, output, count, window)
  if vectors > 1 { write(far, output + 8, count, window) }
}

/// The sums of four pixels.
private struct FourSums {
  var c0: Float8
  var c1: Float8
  var c2: Float8
  var c3: Float8

  @inline(__always)
  init(_ bias: Float8) {
    c0 = bias
    c1 = bias
    c2 = bias
    c3 = bias
  }
}

@inline(__always)
private func accumulate(
  _ stride: Int, _ line: UnsafePointer<Window3x3<Float>.Line>, _ channel: Int, _ weights: UnsafePointer<Float>, _ count: Int,
  _ sums: inout FourSums
) {
  let step = line.pointee.step
  let inner = line.pointee.inner + channel
  let w0 = load8(weights)
  let w1 = load8(weights + 16)
  let w2 = load8(weights + 32)
  let x0 = read(line.pointee.first + channel, count)
  let x1 = read(inner, count)
  let x2 = read(inner + step, count)
  sums.c0 = sums.c0.addingProduct(x0, w0).addingProduct(x1, w1).addingProduct(x2, w2)
  if stride == 1 {
    let x3 = read(inner + 2 * step, count)
    let x4 = read(inner + 3 * step, count)
    let x5 = read(line.pointee.last + channel, count)
    sums.c1 = sums.c1.addingProduct(x1, w0).addingProduct(x2, w1).addingProduct(x3, w2)
    sums.c2 = sums.c2.addingProduct(x2, w0).addingProduct(x3, w1).addingProduct(x4, w2)
    sums.c3 = sums.c3.addingProduct(x3, w0).addingProduct(x4, w1).addingProduct(x5, w2)
  } else {
    let x4 = read(inner + 3 * step, count)
    let x6 = read(inner + 5 * step, count)
    let x8 = read(line.pointee.last + channel, count)
    sums.c1 = sums.c1.addingProduct(x2, w0).addingProduct(read(inner + 2 * step, count), w1).addingProduct(x4, w2)
    sums.c2 = sums.c2.addingProduct(x4, w0).addingProduct(read(inner + 4 * step, count), w1).addingProduct(x6, w2)
    sums.c3 = sums.c3.addingProduct(x6, w0).addingProduct(read(inner + 6 * step, count), w1).addingProduct(x8, w2)
  }
}

@inline(__always)
private func write(_ sums: FourSums, _ to: UnsafeMutablePointer<Float>, _ count: Int, _ window: UnsafePointer<Depthwise3x3F32>) {
  let next = window.pointee.outputStride
  write(sums.c0, to, count, window)
  write(sums.c1, to + next, count, window)
  write(sums.c2, to + 2 * next, count, window)
  write(sums.c3, to + 3 * next, count, window)
}

@inline(__always)
private func read(_ from: UnsafePointer<Float>, _ count: Int) -> Float8 { count == 8 ? load8(from) : load8(from, count: count) }

@inline(__always)
private func write(_ sum: Float8, _ to: UnsafeMutablePointer<Float>, _ count: Int, _ window: UnsafePointer<Depthwise3x3F32>) {
  let value = atMost(splat8(window.pointee.high), atLeast(splat8(window.pointee.low), sum))
  if count == 8 { store8(value, to) } else { store8(value, to, count: count) }
}
