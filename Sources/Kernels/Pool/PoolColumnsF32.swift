import KernelContract

/// One line of output pixels: first each column of the line's windows on its own, into scratch (`[column][channel]`), then the columns of each
/// window. Windows that overlap share their columns, and lines are read as they lie in memory.
func poolLineByColumns(
  _ d: UnsafePointer<PoolF32Descriptor>, line: Int, from input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>,
  channelBegin: Int, channelEnd: Int, columns: UnsafeMutablePointer<Float>
) {
  let g = d.pointee.geometry
  let isMax = if case .max = d.pointee.kind { true } else { false }
  let image = line / g.outputHeight
  let top = (line - image * g.outputHeight) * g.strideY - g.padTop
  let rows = insideTaps(top, taps: g.kernelHeight, dilation: g.dilationY, extent: g.inputHeight)
  let lines = rows.end - rows.begin
  let first = input + (image * g.inputHeight + top + rows.begin * g.dilationY) * g.inputWidth * g.inputPixelStride
  let lineStride = g.inputWidth * g.dilationY * g.inputPixelStride
  // What an average divides by, vertically: the window may reach beyond the padding too (ceil_mode), those taps never count.
  let countedLines =
    d.pointee.countsPadding
    ? insideTaps(top, taps: g.kernelHeight, dilation: g.dilationY, extent: g.inputHeight + g.padBottom).end : lines
  let reach = (g.kernelWidth - 1) * g.dilationX

  let chunk = d.pointee.columnChannels
  var channel = channelBegin
  while channel < channelEnd {
    let count = min(chunk, channelEnd - channel)
    let width = roundUp(count, to: 8)
    var from = first + channel
    var to = columns
    for _ in 0..<g.inputWidth {
      if isMax { joinMaximum(from, lines, lineStride, count, to) } else { joinSum(from, lines, lineStride, count, 1, to) }
      from += g.inputPixelStride
      to += width
    }
    var target = output + line * g.outputWidth * g.outputPixelStride + channel
    var left = -g.padLeft
    for _ in 0..<g.outputWidth {
      var (begin, taps, counted) = (0, g.kernelWidth, g.kernelWidth)
      if left < 0 || left + reach >= g.inputWidth {
        let inside = insideTaps(left, taps: g.kernelWidth, dilation: g.dilationX, extent: g.inputWidth)
        (begin, taps) = (inside.begin, inside.end - inside.begin)
        counted =
          d.pointee.countsPadding
          ? insideTaps(left, taps: g.kernelWidth, dilation: g.dilationX, extent: g.inputWidth + g.padRight).end : taps
      }
      let divisor = counted * countedLines
      let scale = divisor == 0 ? 0 : 1 / Float(divisor)
      let column = columns + (left + begin * g.dilationX) * width
      let stride = g.dilationX * width
      if lines == 0 { taps = 0 }
      if isMax { joinMaximum(column, taps, stride, count, target) } else { joinSum(column, taps, stride, count, scale, target) }
      target += g.outputPixelStride
      left += g.strideX
    }
    channel += chunk
  }
}

/// The maxima of `lines` runs of `count` floats, `stride` apart; −∞ of none.
@inline(never)
func joinMaximum(_ from: UnsafePointer<Float>, _ lines: Int, _ stride: Int, _ count: Int, _ to: UnsafeMutablePointer<Float>) {
  var c = 0
  if lines == 2 {
    while c + 8 <= count {
      store8(greater(load8(from + c), load8(from + (c + stride))), to + c)
      c += 8
    }
  } else if lines == 3 {
    while c + 8 <= count {
      let a = load8(from + c)
      let b = load8(from + (c + stride))
      store8(greater(greater(a, b), load8(from + (c + 2 * stride))), to + c)
      c += 8
    }
  }
  while c < count {
    let rest = min(8, count - c)
    var total = splat8(-.infinity)
    var next = from + c
    for _ in 0..<lines {
      total = greater(total, rest == 8 ? load8(next) : load8(next, count: rest))
      next += stride
    }
    if rest == 8 { store8(total, to + c) } else { store8(total, to + c, count: rest) }
    c += 8
  }
}

/// The sums of `lines` runs of `count` floats, `stride` apart, times `scale`; 0 of none.
@inline(never)
func joinSum(
  _ from: UnsafePointer<Float>, _ lines: Int, _ stride: Int, _ count: Int, _ scale: Float, _ to: UnsafeMutablePointer<Float>
) {
  let scale = splat8(scale)
  var c = 0
  if lines == 3 {
    while c + 8 <= count {
      let a = load8(from + c)
      let b = load8(from + (c + stride))
      store8((a + b + load8(from + (c + 2 * stride))) * scale, to + c)
      c += 8
    }
  }
  while c < count {
    let rest = min(8, count - c)
    var total = splat8(0)
    var next = from + c
    for _ in 0..<lines {
      total += rest == 8 ? load8(next) : load8(next, count: rest)
      next += stride
    }
    total *= scale
    if rest == 8 { store8(total, to + c) } else { store8(total, to + c, count: rest) }
    c += 8
  }
}

/// The greater of the two, NaN if either is.
@inline(__always)
func greater(_ a: Float8, _ b: Float8) -> Float8 { b.replacing(with: atLeast(b, a), where: b .== b) }
