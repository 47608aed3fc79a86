import KernelContract

/// `pool_planar_f32_1x8`: see `PoolPlanarF32Descriptor`. Tasks and strips are as for `stepDepthwisePlanarF32`.
func stepPoolPlanarF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: PoolPlanarF32Descriptor.self)
  let geometry = descriptor.assumingMemoryBound(to: Geometry.self)
  let g = geometry.pointee
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let widths = scratch.assumingMemoryBound(to: Float.self)
  let isMax = if case .max = d.pointee.kind { true } else { false }
  let strip = StripF32(
    g, pitch: d.pointee.strip.pitch, columns: d.pointee.strip.columns, lines: d.pointee.strip.inputLines(g), fill: isMax ? -.infinity : 0,
    scratch + 4 * roundUp(g.outputWidth, to: 8))
  let countsPadding = d.pointee.countsPadding
  let isPairs =
    isMax && g.kernelHeight == 2 && g.kernelWidth == 2 && g.strideY == 2 && g.strideX == 2 && g.dilationY == 1 && g.dilationX == 1
    && g.padTop == 0 && g.padLeft == 0 && 2 * g.outputHeight <= g.inputHeight && 2 * g.outputWidth <= g.inputWidth
  if !isMax {
    for x in 0..<roundUp(g.outputWidth, to: 8) {
      widths[x] = Float(
        counted(
          x * g.strideX - g.padLeft, g.kernelWidth, g.dilationX, g.inputWidth, countsPadding ? g.padLeft : 0, countsPadding ? g.padRight : 0
        ))
    }
  }
  let channelBlock = planarChannels(g)
  let strips = planarStrips(g, d.pointee.strip.lines)
  let channelBlocks = blocks(d.pointee.channels, of: channelBlock)
  for task in begin..<end {
    let place = task / strips
    let image = place / channelBlocks
    let first = (place - image * channelBlocks) * channelBlock
    let top = (task - place * strips) * d.pointee.strip.lines
    for channel in first..<min(first + channelBlock, d.pointee.channels) {
      let plane = input + (image * d.pointee.input.imageStride + channel * d.pointee.input.channelStride)
      let target = output + (image * d.pointee.output.imageStride + channel * d.pointee.output.channelStride)
      let last = strips == 1 ? g.outputHeight : min(g.outputHeight, top + d.pointee.strip.lines)
      if isPairs {
        poolPairs(plane, width: g.inputWidth, target, outputWidth: g.outputWidth, first: top, end: last)
        continue
      }
      var y = top
      while y < last {
        let lines = min(d.pointee.strip.lines, last - y)
        let needed = (lines - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1
        strip.load(geometry, plane, first: y * g.strideY - g.padTop, count: needed, fill: isMax ? -.infinity : 0)
        for line in 0..<lines {
          let from = strip.floats + line * g.strideY * strip.lineFloats
          let to = target + (y + line) * g.outputWidth
          if isMax {
            pool(geometry, strip, from, to, -.infinity, { greater($0, $1) }, { sum, _ in sum })
          } else {
            let height = Float(
              counted(
                (y + line) * g.strideY - g.padTop, g.kernelHeight, g.dilationY, g.inputHeight, countsPadding ? g.padTop : 0,
                countsPadding ? g.padBottom : 0))
            pool(geometry, strip, from, to, 0, { $0 + $1 }) { sum, x in
              let count = load8(widths + x) * splat8(height)
              let none = count .== splat8(0)
              return (sum / count).replacing(with: splat8(0), where: none)
            }
          }
        }
        y += lines
      }
    }
  }
}

/// Taps from `origin` on that an average counts: those inside the image widened by its padding.
private func counted(_ origin: Int, _ taps: Int, _ dilation: Int, _ extent: Int, _ before: Int, _ after: Int) -> Int {
  let inside = insideTaps(origin + before, taps: taps, dilation: dilation, extent: extent + before + after)
  return inside.end - inside.begin
}

/// One output line.
@inline(__always)
private func pool(
  _ g: UnsafePointer<Geometry>, _ strip: StripF32, _ lines: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ start: Float,
  _ join: (Float8, Float8) -> Float8, _ finish: (Float8, Int) -> Float8
) {
  let (height, taps, width) = (g.pointee.kernelHeight, g.pointee.kernelWidth, g.pointee.outputWidth)
  let step = g.pointee.dilationY * strip.lineFloats
  var x = 0
  while x < width {
    var total = splat8(start)
    var line = lines + x
    for _ in 0..<height {
      for tap in 0..<taps { total = join(total, load8(line + strip.places[tap])) }
      line += step
    }
    let value = finish(total, x)
    if x + 8 <= width { store8(value, to + x) } else { store8(value, to + x, count: width - x) }
    x += 8
  }
}
