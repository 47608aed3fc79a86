import KernelContract

/// Eight pixels side by side of each of a tile's lines, all columns of a tile being alike but for where they lie.
struct DepthwiseSegment {
  /// Floats behind the first one's beginning in the input.
  var from: Int
  /// Floats behind the strip's beginning.
  var to: Int
  /// Whether the windows lie inside the image's columns, so that nothing is masked.
  var isInside: Bool
}

/// The lines of a tile of a depthwise convolution in one channel, and what they see.
struct DepthwiseColumnF32 {
  /// The window. Its dilations are in elements, the stride along x is 1 or 2.
  var height: Int
  var width: Int
  var strideY: Int
  var strideX: Int
  var dilationY: Int
  var dilationX: Int
  var weights: UnsafePointer<Float>
  var bias: Float
  var low: Float8
  var high: Float8
  /// A line outside the image.
  var zeros: UnsafePointer<Float>
  var segments: UnsafePointer<DepthwiseSegment>
  var segmentCount: Int
  /// For each segment and column of the window the lanes that lie inside the image; with a stride of 2 in the order of `dealtEven`.
  var masks: UnsafePointer<SIMD8<UInt32>>
  /// The first line that is seen, from the first pixel that the first segment's first tap sees on; of the lines counted from there, `above ..< below`
  /// lie inside the image.
  var from: UnsafePointer<Float>
  var fromLine: Int
  var above: Int
  var below: Int
  /// Output lines, and how far apart they are written: whole vectors, in this order.
  var lines: Int
  var to: UnsafeMutablePointer<Float>
  var toLine: Int

  @inline(__always)
  func line(_ index: Int, _ segment: DepthwiseSegment) -> UnsafePointer<Float> {
    index >= above && index < below ? from + (segment.from + index * fromLine) : zeros
  }
}

@inline(__always)
private func clamped(_ sum: Float8, _ c: UnsafePointer<DepthwiseColumnF32>) -> Float8 {
  atMost(c.pointee.high, atLeast(c.pointee.low, sum))
}

@inline(__always)
private func masked(_ value: Float8, _ mask: SIMD8<UInt32>) -> Float8 {
  unsafeBitCast(unsafeBitCast(value, to: SIMD8<UInt32>.self) & mask, to: Float8.self)
}

/// Where the pixel of a lane is in vectors that are dealt.
@inline(__always)
func dealtLane(_ lane: Int) -> Int { (lane & 2) != 0 ? (lane & 4 != 0 ? lane : lane + 2) : (lane & 4 != 0 ? lane - 2 : lane) }

/// A window's weights in registers.
private struct Weights3 {
  let w0, w1, w2, w3, w4, w5, w6, w7, w8: Float8

  @inline(__always)
  init(_ weights: UnsafePointer<Float>) {
    (w0, w1, w2) = (splat8(weights[0]), splat8(weights[1]), splat8(weights[2]))
    (w3, w4, w5) = (splat8(weights[3]), splat8(weights[4]), splat8(weights[5]))
    (w6, w7, w8) = (splat8(weights[6]), splat8(weights[7]), splat8(weights[8]))
  }
}

/// Three neighbouring taps of a line.
private struct Taps3 {
  var a: Float8
  var b: Float8
  var c: Float8

  /// - Parameters:
  ///   - deals: whether of every other pixel.
  ///   - masks: nil where nothing is masked. Both are known where this is inlined.
  @inline(__always)
  init(_ from: UnsafePointer<Float>, deals: Bool, _ masks: UnsafePointer<SIMD8<UInt32>>?) {
    if deals {
      let (first, second) = (loadWhole8(from), loadWhole8(from + 8))
      (a, b, c) = (dealtEven(first, second), dealtOdd(first, second), dealtEven(loadWhole8(from + 2), loadWhole8(from + 10)))
    } else {
      (a, b, c) = (loadWhole8(from), loadWhole8(from + 1), loadWhole8(from + 2))
    }
    if let masks { (a, b, c) = (masked(a, masks[0]), masked(b, masks[1]), masked(c, masks[2])) }
  }

  /// A line's part of a sum, made by itself: parts are added up line by line, so that few additions wait for one another.
  @inline(__always)
  func sum(_ u: Float8, _ v: Float8, _ w: Float8) -> Float8 { (a * u).addingProduct(b, v).addingProduct(c, w) }
}

/// 3 × 3, stride 1: each line of the input is loaded once for the three lines that see it. All lines but the first two and the last two that are seen
/// must lie inside the image.
@inline(__always)
private func convolve3(
  _ c: UnsafePointer<DepthwiseColumnF32>, _ w: Weights3, _ segment: DepthwiseSegment, _ masks: UnsafePointer<SIMD8<UInt32>>?
) {
  let (lines, fromLine, toLine) = (c.pointee.lines, c.pointee.fromLine, c.pointee.toLine)
  let bias = splat8(c.pointee.bias)
  var taps = Taps3(c.pointee.line(0, segment), deals: false, masks)
  var upper = bias + taps.sum(w.w0, w.w1, w.w2)
  taps = Taps3(c.pointee.line(1, segment), deals: false, masks)
  // `upper` lacks the lowest line of its window, `lower` the lower two.
  upper = upper + taps.sum(w.w3, w.w4, w.w5)
  var to = c.pointee.to + segment.to
  if lines > 1 {
    var lower = bias + taps.sum(w.w0, w.w1, w.w2)
    var from = c.pointee.from + (segment.from + 2 * fromLine)
    let end = to + (lines - 2) * toLine
    while to < end {
      taps = Taps3(from, deals: false, masks)
      store8(clamped(upper + taps.sum(w.w6, w.w7, w.w8), c), to)
      upper = lower + taps.sum(w.w3, w.w4, w.w5)
      lower = bias + taps.sum(w.w0, w.w1, w.w2)
      from += fromLine
      to += toLine
    }
    taps = Taps3(c.pointee.line(lines, segment), deals: false, masks)
    store8(clamped(upper + taps.sum(w.w6, w.w7, w.w8), c), to)
    upper = lower + taps.sum(w.w3, w.w4, w.w5)
    to += toLine
  }
  taps = Taps3(c.pointee.line(lines + 1, segment), deals: false, masks)
  store8(clamped(upper + taps.sum(w.w6, w.w7, w.w8), c), to)
}

@inline(never)
func convolveColumn3(_ c: UnsafePointer<DepthwiseColumnF32>) {
  let weights = Weights3(c.pointee.weights)
  var masks = c.pointee.masks
  let segments = c.pointee.segments
  for index in 0..<c.pointee.segmentCount {
    if segments[index].isInside {
      convolve3(c, weights, segments[index], nil)
    } else {
      convolve3(c, weights, segments[index], masks)
    }
    masks += 3
  }
}

/// 3 × 3, stride 2 either way. All lines but the first and the last two that are seen must lie inside the image.
@inline(__always)
private func convolve3Strided(
  _ c: UnsafePointer<DepthwiseColumnF32>, _ w: Weights3, _ segment: DepthwiseSegment, _ masks: UnsafePointer<SIMD8<UInt32>>?
) {
  let (lines, fromLine, toLine) = (c.pointee.lines, c.pointee.fromLine, c.pointee.toLine)
  let bias = splat8(c.pointee.bias)
  var sum = bias + Taps3(c.pointee.line(0, segment), deals: true, masks).sum(w.w0, w.w1, w.w2)
  var from = c.pointee.from + (segment.from + fromLine)
  var to = c.pointee.to + segment.to
  let end = to + (lines - 1) * toLine
  while to < end {
    sum = sum + Taps3(from, deals: true, masks).sum(w.w3, w.w4, w.w5)
    from += fromLine
    let taps = Taps3(from, deals: true, masks)
    store8(clamped(gathered(sum + taps.sum(w.w6, w.w7, w.w8)), c), to)
    sum = bias + taps.sum(w.w0, w.w1, w.w2)
    from += fromLine
    to += toLine
  }
  sum = sum + Taps3(c.pointee.line(2 * lines - 1, segment), deals: true, masks).sum(w.w3, w.w4, w.w5)
  sum = sum + Taps3(c.pointee.line(2 * lines, segment), deals: true, masks).sum(w.w6, w.w7, w.w8)
  store8(clamped(gathered(sum), c), to)
}

@inline(never)
func convolveColumn3Strided(_ c: UnsafePointer<DepthwiseColumnF32>) {
  let weights = Weights3(c.pointee.weights)
  var masks = c.pointee.masks
  let segments = c.pointee.segments
  for index in 0..<c.pointee.segmentCount {
    if segments[index].isInside {
      convolve3Strided(c, weights, segments[index], nil)
    } else {
      convolve3Strided(c, weights, segments[index], masks)
    }
    masks += 3
  }
}

/// Any window.
@inline(never)
func convolveColumn(_ c: UnsafePointer<DepthwiseColumnF32>) {
  for index in 0..<c.pointee.segmentCount {
    let segment = c.pointee.segments[index]
    let masks = c.pointee.masks + index * c.pointee.width
    var to = c.pointee.to + segment.to
    for y in 0..<c.pointee.lines {
      var sum = splat8(c.pointee.bias)
      var weight = c.pointee.weights
      for tapY in 0..<c.pointee.height {
        var from = c.pointee.line(y * c.pointee.strideY + tapY * c.pointee.dilationY, segment)
        var part = splat8(0)
        for tapX in 0..<c.pointee.width {
          let value = c.pointee.strideX == 1 ? load8(from) : dealtEven(load8(from), load8(from + 8))
          let (pixels, factor) = (masked(value, masks[tapX]), splat8(weight[tapX]))
          part = tapX == 0 ? pixels * factor : part.addingProduct(pixels, factor)
          from += c.pointee.dilationX
        }
        sum = sum + part
        weight += c.pointee.width
      }
      store8(clamped(c.pointee.strideX == 1 ? sum : gathered(sum), c), to)
      to += c.pointee.toLine
    }
  }
}
