import KernelContract
import Testing

/// Depthwise convolutions and pools on planar tensors, against the same on tensors with channels innermost, which have tests of their own.
@Suite struct PlanarTests {
  /// A case whose pixels are side by side, channels `gap` floats farther apart than they need.
  private func planes(_ channels: Int, _ height: Int, _ width: Int, gap: Int) -> Planes {
    let stride = height * width + gap
    return Planes(channelStride: stride, imageStride: channels * stride + 2 * gap)
  }

  /// The elements [image][pixel][channel] laid out in planes, `fill` between them.
  private func planar(_ values: [Float], _ batch: Int, _ pixels: Int, _ channels: Int, _ planes: Planes, fill: Float) -> [Float] {
    var result = [Float](repeating: fill, count: max(0, (batch - 1) * planes.imageStride + (channels - 1) * planes.channelStride + pixels))
    for image in 0..<batch {
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          result[image * planes.imageStride + channel * planes.channelStride + pixel] =
            values[(image * pixels + pixel) * channels + channel]
        }
      }
    }
    return result
  }

  private func geometry(_ numbers: inout Numbers, kernel: Int, stride: Int, size: (Int, Int)) -> Geometry {
    let dilation = numbers.pick([1, 1, 1, 2])
    let pad = numbers.int(0...kernel)
    let span = (kernel - 1) * dilation + 1
    let (height, width) = (max(size.0, span - 2 * pad), max(size.1, span - 2 * pad))
    var g = Geometry(
      batch: numbers.int(1...2), inputHeight: max(1, height), inputWidth: max(1, width), inputPixelStride: 1,
      outputHeight: (max(1, height) + 2 * pad - span) / stride + 1, outputWidth: (max(1, width) + 2 * pad - span) / stride + 1,
      outputPixelStride: 1)
    (g.kernelHeight, g.kernelWidth, g.strideY, g.strideX, g.dilationY, g.dilationX) = (kernel, kernel, stride, stride, dilation, dilation)
    (g.padTop, g.padLeft, g.padBottom, g.padRight) = (pad, pad, pad, pad)
    return g
  }

  @Test(arguments: 0..<120) func anyDepthwiseConvolution(seed: Int) throws {
    var numbers = Numbers(seed)
    let sizes = [(1, 1), (2, 5), (7, 7), (8, 9), (13, 17), (14, 14), (28, 28), (5, 40), (33, 31), (70, 65)]
    let g = geometry(&numbers, kernel: numbers.pick([1, 2, 3, 3, 3, 4, 5, 7]), stride: numbers.int(1...3), size: numbers.pick(sizes))
    let channels = numbers.pick([1, 2, 5, 16, 40])
    let epilogue = numbers.pick(Epilogue.all)
    let (inputs, outputs, taps) = (g.inputHeight * g.inputWidth, g.outputHeight * g.outputWidth, g.taps)
    let gap = numbers.pick([0, 3])
    let (from, to) = (
      planes(channels, g.inputHeight, g.inputWidth, gap: gap), planes(channels, g.outputHeight, g.outputWidth, gap: gap)
    )
    let values = numbers.floats(g.batch * inputs * channels)
    let (weights, bias) = (numbers.floats(channels * taps), numbers.floats(channels))
    let source = GuardedBuffer(planar(values, g.batch, inputs, channels, from, fill: .nan))
    let (storedWeights, storedBias) = (GuardedBuffer(weights), GuardedBuffer(bias))
    let descriptor = DepthwisePlanarF32Descriptor(
      geometry: g, strip: try #require(PlanarStrip(g)), channels: channels, input: from, output: to, weights: storedWeights.pointer,
      bias: storedBias.pointer, epilogue: epilogue)
    // Sums in Double; K fused multiply-adds err by at most K·2⁻²⁴·Σ|terms|, activations by a few ulp of at most 1.5 times the sum.
    var expected = [Double](repeating: 0, count: g.batch * outputs * channels)
    var bounds = expected
    for image in 0..<g.batch {
      for y in 0..<g.outputHeight {
        for x in 0..<g.outputWidth {
          for channel in 0..<channels {
            var (sum, size) = (Double(bias[channel]), Double(abs(bias[channel])))
            for tap in 0..<taps {
              let line = y * g.strideY - g.padTop + tap / g.kernelWidth * g.dilationY
              let column = x * g.strideX - g.padLeft + tap % g.kernelWidth * g.dilationX
              guard (0..<g.inputHeight).contains(line), (0..<g.inputWidth).contains(column) else { continue }
              let term =
                Double(values[((image * g.inputHeight + line) * g.inputWidth + column) * channels + channel])
                * Double(weights[channel * taps + tap])
              sum += term
              size += abs(term)
            }
            let place = ((image * g.outputHeight + y) * g.outputWidth + x) * channels + channel
            expected[place] = epilogue.exact(sum)
            bounds[place] = 1.2 * Double(taps + 8) * 0x1p-24 * size + 0x1p-24
          }
        }
      }
    }
    let count = planar([Float](repeating: 0, count: expected.count), g.batch, outputs, channels, to, fill: 0).count
    for entry in kernels(.depthwisePlanarF32) {
      let got: [Float] = output(entry, descriptor, fill: 77, count: count, inputs: [UnsafeMutableRawPointer(source.pointer)])
      check(got, expected, bounds, g, channels, to, "\(entry.id) \(g)")
    }
  }

  @Test(arguments: 0..<80) func anyPool(seed: Int) throws {
    var numbers = Numbers(seed + 1000)
    let sizes = [(1, 1), (7, 7), (8, 9), (13, 17), (28, 28), (5, 40), (70, 65)]
    var g = geometry(&numbers, kernel: numbers.pick([1, 2, 3, 3, 5]), stride: numbers.int(1...3), size: numbers.pick(sizes))
    if seed % 4 == 0, g.inputHeight > 1, g.inputWidth > 1 {
      // Pairs of lines and columns, all inside.
      (g.kernelHeight, g.kernelWidth, g.strideY, g.strideX, g.dilationY, g.dilationX) = (2, 2, 2, 2, 1, 1)
      (g.padTop, g.padLeft, g.padBottom, g.padRight) = (0, 0, 0, 0)
      (g.outputHeight, g.outputWidth) = (g.inputHeight / 2, g.inputWidth / 2)
    }
    let channels = numbers.pick([1, 3, 17])
    let kind: PoolKind = numbers.pick([.max, .average])
    let counts = numbers.pick([true, false])
    let (inputs, outputs) = (g.inputHeight * g.inputWidth, g.outputHeight * g.outputWidth)
    let (from, to) = (planes(channels, g.inputHeight, g.inputWidth, gap: 1), planes(channels, g.outputHeight, g.outputWidth, gap: 1))
    let values = numbers.floats(g.batch * inputs * channels)
    let source = GuardedBuffer(planar(values, g.batch, inputs, channels, from, fill: .nan))
    let descriptor = PoolPlanarF32Descriptor(
      geometry: g, strip: try #require(PlanarStrip(g)), channels: channels, input: from, output: to, kind: kind, countsPadding: counts)
    (g.inputPixelStride, g.outputPixelStride) = (channels, channels)
    let innermost = GuardedBuffer(values)
    let reference = PoolF32Descriptor(geometry: g, channels: channels, kind: kind, countsPadding: counts)
    let expected: [Float] = output(
      try #require(kernels(.poolF32).first), reference, fill: 0, count: g.batch * outputs * channels,
      inputs: [UnsafeMutableRawPointer(innermost.pointer)])
    let count = planar(expected, g.batch, outputs, channels, to, fill: 0).count
    // Both add at most 25 terms below 1 in some order, and divide: each errs by at most 27·2⁻²⁴.
    let bounds = [Double](repeating: kind == .max ? 0 : 54 * 0x1p-24, count: expected.count)
    for entry in kernels(.poolPlanarF32) {
      let got: [Float] = output(entry, descriptor, fill: 77, count: count, inputs: [UnsafeMutableRawPointer(source.pointer)])
      check(got, expected.map(Double.init), bounds, g, channels, to, "\(entry.id) \(kind) \(counts) \(g)")
    }
  }

  private func check(
    _ got: [Float], _ expected: [Double], _ bounds: [Double], _ g: Geometry, _ channels: Int, _ planes: Planes, _ what: String
  ) {
    let pixels = g.outputHeight * g.outputWidth
    var (wrong, written) = (0, Set<Int>())
    for image in 0..<g.batch {
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          let place = image * planes.imageStride + channel * planes.channelStride + pixel
          let index = (image * pixels + pixel) * channels + channel
          let isRight = Double(got[place]) == expected[index] || abs(Double(got[place]) - expected[index]) <= bounds[index]
          wrong += isRight ? 0 : 1
          written.insert(place)
        }
      }
    }
    #expect(wrong == 0, "\(what)")
    #expect(got.indices.allSatisfy { written.contains($0) || got[$0] == 77 }, "\(what) wrote between planes")
  }

  /// A window or line that would take more scratch than is reasonable has no strip.
  @Test func longLinesHaveNoStrip() {
    var g = Geometry(
      batch: 1, inputHeight: 9, inputWidth: 1 << 40, inputPixelStride: 1, outputHeight: 7, outputWidth: 1 << 40, outputPixelStride: 1)
    (g.kernelHeight, g.kernelWidth) = (3, 3)
    #expect(PlanarStrip(g) == nil)
    (g.inputWidth, g.outputWidth, g.dilationY) = (20, 18, 1 << 30)
    #expect(PlanarStrip(g) == nil)
    g.dilationY = 1
    #expect(PlanarStrip(g) != nil)
  }
}
