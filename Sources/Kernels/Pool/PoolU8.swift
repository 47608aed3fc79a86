import KernelContract

/// `pool_u8_1x16`: see `PoolU8Descriptor`. A task is one line of output pixels by a block of channels.
func stepPoolU8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: PoolU8Descriptor.self)
  let g = d.pointee.geometry
  let output = buffers[0].assumingMemoryBound(to: UInt8.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self))
  let channelBlocks = blocks(d.pointee.channels, of: d.pointee.channelBlock)
  let isMax = if case .max = d.pointee.kind { true } else { false }
  let range = CodeRange(low: 0, high: 255, zeroPoint: d.pointee.outputZeroPoint)

  for task in begin..<end {
    let line = task / channelBlocks
    let channelBegin = (task - line * channelBlocks) * d.pointee.channelBlock
    let channelEnd = min(channelBegin + d.pointee.channelBlock, d.pointee.channels)
    for x in 0..<g.outputWidth {
      let window = PoolWindow(g, line: line, x: x, countsPadding: d.pointee.countsPadding)
      let first = input + window.first * g.inputPixelStride
      let to = output + (line * g.outputWidth + x) * g.outputPixelStride
      let lineStride = g.inputWidth * g.dilationY * g.inputPixelStride
      let tapStride = g.dilationX * g.inputPixelStride
      if isMax {
        poolMaximum(first, window, lineStride: lineStride, tapStride: tapStride, to, channelBegin, channelEnd)
      } else {
        let zero = Int32(truncatingIfNeeded: window.lines * window.taps) &* d.pointee.inputZeroPoint
        let scale = splat8(window.count == 0 ? 0 : d.pointee.scale / Float(window.count))
        var channel = channelBegin
        while channel < channelEnd {
          let count = min(8, channelEnd - channel)
          var sum = Int8x32(repeating: 0 &- zero)
          var from = first + channel
          for _ in 0..<window.lines {
            var tap = from
            for _ in 0..<window.taps {
              sum &+= count == 8 ? widen8(tap) : widenPart8(tap, count)
              tap += tapStride
            }
            from += lineStride
          }
          let codes = range.codes(toFloat(sum) * scale)
          if count == 8 { narrow8(codes, to + channel) } else { narrow8(codes, to + channel, count: count) }
          channel += 8
        }
      }
    }
  }
}

@inline(__always)
private func widenPart8(_ from: UnsafePointer<UInt8>, _ count: Int) -> Int8x32 {
  var value = Int8x32(repeating: 0)
  for lane in 0..<count { value[lane] = Int32(from[lane]) }
  return value
}

/// The greatest code of each channel; 0 where no tap lies inside.
@inline(__always)
private func poolMaximum(
  _ first: UnsafePointer<UInt8>, _ window: PoolWindow, lineStride: Int, tapStride: Int, _ to: UnsafeMutablePointer<UInt8>, _ begin: Int,
  _ end: Int
) {
  var channel = begin
  while channel + 32 <= end {
    greatest32(first + channel, window, lineStride: lineStride, tapStride: tapStride, to + channel)
    channel += 32
  }
  // The last sixteen overlap those before where there are as many.
  while channel < end && end - begin >= 16 {
    let at = min(channel, end - 16)
    greatest16(first + at, window, lineStride: lineStride, tapStride: tapStride, to + at)
    channel = at + 16
  }
  while channel < end {
    var greatest: UInt8 = 0
    for line in 0..<window.lines {
      for tap in 0..<window.taps {
        let value = first[channel + line * lineStride + tap * tapStride]
        if value > greatest { greatest = value }
      }
    }
    to[channel] = greatest
    channel += 1
  }
}

/// The greatest of the codes of a window, 32 channels.
@inline(__always)
private func greatest32(
  _ first: UnsafePointer<UInt8>, _ window: PoolWindow, lineStride: Int, tapStride: Int, _ to: UnsafeMutablePointer<UInt8>
) {
  var greatest = Quads8(repeating: 0)
  var from = first
  for _ in 0..<window.lines {
    var tap = from
    for _ in 0..<window.taps {
      greatest = greater(greatest, UnsafeRawPointer(tap).loadUnaligned(as: Quads8.self))
      tap += tapStride
    }
    from += lineStride
  }
  UnsafeMutableRawPointer(to).storeBytes(of: greatest, as: Quads8.self)
}

/// The greatest of the codes of a window, 16 channels.
@inline(__always)
private func greatest16(
  _ first: UnsafePointer<UInt8>, _ window: PoolWindow, lineStride: Int, tapStride: Int, _ to: UnsafeMutablePointer<UInt8>
) {
  var greatest = SIMD16<UInt8>(repeating: 0)
  var from = first
  for _ in 0..<window.lines {
    var tap = from
    for _ in 0..<window.taps {
      let value = UnsafeRawPointer(tap).loadUnaligned(as: SIMD16<UInt8>.self)
      greatest.replace(with: value, where: value .> greatest)
      tap += tapStride
    }
    from += lineStride
  }
  UnsafeMutableRawPointer(to).storeBytes(of: greatest, as: SIMD16<UInt8>.self)
}
