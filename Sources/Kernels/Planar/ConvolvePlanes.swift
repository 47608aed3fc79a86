import KernelContract

/// A depthwise convolution on planes that are read where they lie, in columns of eight pixels; see `SparseDepthwiseF32`. A task is
/// some channels of an image.
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
  let channelBlocks = blocks(d.pointee.channels, of: channelBlock)
  for task in begin..<end {
    let image = task / channelBlocks
    let first = (task - image * channelBlocks) * channelBlock
    let last = min(first + channelBlock, d.pointee.channels)
    planes.begin(source + image * input.imageStride, firstChannel: 0, line: 0, x: 0, lines: g.outputHeight)
    planes.fill(first, last, into: target + (image * output.imageStride + first * output.channelStride))
  }
}
