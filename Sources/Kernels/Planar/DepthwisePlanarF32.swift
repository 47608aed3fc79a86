import KernelContract

/// `depthwise_planar_f32_2x8`: see `DepthwisePlanarF32Descriptor`. A task is a strip of lines of one channel, or some small channels.
///
/// A strip is copied to scratch with its padding, so that no pixel is special. Sums are made in one order, tap by tap from the bias on.
func stepDepthwisePlanarF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: DepthwisePlanarF32Descriptor.self)
  if d.pointee.isDirect { return convolvePlanes(d, buffers, begin, end, scratch) }
  let geometry = descriptor.assumingMemoryBound(to: Geometry.self)
  let g = geometry.pointee
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let strip = StripF32(
    g, pitch: d.pointee.strip.pitch, columns: d.pointee.strip.columns, lines: d.pointee.strip.inputLines(g), fill: 0, scratch)
  let channelBlock = planarChannels(g)
  let strips = planarStrips(g, d.pointee.strip.lines)
  let channelBlocks = blocks(d.pointee.channels, of: channelBlock)
  let clamps = isClamp(d.pointee.epilogue)
  let isThree = g.kernelHeight == 3 && g.kernelWidth == 3
  let isSquare3 = isThree && g.strideX == 1 && g.strideY == 1 && g.dilationX == 1 && g.dilationY == 1
  var window = PlanarWindowF32(
    lines: strip.floats, lineFloats: strip.lineFloats, places: strip.places, lineStep: g.dilationY * strip.lineFloats,
    height: g.kernelHeight, width: g.kernelWidth, weights: d.pointee.weights, bias: 0, output: output, outputWidth: g.outputWidth,
    low: clamps ? d.pointee.epilogue.a : -.infinity, high: clamps ? d.pointee.epilogue.b : .infinity)
  for task in begin..<end {
    let place = task / strips
    let image = place / channelBlocks
    let first = (place - image * channelBlocks) * channelBlock
    let top = (task - place * strips) * d.pointee.strip.lines
    for channel in first..<min(first + channelBlock, d.pointee.channels) {
      let plane = input + (image * d.pointee.input.imageStride + channel * d.pointee.input.channelStride)
      let target = output + (image * d.pointee.output.imageStride + channel * d.pointee.output.channelStride)
      window.weights = d.pointee.weights + channel * g.kernelHeight * g.kernelWidth
      window.bias = d.pointee.bias[channel]
      let last = strips == 1 ? g.outputHeight : min(g.outputHeight, top + d.pointee.strip.lines)
      var y = top
      while y < last {
        let lines = min(d.pointee.strip.lines, last - y)
        let needed = (lines - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1
        strip.load(geometry, plane, first: y * g.strideY - g.padTop, count: needed, fill: 0)
        let to = target + y * g.outputWidth
        if isSquare3 {
          convolvePlane3(&window, lines: lines, to)
        } else {
          for line in 0..<lines {
            window.lines = UnsafePointer(strip.floats) + line * g.strideY * strip.lineFloats
            window.output = to + line * g.outputWidth
            if isThree { convolvePlaneLine3(&window) } else { convolvePlaneLine(&window) }
          }
        }
        if !clamps { activateRow(to, to, lines * g.outputWidth, d.pointee.epilogue) }
        y += lines
      }
    }
  }
}

/// A window over the lines of a strip.
struct PlanarWindowF32 {
  /// The first line that the window sees.
  var lines: UnsafePointer<Float>
  var lineFloats: Int
  /// For each column of the window its distance from the beginning of a line.
  var places: UnsafePointer<Int>
  /// From one line of the window to the next.
  var lineStep: Int
  var height: Int
  var width: Int
  var weights: UnsafePointer<Float>
  var bias: Float
  var output: UnsafeMutablePointer<Float>
  var outputWidth: Int
  var low: Float
  var high: Float

  @inline(__always)
  func write(_ sum: Float8, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
    let value = atMost(splat8(high), atLeast(splat8(low), sum))
    if count >= 8 { store8(value, to) } else { store8(value, to, count: count) }
  }
}

/// One output line of any window.
private func convolvePlaneLine(_ w: UnsafePointer<PlanarWindowF32>) {
  let width = w.pointee.outputWidth
  var x = 0
  while x + 24 < width {
    convolvePlane4(w, x)
    x += 32
  }
  while x < width {
    convolvePlane1(w, x)
    x += 8
  }
}

@inline(never) private func convolvePlane4(_ w: UnsafePointer<PlanarWindowF32>, _ x: Int) { convolvePlane(4, w, x) }
@inline(never) private func convolvePlane1(_ w: UnsafePointer<PlanarWindowF32>, _ x: Int) { convolvePlane(1, w, x) }

/// `vectors` (a constant, 1 or 4) vectors of output pixels from `x` on; the last of four may be a part.
@inline(__always)
private func convolvePlane(_ vectors: Int, _ w: UnsafePointer<PlanarWindowF32>, _ x: Int) {
  var c0 = splat8(w.pointee.bias)
  var c1 = c0
  var c2 = c0
  var c3 = c0
  var line = w.pointee.lines + x
  var weight = w.pointee.weights
  for _ in 0..<w.pointee.height {
    for tap in 0..<w.pointee.width {
      let from = line + w.pointee.places[tap]
      let factor = splat8(weight[tap])
      c0 = c0.addingProduct(load8(from), factor)
      if vectors > 1 {
        c1 = c1.addingProduct(load8(from + 8), factor)
        c2 = c2.addingProduct(load8(from + 16), factor)
        c3 = c3.addingProduct(load8(from + 24), factor)
      }
    }
    weight += w.pointee.width
    line += w.pointee.lineStep
  }
  let to = w.pointee.output + x
  let rest = w.pointee.outputWidth - x
  w.pointee.write(c0, to, rest)
  if vectors > 1 {
    w.pointee.write(c1, to + 8, rest - 8)
    w.pointee.write(c2, to + 16, rest - 16)
    w.pointee.write(c3, to + 24, rest - 24)
  }
}

/// One output line of a 3 × 3 window of any stride: in a strip all are alike.
@inline(never)
private func convolvePlaneLine3(_ w: UnsafePointer<PlanarWindowF32>) {
  let weights = w.pointee.weights
  let (w0, w1, w2) = (splat8(weights[0]), splat8(weights[1]), splat8(weights[2]))
  let (w3, w4, w5) = (splat8(weights[3]), splat8(weights[4]), splat8(weights[5]))
  let (w6, w7, w8) = (splat8(weights[6]), splat8(weights[7]), splat8(weights[8]))
  let (width, step) = (w.pointee.outputWidth, w.pointee.lineStep)
  let (p0, p1, p2) = (w.pointee.places[0], w.pointee.places[1], w.pointee.places[2])
  let bias = splat8(w.pointee.bias)
  var x = 0
  while x < width {
    // The last vector overlaps the one before where there is one.
    let at = width >= 8 ? min(x, width - 8) : 0
    let l0 = w.pointee.lines + at
    let l1 = l0 + step
    let l2 = l1 + step
    var sum = bias
    sum = sum.addingProduct(load8(l0 + p0), w0)
    sum = sum.addingProduct(load8(l0 + p1), w1)
    sum = sum.addingProduct(load8(l0 + p2), w2)
    sum = sum.addingProduct(load8(l1 + p0), w3)
    sum = sum.addingProduct(load8(l1 + p1), w4)
    sum = sum.addingProduct(load8(l1 + p2), w5)
    sum = sum.addingProduct(load8(l2 + p0), w6)
    sum = sum.addingProduct(load8(l2 + p1), w7)
    sum = sum.addingProduct(load8(l2 + p2), w8)
    w.pointee.write(sum, w.pointee.output + at, width)
    x += 8
  }
}

/// The lines of a strip by a 3 × 3 window of stride 1, two at a time: of the four lines they see the middle two serve both.
@inline(never)
private func convolvePlane3(_ w: UnsafePointer<PlanarWindowF32>, lines: Int, _ output: UnsafeMutablePointer<Float>) {
  let weights = w.pointee.weights
  let (w0, w1, w2) = (splat8(weights[0]), splat8(weights[1]), splat8(weights[2]))
  let (w3, w4, w5) = (splat8(weights[3]), splat8(weights[4]), splat8(weights[5]))
  let (w6, w7, w8) = (splat8(weights[6]), splat8(weights[7]), splat8(weights[8]))
  let (width, pitch) = (w.pointee.outputWidth, w.pointee.lineFloats)
  let bias = splat8(w.pointee.bias)
  var y = 0
  while y < lines {
    let line = w.pointee.lines + y * pitch
    let to = output + y * width
    let isPair = y + 1 < lines
    var x = 0
    while x < width {
      // The last vector overlaps the one before where there is one.
      let at = width >= 8 ? min(x, width - 8) : 0
      let l0 = line + at
      var upper = bias
      upper = upper.addingProduct(load8(l0), w0)
      upper = upper.addingProduct(load8(l0 + 1), w1)
      upper = upper.addingProduct(load8(l0 + 2), w2)
      let l1 = l0 + pitch
      let (a1, b1, c1) = (load8(l1), load8(l1 + 1), load8(l1 + 2))
      upper = upper.addingProduct(a1, w3)
      upper = upper.addingProduct(b1, w4)
      upper = upper.addingProduct(c1, w5)
      let l2 = l1 + pitch
      let (a2, b2, c2) = (load8(l2), load8(l2 + 1), load8(l2 + 2))
      upper = upper.addingProduct(a2, w6)
      upper = upper.addingProduct(b2, w7)
      upper = upper.addingProduct(c2, w8)
      w.pointee.write(upper, to + at, width)
      if isPair {
        var lower = bias
        lower = lower.addingProduct(a1, w0)
        lower = lower.addingProduct(b1, w1)
        lower = lower.addingProduct(c1, w2)
        lower = lower.addingProduct(a2, w3)
        lower = lower.addingProduct(b2, w4)
        lower = lower.addingProduct(c2, w5)
        let l3 = l2 + pitch
        lower = lower.addingProduct(load8(l3), w6)
        lower = lower.addingProduct(load8(l3 + 1), w7)
        lower = lower.addingProduct(load8(l3 + 2), w8)
        w.pointee.write(lower, to + (width + at), width)
      }
      x += 8
    }
    y += 2
  }
}
