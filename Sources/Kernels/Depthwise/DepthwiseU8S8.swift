import KernelContract

/// `depthwise_u8s8_1x16`: see `DepthwiseU8S8Descriptor`. A task is one line of output pixels.
///
/// Windows of 3 × 3 with u8 output go four pixels at a time (`convolve3x3U8`). Of any other window the taps inside the image go two by
/// two: the activations of two taps, interleaved channel by channel, times the weights interleaved
/// alike, is one
/// `vpmaddwd`. Taps outside count as the zero point, whose share is added from the weights.
func stepDepthwiseU8S8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: DepthwiseU8S8Descriptor.self)
  if suitsDepthwise3x3U8(d) {
    convolve3x3U8(d, buffers, begin, end, scratch)
  } else {
    convolveAnyWindow(d, buffers, begin, end, scratch)
  }
}

private func convolveAnyWindow(
  _ d: UnsafePointer<DepthwiseU8S8Descriptor>, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let g = d.pointee.geometry
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self))
  let channels = d.pointee.channels
  let columns = roundUp(channels, to: 16)
  let sums = scratch.assumingMemoryBound(to: Int32.self)
  let borderBias = sums + columns
  let taps = UnsafeMutableRawPointer(borderBias + columns).assumingMemoryBound(to: Tap.self)
  var requantization = d.pointee.requantization

  for task in begin..<end {
    let image = task / g.outputHeight
    let top = (task - image * g.outputHeight) * g.strideY - g.padTop
    for x in 0..<g.outputWidth {
      let left = x * g.strideX - g.padLeft
      var count = 0
      var outside = 0
      for ky in 0..<g.kernelHeight {
        let row = top + ky * g.dilationY
        for kx in 0..<g.kernelWidth {
          let column = left + kx * g.dilationX
          let weights = d.pointee.weights + (ky * g.kernelWidth + kx) * columns
          if row >= 0 && row < g.inputHeight && column >= 0 && column < g.inputWidth {
            let pixel = (image * g.inputHeight + row) * g.inputWidth + column
            taps[count] = Tap(input: input + pixel * g.inputPixelStride, weights: weights)
            count += 1
          } else {
            addOutside(weights, d.pointee.inputZeroPoint, outside == 0 ? d.pointee.bias : UnsafePointer(borderBias), borderBias, columns)
            outside += 1
          }
        }
      }
      convolve(UnsafePointer(taps), count, bias: outside == 0 ? d.pointee.bias : UnsafePointer(borderBias), sums, channels)
      requantize(
        UnsafePointer(sums), sumsStride: columns, rows: 1, columns: channels, scales: d.pointee.scales, &requantization, output: buffers[0],
        outputOffset: (task * g.outputWidth + x) * g.outputPixelStride, outputStride: g.outputPixelStride)
    }
  }
}

/// One tap of a window: the pixel it sees and its weights.
private struct Tap {
  var input: UnsafePointer<UInt8>
  var weights: UnsafePointer<Int16>
}

/// `to = from + zeroPoint · weights`
@inline(never)
private func addOutside(
  _ weights: UnsafePointer<Int16>, _ zeroPoint: UInt8, _ from: UnsafePointer<Int32>, _ to: UnsafeMutablePointer<Int32>, _ columns: Int
) {
  for channel in 0..<columns { to[channel] = from[channel] &+ Int32(zeroPoint) &* Int32(weights[channel]) }
}

@inline(never)
private func convolve(
  _ taps: UnsafePointer<Tap>, _ count: Int, bias: UnsafePointer<Int32>, _ sums: UnsafeMutablePointer<Int32>, _ channels: Int
) {
  var channel = 0
  while channel < channels {
    let width = min(16, channels - channel)
    // Interleaving works in halves of a vector: these hold channels 0 … 3 and 8 … 11, and 4 … 7 and 12 … 15.
    var low = Int8x32(repeating: 0)
    var high = Int8x32(repeating: 0)
    var tap = 0
    while tap < count {
      let isPair = tap + 1 < count
      let x = read(taps[tap].input + channel, width)
      let y = isPair ? read(taps[tap + 1].input + channel, width) : Pairs16(repeating: 0)
      let v = load16(taps[tap].weights + channel)
      let w = load16(taps[isPair ? tap + 1 : tap].weights + channel)
      low = addPairs(low, interleaveLow(x, y), interleaveLow(v, w))
      high = addPairs(high, interleaveHigh(x, y), interleaveHigh(v, w))
      tap += 2
    }
    let to = UnsafeMutableRawPointer(sums + channel)
    to.storeBytes(of: joinLow(low, high) &+ load8(bias + channel), as: Int8x32.self)
    to.storeBytes(of: joinHigh(low, high) &+ load8(bias + channel + 8), toByteOffset: 32, as: Int8x32.self)
    channel += 16
  }
}

@inline(__always)
private func read(_ from: UnsafePointer<UInt8>, _ width: Int) -> Pairs16 {
  if width == 16 { return widen16(from) }
  var value = Pairs16(repeating: 0)
  for lane in 0..<width { value[lane] = Int16(from[lane]) }
  return value
}
