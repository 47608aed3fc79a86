import KernelContract

/// Whether every window is one column of the image: nothing is shared from left to right, and no column lies outside.
@inline(__always)
func isColumnPool(_ g: Geometry) -> Bool {
  g.kernelWidth == 1 && g.padLeft == 0 && (g.outputWidth - 1) * g.strideX < g.inputWidth
}

/// One line of output pixels of windows that are one column each; as one run where pixels follow each other without a gap.
func poolLineOfColumns(
  _ d: UnsafePointer<PoolF32Descriptor>, line: Int, from input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>,
  channelBegin: Int, channelEnd: Int
) {
  let g = d.pointee.geometry
  let isMax = if case .max = d.pointee.kind { true } else { false }
  let window = PoolWindow(g, line: line, x: 0, countsPadding: d.pointee.countsPadding)
  let scale = window.count == 0 ? 0 : 1 / Float(window.count)
  let lineStride = g.inputWidth * g.dilationY * g.inputPixelStride
  let isRun =
    g.strideX == 1 && g.inputPixelStride == d.pointee.channels && g.outputPixelStride == d.pointee.channels
    && channelEnd - channelBegin == d.pointee.channels
  let pixels = isRun ? 1 : g.outputWidth
  let count = isRun ? g.outputWidth * d.pointee.channels : channelEnd - channelBegin
  var from = input + (window.first * g.inputPixelStride + channelBegin)
  var to = output + (line * g.outputWidth * g.outputPixelStride + channelBegin)
  for _ in 0..<pixels {
    if isMax { joinMaximum(from, window.lines, lineStride, count, to) } else { joinSum(from, window.lines, lineStride, count, scale, to) }
    from += g.strideX * g.inputPixelStride
    to += g.outputPixelStride
  }
}
