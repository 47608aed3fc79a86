import KernelContract

/// A depthwise convolution on planes that are read where they lie, in columns of eight pixels; see `SparseDepthwiseF32`.
func convolvePlanes(
  _ d: UnsafePointer<DepthwisePlanarF32Descriptor>, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let g = d.pointee.geometry
  let (input, output) = (d.pointee.input, d.pointee.output)
  let target = buffers[0].assumingMemoryBound(to: Float.self)
  let source = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  var planes = SparseDepthwiseF32(
    d.pointee.depthwise, spansLines: false, stripFloats: output.channelStride, channelStride: input.channelStride,
    scratch.assumingMemoryBound(to: Float.self))
  let channelBlock = planarChannels(g)
  let strips = planarStrips(g, d.pointee.strip.lines)
  let channelBlocks = blocks(d.pointee.channels, of: channelBlock)
  let blockLines = d.pointee.blockLines
  for task in begin..<end {
    let place = task / strips
    let image = place / channelBlocks
    let first = (place - image * channelBlocks) * channelBlock
    let last = min(first + channelBlock, d.pointee.channels)
    let line = (task - place * strips) * blockLines
    planes.begin(
      source + image * input.imageStride, firstChannel: 0, line: line, x: 0, lines: min(blockLines, g.outputHeight - line))
    planes.fill(
      first, last, into: target + (image * output.imageStride + first * output.channelStride + line * g.outputWidth),
      ahead: strips > 1 ? blockLines * g.strideY * g.inputWidth : nil)
  }
}
