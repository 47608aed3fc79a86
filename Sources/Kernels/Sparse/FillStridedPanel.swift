import KernelContract

extension SparseSource {
  /// Strip number `which` of each channel, of those among `first ..< end`: eight pixels of each of its lines. Where these lie in an image is the
  /// same for all channels.
  func fillColumns(_ which: Int, _ first: Int, _ end: Int, _ panel: UnsafeMutablePointer<Float>) {
    let channel = first <= which ? 0 : blocks(first - which, of: stripsOfChannel)
    let channelEnd = end <= which ? 0 : blocks(end - which, of: stripsOfChannel)
    let strip = strips[which]
    let (strideX, strideY) = (geometry.pointee.strideX, geometry.pointee.strideY)
    let (inputWidth, height, pixelStride) = (geometry.pointee.inputWidth, geometry.pointee.inputHeight, geometry.pointee.inputPixelStride)
    let step = pixelStride * strideX
    // Pixels `left ..< right` see the image.
    let x = column * strideX + strip.column
    let left = x >= 0 ? 0 : min(8, blocks(-x, of: strideX))
    let right = x >= inputWidth ? left : max(left, min(8, blocks(inputWidth - x, of: strideX)))
    // Pixels of a line from the first that is seen on.
    let seen = inputWidth - x - left * strideX
    let lineStep = strideY * inputWidth * pixelStride
    // Lines `above ..< below` see the image.
    let y = line * strideY + strip.line
    let lines = stripFloats / 8
    let above = y >= 0 ? 0 : min(lines, blocks(-y, of: strideY))
    let below = y >= height || right == left ? above : max(above, min(lines, blocks(height - y, of: strideY)))
    // A strip for each column of the window sees the same lines.
    let fetchesLines = fetches && strip.column <= -geometry.pointee.padLeft
    let start = ((y + above * strideY) * inputWidth + x + left * strideX) * pixelStride
    let ahead = (8 * strideX + 16 - left * strideX) * pixelStride
    var to = panel + (channel * stripsOfChannel + which - first) * stripFloats
    for c in channel..<max(channel, channelEnd) {
      for i in 0..<above { store8(splat8(0), to + 8 * i) }
      var from = input + (c * channelStride + start)
      var place = to + 8 * above
      let last = to + 8 * below
      if fetchesLines {
        for i in 0..<below - above { fetchToLevel2(from + (ahead + i * lineStep)) }
      }
      if step == 1 && right - left == 8 {
        while place < last {
          store8(load8(from), place)
          from += lineStep
          place += 8
        }
      } else if strideX == 2 && step == 2 && left == 0 && seen >= 16 {
        while place < last {
          store8(SIMD16(lowHalf: load8(from), highHalf: load8(from + 8)).evenHalf, place)
          from += lineStep
          place += 8
        }
      } else {
        while place < last {
          store8(splat8(0), place)
          // What would be written behind a line is the beginning of the next, and behind a strip that of one that may be there already.
          if strideX == 2 && step == 2 && place + 8 < to + 8 * lines {
            let (low, high) = (load8(from, count: min(8, seen)), load8(from + 8, count: min(8, max(0, seen - 8))))
            store8(SIMD16(lowHalf: low, highHalf: high).evenHalf, place + left)
          } else {
            for i in 0..<right - left { place[left + i] = from[i * step] }
          }
          from += lineStep
          place += 8
        }
      }
      for i in below..<lines { store8(splat8(0), to + 8 * i) }
      to += stripsOfChannel * stripFloats
    }
  }

  /// Consecutive pixels of channels with one strip: any stride and width. Where a line's part of the tile lies is the same for all channels.
  func fillSegments(_ first: Int, _ end: Int, _ panel: UnsafeMutablePointer<Float>) {
    let (width, inputWidth, step) = (geometry.pointee.outputWidth, geometry.pointee.inputWidth, geometry.pointee.inputPixelStride)
    let (strideX, strideY) = (geometry.pointee.strideX, geometry.pointee.strideY)
    let shift = strips.pointee.column
    // The columns whose input is inside the image.
    let left = shift >= 0 ? 0 : min(width, blocks(-shift, of: strideX))
    let right = shift >= inputWidth ? left : max(left, min(width, blocks(inputWidth - shift, of: strideX)))
    let nextTile = blocks(places, of: width) * strideY * inputWidth * step
    var x = column
    var y = line * strideY + strips.pointee.line
    var offset = 0
    while offset < places {
      let count = min(width - x, places - offset)
      let sees = y >= 0 && y < geometry.pointee.inputHeight
      // Zeros to the left, what is inside, zeros to the right.
      let from = sees ? min(max(x, left), x + count) : x + count
      let until = sees ? min(max(x, right), x + count) : x + count
      let start = (y * inputWidth + from * strideX + shift) * step
      // What is written behind a segment is the beginning of the next; that of the next strip may be there already.
      let spills = offset + from - x + 8 * blocks(until - from, of: 8) <= stripFloats
      var to = panel + offset
      for channel in first..<end {
        for i in 0..<from - x { to[i] = 0 }
        if until > from {
          let source = input + (channel * channelStride + start)
          if fetches { fetchAhead(source + nextTile, (until - from) * strideX) }
          copySegment(source, step * strideX, until - from, to + (from - x), spills: spills)
        }
        for i in max(from, until) - x..<count { to[i] = 0 }
        to += stripFloats
      }
      offset += count
      x = 0
      y += strideY
    }
  }
}

/// Copies elements `stride` apart; up to seven floats behind the last are spilled where that is allowed.
@inline(__always)
private func copySegment(_ from: UnsafePointer<Float>, _ stride: Int, _ count: Int, _ to: UnsafeMutablePointer<Float>, spills: Bool) {
  var i = 0
  if stride == 2 {
    while i + 8 < count {
      store8(SIMD16(lowHalf: load8(from + 2 * i), highHalf: load8(from + 2 * i + 8)).evenHalf, to + i)
      i += 8
    }
    if spills && i < count {
      let rest = 2 * (count - i) - 1
      let (low, high) = (load8(from + 2 * i, count: min(8, rest)), load8(from + 2 * i + 8, count: max(0, rest - 8)))
      store8(SIMD16(lowHalf: low, highHalf: high).evenHalf, to + i)
      return
    }
  } else if stride == 1 {
    while i + 8 <= count {
      store8(load8(from + i), to + i)
      i += 8
    }
  }
  while i < count {
    to[i] = from[i * stride]
    i += 1
  }
}
