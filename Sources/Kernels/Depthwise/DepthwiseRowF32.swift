/// Four pixels of one output line at a time, windows of 3 or 5 columns and any number of lines, stride 1 or 2.
///
/// A line's columns are loaded once for the four windows: per line of 3 taps 6 (stride 1) or 9 (stride 2) loads, 3 of weights, and 12 fused
/// multiply-adds. Channels run innermost: a line of the cache is used whole at once, which matters where pixels lie a multiple of 4 KiB apart
/// and share a set. At the edges of the image every column has a pointer of its own, to a pixel of zeros where it lies outside.
@inline(never) func convolveRow3Stride1(_ tile: UnsafePointer<DepthwiseTileF32>) { convolve(3, 1, false, tile) }
@inline(never) func convolveRow3Stride2(_ tile: UnsafePointer<DepthwiseTileF32>) { convolve(3, 2, false, tile) }
@inline(never) func convolveRow5Stride1(_ tile: UnsafePointer<DepthwiseTileF32>) { convolve(5, 1, false, tile) }
@inline(never) func convolveRow5Stride2(_ tile: UnsafePointer<DepthwiseTileF32>) { convolve(5, 2, false, tile) }
@inline(never) func convolveEdge3Stride1(_ tile: UnsafePointer<DepthwiseTileF32>) { convolve(3, 1, true, tile) }
@inline(never) func convolveEdge3Stride2(_ tile: UnsafePointer<DepthwiseTileF32>) { convolve(3, 2, true, tile) }
@inline(never) func convolveEdge5Stride1(_ tile: UnsafePointer<DepthwiseTileF32>) { convolve(5, 1, true, tile) }
@inline(never) func convolveEdge5Stride2(_ tile: UnsafePointer<DepthwiseTileF32>) { convolve(5, 2, true, tile) }

/// `taps`, `stride` and `isEdge` are constants.
@inline(__always)
private func convolve(_ taps: Int, _ stride: Int, _ isEdge: Bool, _ tile: UnsafePointer<DepthwiseTileF32>) {
  let low = DepthwiseVector(repeating: tile.pointee.low)
  let high = DepthwiseVector(repeating: tile.pointee.high)
  let (step, lineStride, lines) = (tile.pointee.step, tile.pointee.lineStride, tile.pointee.lines)
  var input = tile.pointee.input
  var output = tile.pointee.output
  for _ in 0..<tile.pointee.groups {
    var weights = tile.pointee.weights
    var channel = 0
    while channel < tile.pointee.channels {
      var sums = DepthwiseSums(loadDepthwise(tile.pointee.bias + channel))
      var line = input + channel
      var columns = UnsafePointer(tile.pointee.columns)
      var w = weights
      for _ in 0..<lines {
        if taps == 3 && stride == 1 {
          accumulate3Stride1(isEdge, step, line, columns, channel, w, &sums)
        } else if taps == 3 {
          accumulate3Stride2(isEdge, step, line, columns, channel, w, &sums)
        } else if stride == 1 {
          accumulate5Stride1(isEdge, step, line, columns, channel, w, &sums)
        } else {
          accumulate5Stride2(isEdge, step, line, columns, channel, w, &sums)
        }
        line += lineStride
        columns += taps + 3 * stride
        w += 16 * taps
      }
      sums.write(output + channel, tile.pointee.outputStride, low, high)
      channel += depthwiseLanes
      weights += channel % 16 == 0 ? tile.pointee.blockStride + depthwiseLanes - 16 : depthwiseLanes
    }
    input += 4 * stride * step
    output += 4 * tile.pointee.outputStride
  }
}

/// One line of 3 taps, stride 1.
@inline(__always)
private func accumulate3Stride1(
  _ isEdge: Bool, _ step: Int, _ line: UnsafePointer<Float>, _ columns: UnsafePointer<UnsafePointer<Float>>, _ channel: Int,
  _ w: UnsafePointer<Float>, _ sums: inout DepthwiseSums
) {
  let x = isEdge ? DepthwiseColumns(columns, channel: channel) : DepthwiseColumns(line, step: step)
  sums.add(x, loadDepthwise(w), loadDepthwise(w + 16), loadDepthwise(w + 32))
}

/// One line of 3 taps, stride 2.
@inline(__always)
private func accumulate3Stride2(
  _ isEdge: Bool, _ step: Int, _ line: UnsafePointer<Float>, _ columns: UnsafePointer<UnsafePointer<Float>>, _ channel: Int,
  _ w: UnsafePointer<Float>, _ sums: inout DepthwiseSums
) {
  let w0 = loadDepthwise(w)
  let w1 = loadDepthwise(w + 16)
  let w2 = loadDepthwise(w + 32)
  let x0 = loadDepthwise(isEdge ? columns[0] + channel : line)
  let x1 = loadDepthwise(isEdge ? columns[1] + channel : line + 1 * step)
  let x2 = loadDepthwise(isEdge ? columns[2] + channel : line + 2 * step)
  let x3 = loadDepthwise(isEdge ? columns[3] + channel : line + 3 * step)
  let x4 = loadDepthwise(isEdge ? columns[4] + channel : line + 4 * step)
  let x5 = loadDepthwise(isEdge ? columns[5] + channel : line + 5 * step)
  let x6 = loadDepthwise(isEdge ? columns[6] + channel : line + 6 * step)
  let x7 = loadDepthwise(isEdge ? columns[7] + channel : line + 7 * step)
  let x8 = loadDepthwise(isEdge ? columns[8] + channel : line + 8 * step)
  sums.c0 = sums.c0.addingProduct(x0, w0).addingProduct(x1, w1).addingProduct(x2, w2)
  sums.c1 = sums.c1.addingProduct(x2, w0).addingProduct(x3, w1).addingProduct(x4, w2)
  sums.c2 = sums.c2.addingProduct(x4, w0).addingProduct(x5, w1).addingProduct(x6, w2)
  sums.c3 = sums.c3.addingProduct(x6, w0).addingProduct(x7, w1).addingProduct(x8, w2)
}

/// One line of 5 taps, stride 1.
@inline(__always)
private func accumulate5Stride1(
  _ isEdge: Bool, _ step: Int, _ line: UnsafePointer<Float>, _ columns: UnsafePointer<UnsafePointer<Float>>, _ channel: Int,
  _ w: UnsafePointer<Float>, _ sums: inout DepthwiseSums
) {
  let w0 = loadDepthwise(w)
  let w1 = loadDepthwise(w + 16)
  let w2 = loadDepthwise(w + 32)
  let w3 = loadDepthwise(w + 48)
  let w4 = loadDepthwise(w + 64)
  let x0 = loadDepthwise(isEdge ? columns[0] + channel : line)
  let x1 = loadDepthwise(isEdge ? columns[1] + channel : line + 1 * step)
  let x2 = loadDepthwise(isEdge ? columns[2] + channel : line + 2 * step)
  let x3 = loadDepthwise(isEdge ? columns[3] + channel : line + 3 * step)
  let x4 = loadDepthwise(isEdge ? columns[4] + channel : line + 4 * step)
  let x5 = loadDepthwise(isEdge ? columns[5] + channel : line + 5 * step)
  let x6 = loadDepthwise(isEdge ? columns[6] + channel : line + 6 * step)
  let x7 = loadDepthwise(isEdge ? columns[7] + channel : line + 7 * step)
  sums.c0 = sums.c0.addingProduct(x0, w0).addingProduct(x1, w1).addingProduct(x2, w2)
  sums.c0 = sums.c0.addingProduct(x3, w3).addingProduct(x4, w4)
  sums.c1 = sums.c1.addingProduct(x1, w0).addingProduct(x2, w1).addingProduct(x3, w2)
  sums.c1 = sums.c1.addingProduct(x4, w3).addingProduct(x5, w4)
  sums.c2 = sums.c2.addingProduct(x2, w0).addingProduct(x3, w1).addingProduct(x4, w2)
  sums.c2 = sums.c2.addingProduct(x5, w3).addingProduct(x6, w4)
  sums.c3 = sums.c3.addingProduct(x3, w0).addingProduct(x4, w1).addingProduct(x5, w2)
  sums.c3 = sums.c3.addingProduct(x6, w3).addingProduct(x7, w4)
}

/// One line of 5 taps, stride 2.
@inline(__always)
private func accumulate5Stride2(
  _ isEdge: Bool, _ step: Int, _ line: UnsafePointer<Float>, _ columns: UnsafePointer<UnsafePointer<Float>>, _ channel: Int,
  _ w: UnsafePointer<Float>, _ sums: inout DepthwiseSums
) {
  let w0 = loadDepthwise(w)
  let w1 = loadDepthwise(w + 16)
  let w2 = loadDepthwise(w + 32)
  let w3 = loadDepthwise(w + 48)
  let w4 = loadDepthwise(w + 64)
  let x0 = loadDepthwise(isEdge ? columns[0] + channel : line)
  let x1 = loadDepthwise(isEdge ? columns[1] + channel : line + 1 * step)
  let x2 = loadDepthwise(isEdge ? columns[2] + channel : line + 2 * step)
  let x3 = loadDepthwise(isEdge ? columns[3] + channel : line + 3 * step)
  let x4 = loadDepthwise(isEdge ? columns[4] + channel : line + 4 * step)
  let x5 = loadDepthwise(isEdge ? columns[5] + channel : line + 5 * step)
  let x6 = loadDepthwise(isEdge ? columns[6] + channel : line + 6 * step)
  let x7 = loadDepthwise(isEdge ? columns[7] + channel : line + 7 * step)
  let x8 = loadDepthwise(isEdge ? columns[8] + channel : line + 8 * step)
  let x9 = loadDepthwise(isEdge ? columns[9] + channel : line + 9 * step)
  let x10 = loadDepthwise(isEdge ? columns[10] + channel : line + 10 * step)
  sums.c0 = sums.c0.addingProduct(x0, w0).addingProduct(x1, w1).addingProduct(x2, w2)
  sums.c0 = sums.c0.addingProduct(x3, w3).addingProduct(x4, w4)
  sums.c1 = sums.c1.addingProduct(x2, w0).addingProduct(x3, w1).addingProduct(x4, w2)
  sums.c1 = sums.c1.addingProduct(x5, w3).addingProduct(x6, w4)
  sums.c2 = sums.c2.addingProduct(x4, w0).addingProduct(x5, w1).addingProduct(x6, w2)
  sums.c2 = sums.c2.addingProduct(x7, w3).addingProduct(x8, w4)
  sums.c3 = sums.c3.addingProduct(x6, w0).addingProduct(x7, w1).addingProduct(x8, w2)
  sums.c3 = sums.c3.addingProduct(x9, w3).addingProduct(x10, w4)
}
