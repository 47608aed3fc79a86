import KernelContract
import Testing

/// Sparse products that make the depthwise convolution in front of them for themselves, against sums in Double.
///
/// With u = 2⁻²⁴, a depthwise sum of T terms and a bias errs by e = (T + 8)·u·Σ|terms| · 1.2 (activations have a slope of at most 1.2, and add a few
/// ulp: one u); the product of K such by at most Σ|w|·e and (K + 8)·u·Σ|terms| of its own.
@Suite struct SparseDepthwiseTests {
  private struct Case {
    var window: Geometry
    var channels: Int
    var outputs: Int
    var gap: Int

    var inputPixels: Int { window.inputHeight * window.inputWidth }
    var pixels: Int { window.outputHeight * window.outputWidth }
    var inputStride: Int { inputPixels + gap }
    var outputStride: Int { pixels + gap }
  }

  private func check(_ item: Case, density: Double, tile: (Int, Bool)?, level1Bytes: Int, nans: Int, _ numbers: inout Numbers) {
    let (g, channels, outputs) = (item.window, item.channels, item.outputs)
    var product = Geometry(
      batch: g.batch, inputHeight: g.outputHeight, inputWidth: g.outputWidth, inputPixelStride: 1, outputHeight: g.outputHeight,
      outputWidth: g.outputWidth, outputPixelStride: 1)
    product.inputPixelStride = 1
    var values = [Float](repeating: .nan, count: (g.batch * channels - 1) * item.inputStride + item.inputPixels)
    for plane in 0..<g.batch * channels {
      for (pixel, value) in numbers.floats(item.inputPixels).enumerated() { values[plane * item.inputStride + pixel] = value }
    }
    for _ in 0..<nans { values[numbers.int(0...values.count - 1)] = numbers.pick([.nan, .infinity]) }
    var weights = numbers.floats(channels * outputs)
    for i in weights.indices where Double.random(in: 0..<1, using: &numbers) >= density { weights[i] = 0 }
    let (taps, tapBias, bias) = (numbers.floats(channels * g.taps), numbers.floats(channels), numbers.floats(outputs))
    let epilogues: [Epilogue] = nans > 0 ? [.none, .none] : [numbers.pick([.none, .relu, .clamp(0, 0.5), .hardSwish]), .relu]
    let form = tile ?? SparseForm.fused(height: g.outputHeight, width: g.outputWidth)
    let strides = GemmPacking.Strides(output: channels, input: 1)
    let packing = SparsePacking(
      product, groupInChannels: channels, groupOutChannels: outputs, weights, strides, level1Bytes: level1Bytes, tileVectors: form.0,
      spansLines: form.1)
    let packed = GuardedBuffer<UInt8>(repeating: 0xFF, count: roundUp(packing.byteCount, to: 64))
    packing.pack(weights, strides, into: packed.pointer)
    let (source, offsets, factors, shifts) = (GuardedBuffer(values), GuardedBuffer(bias), GuardedBuffer(taps), GuardedBuffer(tapBias))
    let first = GuardedBuffer(values, .flushWithStart)
    let depthwise = SparseDepthwise(
      geometry: g, channels: channels, weights: factors.pointer, bias: shifts.pointer, epilogue: epilogues[0])
    var descriptor = SparseF32Descriptor(
      geometry: product, packing: packing, weights: packed.pointer, bias: offsets.pointer, epilogue: epilogues[1],
      bandBlock: numbers.pick([nil, 1, 2]), depthwise: depthwise)
    (descriptor.inputChannelStride, descriptor.inputImageStride) = (item.inputStride, channels * item.inputStride)
    (descriptor.outputChannelStride, descriptor.outputImageStride) = (item.outputStride, outputs * item.outputStride)
    let count = (g.batch * outputs - 1) * item.outputStride + item.pixels
    for entry in kernels(.sparseF32) {
      let got: [Float] = output(entry, descriptor, fill: 77, count: count, inputs: [UnsafeMutableRawPointer(source.pointer)])
      let again: [Float] = output(entry, descriptor, fill: 77, count: count, inputs: [UnsafeMutableRawPointer(first.pointer)])
      #expect(got.map(\.bitPattern) == again.map(\.bitPattern))
      var (wrong, written) = (0, [Bool](repeating: false, count: count))
      for image in 0..<g.batch {
        for pixel in 0..<item.pixels {
          let seen = (0..<channels).map { channel in
            depthwiseSum(item, image, channel, pixel, values, taps, tapBias, epilogues[0])
          }
          for row in 0..<outputs {
            var (sum, size, error) = (Double(bias[row]), abs(Double(bias[row])), 0.0)
            for k in 0..<channels where weights[row * channels + k] != 0 {
              let w = Double(weights[row * channels + k])
              sum += w * seen[k].value
              size += abs(w * seen[k].value)
              error += abs(w) * seen[k].error
            }
            let place = (image * outputs + row) * item.outputStride + pixel
            written[place] = true
            let (value, exact) = (Double(got[place]), sum.isNaN || nans > 0 ? sum : epilogues[1].exact(sum))
            let isRight =
              exact.isNaN ? value.isNaN : value == exact || abs(value - exact) <= error + 1.2 * Double(channels + 8) * 0x1p-24 * size
            wrong += isRight ? 0 : 1
          }
        }
      }
      #expect(wrong == 0, "\(entry.id) \(g) \(channels)→\(outputs) \(form)")
      #expect(got.indices.allSatisfy { written[$0] || got[$0] == 77 }, "\(entry.id) \(g) wrote between its elements")
    }
    #expect(packed.isIntact && source.isIntact && first.isIntact && offsets.isIntact && factors.isIntact && shifts.isIntact)
  }

  private func depthwiseSum(
    _ item: Case, _ image: Int, _ channel: Int, _ pixel: Int, _ values: [Float], _ taps: [Float], _ bias: [Float], _ epilogue: Epilogue
  ) -> (value: Double, error: Double) {
    let g = item.window
    var (sum, size) = (Double(bias[channel]), abs(Double(bias[channel])))
    for tap in 0..<g.taps {
      let line = pixel / g.outputWidth * g.strideY - g.padTop + tap / g.kernelWidth * g.dilationY
      let column = pixel % g.outputWidth * g.strideX - g.padLeft + tap % g.kernelWidth * g.dilationX
      guard (0..<g.inputHeight).contains(line), (0..<g.inputWidth).contains(column) else { continue }
      let plane = (image * item.channels + channel) * item.inputStride
      let term = Double(values[plane + line * g.inputWidth + column]) * Double(taps[channel * g.taps + tap])
      sum += term
      size += abs(term)
    }
    let value = sum.isNaN || sum.isInfinite ? sum : epilogue.exact(sum)
    return (value, 1.2 * Double(g.taps + 8) * 0x1p-24 * size + 0x1p-24)
  }

  private func window(_ numbers: inout Numbers, size: (Int, Int)) -> Geometry {
    let kernel = numbers.pick([(3, 3), (3, 3), (3, 3), (5, 5), (1, 3), (2, 2), (7, 7)])
    let stride = numbers.pick([(1, 1), (1, 1), (2, 2), (2, 2), (1, 2), (3, 1)])
    let dilation = kernel == (3, 3) ? numbers.pick([1, 1, 1, 2]) : 1
    let (top, left) = (numbers.int(0...kernel.0), numbers.int(0...kernel.1))
    let spans = ((kernel.0 - 1) * dilation + 1, (kernel.1 - 1) * dilation + 1)
    let pads = numbers.pick([(1, 1), (1, 1), (top, left)])
    let (height, width) = (max(size.0, spans.0), max(size.1, spans.1))
    var g = Geometry(
      batch: numbers.int(1...2), inputHeight: height, inputWidth: width, inputPixelStride: 1,
      outputHeight: (height + 2 * pads.0 - spans.0) / stride.0 + 1, outputWidth: (width + 2 * pads.1 - spans.1) / stride.1 + 1,
      outputPixelStride: 1)
    (g.kernelHeight, g.kernelWidth, g.strideY, g.strideX, g.dilationY, g.dilationX) = (
      kernel.0, kernel.1, stride.0, stride.1, dilation, dilation
    )
    (g.padTop, g.padLeft, g.padBottom, g.padRight) = (pads.0, pads.1, pads.0, pads.1)
    return g
  }

  @Test(arguments: 0..<150) func anyWindowInFront(seed: Int) {
    var numbers = Numbers(seed + 9000)
    let g = window(
      &numbers, size: numbers.pick([(1, 1), (3, 2), (7, 7), (8, 8), (14, 14), (28, 28), (13, 11), (5, 40), (20, 20), (33, 31)]))
    #expect(SparseDepthwise.accepts(g))
    let item = Case(
      window: g, channels: numbers.pick([1, 2, 5, 16, 37]), outputs: numbers.pick([1, 3, 64, 70]), gap: numbers.pick([0, 3]))
    check(
      item, density: numbers.pick([0.05, 0.3]), tile: numbers.pick([nil, nil, (numbers.int(1...7), true)]),
      level1Bytes: numbers.pick([2048, 32768]), nans: 0, &numbers)
  }

  /// What is no number reaches the windows that see it and nothing else.
  @Test(arguments: 0..<40) func neighboursDoNotLeakIn(seed: Int) {
    var numbers = Numbers(seed + 9500)
    let g = window(&numbers, size: numbers.pick([(7, 7), (14, 14), (9, 16), (28, 28)]))
    check(
      Case(window: g, channels: 8, outputs: 5, gap: 0), density: 0.3, tile: nil, level1Bytes: 32768, nans: numbers.int(1...4), &numbers)
  }
}
