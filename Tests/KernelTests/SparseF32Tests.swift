import KernelContract
import Testing

/// Sparse convolutions and products against sums in Double.
///
/// Tolerance as for the dense ones: a chain of K fused multiply-adds errs by at most K·u·Σ|terms| with u = 2⁻²⁴ (to first order); bias, residual
/// and the activation, all of slope at most 1.2, add a few ulp: (K + 8)·u·Σ|terms| · 1.2 covers them.
@Suite struct SparseF32Tests {
  /// Where the elements of a tensor lie: image, channel, pixel.
  private struct Place {
    var image: Int
    var channel: Int
    var pixel: Int
    var count: Int

    /// Planes or pixels with `slack` more channels than there are.
    init(planar: Bool, images: Int, channels: Int, pixels: Int, slack: Int) {
      let wide = channels + slack
      image = wide * pixels
      (channel, pixel) = planar ? (pixels, 1) : (1, wide)
      count = images * channels * pixels == 0 ? 0 : (images - 1) * image + (channels - 1) * channel + (pixels - 1) * pixel + 1
    }

    func callAsFunction(_ i: Int, _ c: Int, _ p: Int) -> Int { i * image + c * channel + p * pixel }
  }

  private func check(
    _ item: ConvolutionCase, density: Double, inputIsPlanar: Bool, outputIsPlanar: Bool, slack: (Int, Int), level1Bytes: Int,
    tileVectors: Int?, spansLines: Bool?, rowBlock: Int = 1, epilogue: Epilogue, hasResidual: Bool, _ numbers: inout Numbers
  ) {
    var g = item.geometry
    let (inputs, outputs) = (item.groups * item.inChannels, item.groups * item.outChannels)
    let (inputPixels, outputPixels) = (g.inputHeight * g.inputWidth, g.outputHeight * g.outputWidth)
    let from = Place(planar: inputIsPlanar, images: g.batch, channels: inputs, pixels: inputPixels, slack: slack.0)
    let to = Place(planar: outputIsPlanar, images: g.batch, channels: outputs, pixels: outputPixels, slack: slack.1)
    (g.inputPixelStride, g.outputPixelStride) = (from.pixel, to.pixel)

    var weights = numbers.floats(item.weightCount)
    if rowBlock > 1 {
      // Blocks of neighbouring channels of a group, and now and then a zero among their weights.
      let places = item.inChannels * g.taps
      for i in weights.indices {
        let row = i / places % item.outChannels
        let isFirst = row % rowBlock == 0
        let isZero = isFirst ? Double.random(in: 0..<1, using: &numbers) >= density : weights[i - row % rowBlock * places] == 0
        if isZero || (!isFirst && numbers.int(0...9) == 0) { weights[i] = 0 }
      }
    } else {
      for i in weights.indices where Double.random(in: 0..<1, using: &numbers) >= density { weights[i] = 0 }
    }
    let (input, bias, residual) = (numbers.floats(from.count), numbers.floats(outputs), numbers.floats(to.count))
    let packing = SparsePacking(
      g, groups: item.groups, groupInChannels: item.inChannels, groupOutChannels: item.outChannels, weights, item.packing.oihw,
      level1Bytes: level1Bytes, tileVectors: tileVectors, spansLines: spansLines, rowBlock: rowBlock)
    #expect(packing.stored == weights.filter { $0 != 0 }.count && packing.filled >= packing.stored)
    #expect(rowBlock > 1 || packing.filled == packing.stored)
    if rowBlock > 1 {
      let share = SparsePacking.fullness(
        rowBlock: rowBlock, groups: item.groups, groupOutChannels: item.outChannels, places: item.inChannels * g.taps, weights)
      #expect(abs(share - Double(packing.stored) / Double(max(1, packing.filled))) < 1e-12)
    }
    let packed = GuardedBuffer<UInt8>(repeating: 0xFF, count: roundUp(packing.byteCount, to: 64))
    packing.pack(weights, item.packing.oihw, into: packed.pointer)
    let (source, offsets, added) = (GuardedBuffer(input), GuardedBuffer(bias), GuardedBuffer(residual))
    var descriptor = SparseF32Descriptor(
      geometry: g, packing: packing, weights: packed.pointer, bias: offsets.pointer, epilogue: epilogue, hasResidual: hasResidual,
      bandBlock: numbers.pick([nil, 1, 2, 3]))
    (descriptor.inputChannelStride, descriptor.inputImageStride) = (from.channel, from.image)
    (descriptor.outputChannelStride, descriptor.outputImageStride) = (to.channel, to.image)
    (descriptor.residualChannelStride, descriptor.residualImageStride) = (to.channel, to.image)

    for entry in kernels(.sparseF32) {
      let got: [Float] = output(
        entry, descriptor, fill: 77, count: to.count,
        inputs: [UnsafeMutableRawPointer(source.pointer), UnsafeMutableRawPointer(added.pointer)])
      var written = [Bool](repeating: false, count: to.count)
      for image in 0..<g.batch {
        for channel in 0..<outputs {
          for pixel in 0..<outputPixels {
            let (y, x) = (pixel / g.outputWidth, pixel % g.outputWidth)
            var (sum, size) = (Double(bias[channel]), abs(Double(bias[channel])))
            for k in 0..<item.inChannels {
              for tap in 0..<g.taps {
                let iy = y * g.strideY - g.padTop + tap / g.kernelWidth * g.dilationY
                let ix = x * g.strideX - g.padLeft + tap % g.kernelWidth * g.dilationX
                guard iy >= 0, iy < g.inputHeight, ix >= 0, ix < g.inputWidth else { continue }
                let at = from(image, channel / item.outChannels * item.inChannels + k, iy * g.inputWidth + ix)
                let term = Double(weights[(channel * item.inChannels + k) * g.taps + tap]) * Double(input[at])
                sum += term
                size += abs(term)
              }
            }
            let place = to(image, channel, pixel)
            if hasResidual {
              sum += Double(residual[place])
              size += abs(Double(residual[place]))
            }
            written[place] = true
            let bound = Double(item.inChannels * g.taps + 8) * 0x1p-24 * size
            #expect(abs(Double(got[place]) - epilogue.exact(sum)) <= 1.2 * bound, "\(entry.id) \(item) \(channel) \(pixel)")
          }
        }
      }
      #expect(got.indices.allSatisfy { written[$0] || got[$0] == 77 }, "\(entry.id) \(item) wrote between its elements")
    }
    #expect(packed.isIntact && source.isIntact && offsets.isIntact && added.isIntact)
  }

  @Test(arguments: 0..<200)
  func convolutions(seed: Int) {
    var numbers = Numbers(seed + 5000)
    let item = ConvolutionCase.random(&numbers)
    check(
      item, density: numbers.pick([0, 0.05, 0.3, 1]), inputIsPlanar: numbers.pick([true, true, false]),
      outputIsPlanar: numbers.pick([true, true, false]), slack: numbers.pick([(0, 0), (2, 1)]),
      level1Bytes: numbers.pick([2048, 4096, 32768]), tileVectors: numbers.pick([nil, nil, 1, 2, 5, 7]),
      spansLines: numbers.pick([nil, nil, true, false]),
      epilogue: numbers.pick([.none, .relu, .clamp(-0.3, 0.7), .hardSwish]), hasResidual: numbers.pick([true, false]), &numbers)
  }

  /// The same where blocks of rows are stored together. Zeros stored in them are terms too, which the bound counts.
  @Test(arguments: 0..<240)
  func convolutionsByBlocksOfRows(seed: Int) {
    var numbers = Numbers(seed + 9000)
    let item = ConvolutionCase.random(&numbers)
    check(
      item, density: numbers.pick([0, 0.05, 0.3, 1]), inputIsPlanar: numbers.pick([true, true, false]),
      outputIsPlanar: numbers.pick([true, true, false]), slack: numbers.pick([(0, 0), (2, 1)]),
      level1Bytes: numbers.pick([2048, 4096, 32768]), tileVectors: numbers.pick([nil, nil, 1, 2, 3, 4, 5, 6, 7]),
      spansLines: numbers.pick([nil, nil, true, false]), rowBlock: 2 + 2 * (seed % 2),
      epilogue: numbers.pick([.none, .relu, .clamp(-0.3, 0.7), .hardSwish]), hasResidual: numbers.pick([true, false]), &numbers)
  }

  @Test(arguments: [0, 1, 8, 25, 48, 49, 57], [1, 2, 3, 5, 64, 67, 130])
  func productsByBlocksOfRows(pixels: Int, outputs: Int) {
    var numbers = Numbers(pixels * 1000 + outputs)
    let item = ConvolutionCase(size: (1, pixels), channels: (numbers.pick([1, 5, 61]), outputs))
    for (planar, rowBlock) in [(true, 2), (true, 4), (false, 4)] {
      check(
        item, density: 0.3, inputIsPlanar: planar, outputIsPlanar: planar, slack: (0, 0), level1Bytes: 4096, tileVectors: nil,
        spansLines: nil, rowBlock: rowBlock, epilogue: .relu, hasResidual: planar, &numbers)
    }
  }

  /// Around whole tiles, bands and pairs.
  @Test(arguments: [0, 1, 7, 8, 9, 39, 40, 55, 56, 57, 113], [1, 2, 63, 64, 65, 130])
  func products(pixels: Int, outputs: Int) {
    var numbers = Numbers(pixels * 1000 + outputs)
    let item = ConvolutionCase(size: (1, pixels), channels: (numbers.pick([1, 5, 61]), outputs))
    for planar in [true, false] {
      check(
        item, density: 0.2, inputIsPlanar: planar, outputIsPlanar: planar, slack: (0, 0), level1Bytes: 8192, tileVectors: nil,
        spansLines: nil,
        epilogue: .relu, hasResidual: planar, &numbers)
    }
  }

  /// Residual blocks: the sum is written over what was added.
  @Test(arguments: [1, 2, 4]) func residualMayBeTheOutput(rowBlock: Int) {
    var numbers = Numbers(1)
    let item = ConvolutionCase(size: (5, 16), channels: (9, 67))
    var g = item.geometry
    (g.inputPixelStride, g.outputPixelStride) = (1, 1)
    let weights = numbers.floats(item.weightCount)
    let packing = SparsePacking(
      g, groupInChannels: 9, groupOutChannels: 67, weights, item.packing.oihw, level1Bytes: 2048, rowBlock: rowBlock)
    let packed = GuardedBuffer<UInt8>(repeating: 0, count: roundUp(packing.byteCount, to: 64))
    packing.pack(weights, item.packing.oihw, into: packed.pointer)
    let (source, bias, residual) = (numbers.floats(9 * 80), numbers.floats(67), numbers.floats(67 * 80))
    let (input, offsets, added) = (GuardedBuffer(source), GuardedBuffer(bias), GuardedBuffer(residual))
    let descriptor = SparseF32Descriptor(
      geometry: g, packing: packing, weights: packed.pointer, bias: offsets.pointer, hasResidual: true)
    for entry in kernels(.sparseF32) {
      let apart: [Float] = output(
        entry, descriptor, fill: 77, count: 67 * 80,
        inputs: [UnsafeMutableRawPointer(input.pointer), UnsafeMutableRawPointer(added.pointer)])
      let both = GuardedBuffer(residual)
      run(
        entry, descriptor,
        [UnsafeMutableRawPointer(both.pointer), UnsafeMutableRawPointer(input.pointer), UnsafeMutableRawPointer(both.pointer)])
      #expect(both.elements == apart)
    }
  }
}
