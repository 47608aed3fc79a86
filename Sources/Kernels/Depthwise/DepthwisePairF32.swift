/// Four pixels of two neighbouring output lines at a time, 3 × 3 windows of stride 1 that lie inside the image from top to bottom.
///
/// Of the four input lines the middle two serve both output lines: 24 loads and 72 fused multiply-adds for each vector of channels. An input line is
/// fetched from the second-level cache two times instead of three.
@inline(never)
func convolvePair3(_ tile: UnsafePointer<DepthwiseTileF32>) {
  let low = DepthwiseVector(repeating: tile.pointee.low)
  let high = DepthwiseVector(repeating: tile.pointee.high)
  let (step, lineStride) = (tile.pointee.step, tile.pointee.lineStride)
  var input = tile.pointee.input
  var output = tile.pointee.output
  for _ in 0..<tile.pointee.groups {
    var weights = tile.pointee.weights
    var channel = 0
    while channel < tile.pointee.channels {
      var upper = DepthwiseSums(loadDepthwise(tile.pointee.bias + channel))
      var lower = upper
      let line = input + channel
      let first = DepthwiseColumns(line, step: step)
      upper.add(first, loadDepthwise(weights), loadDepthwise(weights + 16), loadDepthwise(weights + 32))
      let second = DepthwiseColumns(line + lineStride, step: step)
      upper.add(second, loadDepthwise(weights + 48), loadDepthwise(weights + 64), loadDepthwise(weights + 80))
      lower.add(second, loadDepthwise(weights), loadDepthwise(weights + 16), loadDepthwise(weights + 32))
      let third = DepthwiseColumns(line + 2 * lineStride, step: step)
      upper.add(third, loadDepthwise(weights + 96), loadDepthwise(weights + 112), loadDepthwise(weights + 128))
      lower.add(third, loadDepthwise(weights + 48), loadDepthwise(weights + 64), loadDepthwise(weights + 80))
      let fourth = DepthwiseColumns(line + 3 * lineStride, step: step)
      lower.add(fourth, loadDepthwise(weights + 96), loadDepthwise(weights + 112), loadDepthwise(weights + 128))
      upper.write(output + channel, tile.pointee.outputStride, low, high)
      lower.write(output + (tile.pointee.outputLineStride + channel), tile.pointee.outputStride, low, high)
      channel += depthwiseLanes
      weights += channel % 16 == 0 ? tile.pointee.blockStride + depthwiseLanes - 16 : depthwiseLanes
    }
    input += 4 * step
    output += 4 * tile.pointee.outputStride
  }
}

/// The same for one group at the edge of the image.
@inline(never)
func convolvePairEdge3(_ tile: UnsafePointer<DepthwiseTileF32>) {
  let low = DepthwiseVector(repeating: tile.pointee.low)
  let high = DepthwiseVector(repeating: tile.pointee.high)
  let columns = UnsafePointer(tile.pointee.columns)
  let output = tile.pointee.output
  var weights = tile.pointee.weights
  var channel = 0
  while channel < tile.pointee.channels {
    var upper = DepthwiseSums(loadDepthwise(tile.pointee.bias + channel))
    var lower = upper
    let first = DepthwiseColumns(columns, channel: channel)
    upper.add(first, loadDepthwise(weights), loadDepthwise(weights + 16), loadDepthwise(weights + 32))
    let second = DepthwiseColumns(columns + 6, channel: channel)
    upper.add(second, loadDepthwise(weights + 48), loadDepthwise(weights + 64), loadDepthwise(weights + 80))
    lower.add(second, loadDepthwise(weights), loadDepthwise(weights + 16), loadDepthwise(weights + 32))
    let third = DepthwiseColumns(columns + 12, channel: channel)
    upper.add(third, loadDepthwise(weights + 96), loadDepthwise(weights + 112), loadDepthwise(weights + 128))
    lower.add(third, loadDepthwise(weights + 48), loadDepthwise(weights + 64), loadDepthwise(weights + 80))
    let fourth = DepthwiseColumns(columns + 18, channel: channel)
    lower.add(fourth, loadDepthwise(weights + 96), loadDepthwise(weights + 112), loadDepthwise(weights + 128))
    upper.write(output + channel, tile.pointee.outputStride, low, high)
    lower.write(output + (tile.pointee.outputLineStride + channel), tile.pointee.outputStride, low, high)
    channel += depthwiseLanes
    weights += channel % 16 == 0 ? tile.pointee.blockStride + depthwiseLanes - 16 : depthwiseLanes
  }
}
