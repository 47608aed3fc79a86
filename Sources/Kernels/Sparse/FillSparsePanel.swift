import KernelContract

/// Where a tile lies, and what its panel is made from.
struct SparseSource {
  var geometry: UnsafePointer<Geometry>
  /// The first channel of the group in the tile's image.
  var input: UnsafePointer<Float>
  var channelStride: Int
  var strips: UnsafePointer<SparseStrip>
  var stripsOfChannel: Int
  var stripFloats: Int
  var lineFloats: Int
  /// The tile's first pixel, and where it lies in the image.
  var pixel: Int
  var line: Int
  var column: Int
  /// The tile's pixels.
  var places: Int
  /// Whether the tile is eight pixels wide.
  var spansLines: Bool
  /// Whether the image is so large that what the next tile sees should be asked for.
  var fetches: Bool

  /// Writes strips `first ..< end` of a group, one behind the other; up to seven floats behind the last are spilled.
  func fill(_ first: Int, _ end: Int, into panel: UnsafeMutablePointer<Float>) {
    if geometry.pointee.isPointwise && geometry.pointee.inputPixelStride == 1 && !spansLines {
      var to = panel
      var from = input + (first * channelStride + pixel)
      for _ in first..<end {
        if fetches { fetchAhead(from + places, places) }
        copySpilling(from, places, to)
        from += channelStride
        to += stripFloats
      }
      return
    }
    if lineFloats == 16 { return fillWide(first, end, into: panel) }
    if spansLines {
      for strip in 0..<stripsOfChannel { fillColumns(strip, first, end, panel) }
      return
    }
    if stripsOfChannel == 1 { return fillSegments(first, end, panel) }
    let g = geometry.pointee
    let continues = g.inputPixelStride == 1 && g.strideX == 1 && g.strideY == 1 && g.inputWidth == g.outputWidth
    var channel = first / stripsOfChannel
    var strip = first - channel * stripsOfChannel
    var to = panel
    for _ in first..<end {
      if continues {
        fillContinuous(input + channel * channelStride, strips[strip], to)
      } else {
        fillLines(input + channel * channelStride, strips[strip], to)
      }
      to += stripFloats
      strip += 1
      if strip == stripsOfChannel { (channel, strip) = (channel + 1, 0) }
    }
  }

  /// One channel seen by one place of the window, where lines follow each other in the strip as in the input: one copy, and then zeros where a
  /// window leaves its line.
  @inline(__always)
  private func fillContinuous(_ channel: UnsafePointer<Float>, _ strip: SparseStrip, _ panel: UnsafeMutablePointer<Float>) {
    let width = geometry.pointee.outputWidth
    // Place i holds pixel `start + i` of the channel, if there is one.
    let start = pixel + strip.line * width + strip.column
    let from = min(places, max(0, -start))
    let until = max(from, min(places, geometry.pointee.inputHeight * width - start))
    if from > 0 { zeroSpilling(from, panel) }
    if until > from { copySpilling(channel + (start + from), until - from, panel + from) }
    if until < places { zeroSpilling(places - until, panel + until) }
    if strip.column == 0 { return }
    let outside = min(width, abs(strip.column))
    var first = (strip.column < 0 ? 0 : width - outside) - column
    while first < places {
      for i in max(0, first)..<max(0, min(places, first + outside)) { panel[i] = 0 }
      first += width
    }
  }

  /// Consecutive pixels, line by line: any stride and width.
  private func fillLines(_ channel: UnsafePointer<Float>, _ strip: SparseStrip, _ panel: UnsafeMutablePointer<Float>) {
    let g = geometry
    let (width, step) = (g.pointee.outputWidth, g.pointee.inputPixelStride)
    let (strideX, inputWidth) = (g.pointee.strideX, g.pointee.inputWidth)
    // The columns whose input is inside the image.
    let left = strip.column >= 0 ? 0 : min(width, blocks(-strip.column, of: strideX))
    let right = strip.column >= inputWidth ? left : max(left, min(width, blocks(inputWidth - strip.column, of: strideX)))
    var x = column
    var line = line * g.pointee.strideY + strip.line
    var to = panel
    let end = panel + places
    while to < end {
      let count = min(width - x, end - to)
      if line < 0 || line >= g.pointee.inputHeight {
        zeroSpilling(count, to)
      } else {
        // Zeros to the left, what is inside, zeros to the right: each spills over what comes next.
        let (from, until) = (min(max(x, left), x + count), min(max(x, right), x + count))
        if from > x { zeroSpilling(from - x, to) }
        if until > from {
          let source = channel + (line * inputWidth + from * strideX + strip.column) * step
          if fetches { fetchAhead(source + blocks(places, of: width) * g.pointee.strideY * inputWidth * step, (until - from) * strideX) }
          if step * strideX == 1 {
            copySpilling(source, until - from, to + (from - x))
          } else {
            copyStrided(source, step * strideX, until - from, to + (from - x))
          }
        }
        if until < x + count { zeroSpilling(x + count - until, to + (until - x)) }
      }
      to += count
      x = 0
      line += g.pointee.strideY
    }
  }
}

/// Asks for what the next tile sees: any addresses will do.
@inline(__always)
func fetchAhead(_ from: UnsafePointer<Float>, _ count: Int) {
  var i = 0
  while i < count {
    fetchToLevel2(from + i)
    i += 16
  }
}

/// Copies, and writes whole vectors.
@inline(__always)
private func copySpilling(_ from: UnsafePointer<Float>, _ count: Int, _ to: UnsafeMutablePointer<Float>) {
  var i = 0
  while i + 8 <= count {
    store8(load8(from + i), to + i)
    i += 8
  }
  if i < count { store8(load8(from + i, count: count - i), to + i) }
}

@inline(__always)
private func zeroSpilling(_ count: Int, _ to: UnsafeMutablePointer<Float>) {
  var i = 0
  while i < count {
    store8(splat8(0), to + i)
    i += 8
  }
}

/// Copies elements `stride` apart, none behind the last; where every other one is wanted, whole vectors are written.
private func copyStrided(_ from: UnsafePointer<Float>, _ stride: Int, _ count: Int, _ to: UnsafeMutablePointer<Float>) {
  var i = 0
  if stride == 2 {
    while i + 8 < count {
      store8(SIMD16(lowHalf: load8(from + 2 * i), highHalf: load8(from + 2 * i + 8)).evenHalf, to + i)
      i += 8
    }
    if i < count {
      let rest = 2 * (count - i) - 1
      let (low, high) = (load8(from + 2 * i, count: min(8, rest)), load8(from + 2 * i + 8, count: max(0, rest - 8)))
      store8(SIMD16(lowHalf: low, highHalf: high).evenHalf, to + i)
    }
    return
  }
  while i < count {
    to[i] = from[i * stride]
    i += 1
  }
}
