import KernelContract

/// `pool_f32_1x8`: see `PoolF32Descriptor`. A task is one line of output pixels by a block of channels.
///
/// Small windows go by columns (`PoolColumnsF32.swift`), windows that are one column by lines (`PoolLineF32.swift`). Otherwise an average adds up each line of the window on its own and then the lines,
/// which keeps the rounding of large windows small.
func stepPoolF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: PoolF32Descriptor.self)
  let g = d.pointee.geometry
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let channelBlocks = blocks(d.pointee.channels, of: d.pointee.channelBlock)
  let isMax = if case .max = d.pointee.kind { true } else { false }

  for task in begin..<end {
    let line = task / channelBlocks
    let channelBegin = (task - line * channelBlocks) * d.pointee.channelBlock
    let channelEnd = min(channelBegin + d.pointee.channelBlock, d.pointee.channels)
    if d.pointee.sharesColumns {
      let columns = scratch.assumingMemoryBound(to: Float.self)
      poolLineByColumns(
        d, line: line, from: input, to: output, channelBegin: channelBegin, channelEnd: channelEnd, columns: columns)
      continue
    }
    if isColumnPool(g) {
      poolLineOfColumns(d, line: line, from: input, to: output, channelBegin: channelBegin, channelEnd: channelEnd)
      continue
    }
    for x in 0..<g.outputWidth {
      let window = PoolWindow(g, line: line, x: x, countsPadding: d.pointee.countsPadding)
      let first = input + window.first * g.inputPixelStride
      let to = output + (line * g.outputWidth + x) * g.outputPixelStride
      let lineStride = g.inputWidth * g.dilationY * g.inputPixelStride
      let tapStride = g.dilationX * g.inputPixelStride
      let scale = window.count == 0 ? 0 : 1 / Float(window.count)
      var channel = channelBegin
      while channel < channelEnd {
        let count = min(8, channelEnd - channel)
        var total = splat8(isMax ? -.infinity : 0)
        var from = first + channel
        for _ in 0..<window.lines {
          var tap = from
          if isMax {
            for _ in 0..<window.taps {
              total = greater(total, read(tap, count))
              tap += tapStride
            }
          } else {
            var sum = splat8(0)
            for _ in 0..<window.taps {
              sum += read(tap, count)
              tap += tapStride
            }
            total += sum
          }
          from += lineStride
        }
        if !isMax { total *= splat8(scale) }
        if count == 8 { store8(total, to + channel) } else { store8(total, to + channel, count: count) }
        channel += 8
      }
    }
  }
}

/// The taps of one output pixel's window that lie inside the image.
struct PoolWindow {
  /// Pixel of the first tap, counted over all images.
  var first: Int
  var lines: Int
  var taps: Int
  /// What an average divides by.
  var count: Int

  @inline(__always)
  init(_ g: Geometry, line: Int, x: Int, countsPadding: Bool) {
    let image = line / g.outputHeight
    let top = (line - image * g.outputHeight) * g.strideY - g.padTop
    let left = x * g.strideX - g.padLeft
    let rows = insideTaps(top, taps: g.kernelHeight, dilation: g.dilationY, extent: g.inputHeight)
    let columns = insideTaps(left, taps: g.kernelWidth, dilation: g.dilationX, extent: g.inputWidth)
    lines = rows.end - rows.begin
    taps = columns.end - columns.begin
    first = (image * g.inputHeight + top + rows.begin * g.dilationY) * g.inputWidth + left + columns.begin * g.dilationX
    count = lines * taps
    if countsPadding {
      // The window may reach beyond the padding too (ceil_mode); those taps never count.
      count = insideTaps(top, taps: g.kernelHeight, dilation: g.dilationY, extent: g.inputHeight + g.padBottom).end
      count *= insideTaps(left, taps: g.kernelWidth, dilation: g.dilationX, extent: g.inputWidth + g.padRight).end
    }
  }
}

@inline(__always)
private func read(_ from: UnsafePointer<Float>, _ count: Int) -> Float8 { count == 8 ? load8(from) : load8(from, count: count) }
