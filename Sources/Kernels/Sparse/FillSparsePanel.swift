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
  /// The tile's first pixel.
  var pixel: Int
  /// Places of a strip that are needed: the tile's pixels, and what other lines of the window see.
  var places: Int

  /// Writes strips `first ..< end` of a group, one behind the other; up to seven floats behind the last are spilled.
  func fill(_ first: Int, _ end: Int, into panel: UnsafeMutablePointer<Float>) {
    if geometry.pointee.isPointwise && geometry.pointee.inputPixelStride == 1 {
      var to = panel
      var from = input + (first * channelStride + pixel)
      for _ in first..<end {
        copySpilling(from, places, to)
        from += channelStride
        to += stripFloats
      }
      return
    }
    var channel = first / stripsOfChannel
    var strip = first - channel * stripsOfChannel
    var to = panel
    for _ in first..<end {
      fillStrip(input + channel * channelStride, strips[strip], to)
      to += stripFloats
      strip += 1
      if strip == stripsOfChannel { (channel, strip) = (channel + 1, 0) }
    }
  }

  /// One channel seen by one place of the window: lines of the output's width.
  private func fillStrip(_ channel: UnsafePointer<Float>, _ strip: SparseStrip, _ panel: UnsafeMutablePointer<Float>) {
    let g = geometry
    let (width, step) = (g.pointee.outputWidth, g.pointee.inputPixelStride)
    let (strideX, inputWidth) = (g.pointee.strideX, g.pointee.inputWidth)
    // The columns whose input is inside the image.
    let column = Int(strip.column)
    let left = column >= 0 ? 0 : min(width, blocks(-column, of: strideX))
    let right = column >= inputWidth ? left : max(left, min(width, blocks(inputWidth - column, of: strideX)))
    var y = pixel / width
    var x = pixel - y * width
    var line = y * g.pointee.strideY + Int(strip.line)
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
          let source = channel + (line * inputWidth + from * strideX + column) * step
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
      y += 1
      line += g.pointee.strideY
    }
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

@inline(__always)
private func copyStrided(_ from: UnsafePointer<Float>, _ stride: Int, _ count: Int, _ to: UnsafeMutablePointer<Float>) {
  var source = from
  for i in 0..<count {
    to[i] = source.pointee
    source += stride
  }
}
