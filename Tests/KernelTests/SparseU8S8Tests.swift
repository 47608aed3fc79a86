import KernelContract
import Testing

/// `sparse_u8s8_*`: sums exactly, codes by the contract's float formula exactly, f32 output within 2 ulp and the activation's slope.
@Suite struct SparseU8S8Tests {
  /// Bias and zero point as the plan folds them: sums over (in − zeroPoint), so that what lies outside adds nothing.
  private func sums(_ item: ConvolutionCase, _ input: [UInt8], _ weights: [Int8], _ bias: [Int32], zeroPoint: UInt8) -> [Int: (Int, Int32)]
  {
    var result: [Int: (Int, Int32)] = [:]
    item.forEachOutput { place, channel, terms in
      var sum = bias[channel]
      for term in terms { sum &+= (Int32(input[term.input]) - Int32(zeroPoint)) &* Int32(weights[term.weight]) }
      result[place] = (channel, sum)
    }
    return result
  }

  private func check(
    _ item: ConvolutionCase, weights: [Int8], level1Bytes: Int, threads: Int, _ numbers: inout Numbers, input: [UInt8]? = nil
  ) {
    let channels = item.groups * item.outChannels
    let input = input ?? numbers.codes(item.inputCount)
    let bias = (0..<channels).map { _ in Int32(numbers.int(-5000...5000)) }
    let scales = numbers.floats(channels, 0.0005...0.01)
    let zeroPoint = UInt8(numbers.int(0...255))
    let exact = sums(item, input, weights, bias, zeroPoint: zeroPoint)
    let strides = item.packing.oihw
    var folded = bias
    item.packing.foldZeroPoint(Int32(zeroPoint), weights: weights, strides, bias: &folded)
    let source = GuardedBuffer(input, numbers.pick(GuardedBuffer<UInt8>.Placement.allCases))
    let (columnBias, columnScales) = (GuardedBuffer(folded, .flushWithEnd), GuardedBuffer(scales, .flushWithEnd))
    for inPairs in [true, false] {
      guard
        let packing = SparseCodesPacking(
          item.geometry, groups: item.groups, groupInChannels: item.inChannels, groupOutChannels: item.outChannels, weights, strides,
          inPairs: inPairs, level1Bytes: level1Bytes)
      else {
        Issue.record("\(item) was refused")
        continue
      }
      #expect(packing.stored == weights.count { $0 != 0 })
      let packed = GuardedBuffer<UInt8>(repeating: 99, count: roundUp(packing.byteCount, to: 64))
      packing.pack(into: packed.pointer)
      for requantization in [
        Requantization.u8(zeroPoint: 7), .u8(zeroPoint: 120, low: 120, high: 200), .f32(numbers.pick(Epilogue.all)), .s32,
      ] {
        let descriptor = SparseU8S8Descriptor(
          geometry: item.geometry, form: packing.form, inputZeroPoint: zeroPoint, weights: packed.pointer, bias: columnBias.pointer,
          scales: columnScales.pointer, requantization: requantization, threads: threads)
        compare(item, descriptor, requantization, scales, exact, [UnsafeMutableRawPointer(source.pointer)], anyCodes: !inPairs)
      }
    }
  }

  private func compare(
    _ item: ConvolutionCase, _ descriptor: SparseU8S8Descriptor, _ requantization: Requantization, _ scales: [Float],
    _ exact: [Int: (Int, Int32)], _ inputs: [UnsafeMutableRawPointer], anyCodes: Bool
  ) {
    for entry in kernels(.sparseU8S8) where !anyCodes || entry.flags.contains(.anyCodes) {
      switch requantization.output {
      case .u8:
        let got: [UInt8] = output(entry, descriptor, fill: 77, count: item.outputCount, inputs: inputs)
        let wanted = got.indices.map { place in exact[place].map { requantization.code($0.1, scale: scales[$0.0]) } ?? 77 }
        #expect(got == wanted, "\(entry.id) \(item)")
      case .s32:
        let got: [Int32] = output(entry, descriptor, fill: 77, count: item.outputCount, inputs: inputs)
        #expect(got == got.indices.map { exact[$0]?.1 ?? 77 }, "\(entry.id) \(item)")
      case .f32:
        let got: [Float] = output(entry, descriptor, fill: 77, count: item.outputCount, inputs: inputs)
        for place in got.indices {
          guard let (channel, sum) = exact[place] else {
            #expect(got[place] == 77, "\(entry.id) wrote between pixels")
            continue
          }
          let value = Double(sum) * Double(scales[channel])
          // The product rounds once (the sum is below 2²⁴), the activation has slope ≤ 1.2 and errs by 4 ulp itself.
          let error = abs(Double(got[place]) - requantization.epilogue.exact(value))
          #expect(error <= 0x1p-21 * abs(value) + 0x1p-22, "\(entry.id) \(item)")
        }
      }
    }
  }

  /// Weights of which so many per cent are not zero.
  private func weights(_ count: Int, percent: Int, _ numbers: inout Numbers) -> [Int8] {
    numbers.signedCodes(count).map { numbers.int(0...99) < percent ? $0 : 0 }
  }

  @Test(arguments: 0..<60)
  func anyConvolution(seed: Int) {
    var numbers = Numbers(seed + 7000)
    let item = ConvolutionCase.random(&numbers)
    let weights = weights(item.weightCount, percent: numbers.pick([0, 10, 30, 100]), &numbers)
    check(item, weights: weights, level1Bytes: numbers.pick([1 << 10, 4 << 10, 32 << 10]), threads: numbers.pick([1, 3]), &numbers)
  }

  /// Around a pass of 32 and 64 positions, sixteen rows and channels, and bands of 64.
  @Test(arguments: [1, 31, 32, 33, 63, 64, 65, 130])
  func sizesAroundTheTile(pixels: Int) {
    var numbers = Numbers(pixels)
    for (inputs, outputs) in [(1, 1), (15, 16), (17, 15), (40, 63), (33, 65), (100, 80), (16, 130)] {
      let item = ConvolutionCase(size: (1, pixels), channels: (inputs, outputs))
      check(
        item, weights: weights(item.weightCount, percent: 15, &numbers), level1Bytes: 2 << 10, threads: numbers.pick([1, 4]), &numbers)
    }
  }

  /// Windows whose taps share planes, with strides and dilations, and those too wide for their image to do so.
  @Test(arguments: [(14, 3, 1, 1), (7, 3, 1, 1), (15, 3, 2, 1), (9, 5, 1, 1), (12, 3, 1, 3), (11, 7, 2, 1), (28, 3, 1, 1), (5, 5, 1, 1)])
  func windows(shape: (size: Int, kernel: Int, stride: Int, dilation: Int)) {
    var numbers = Numbers(shape.size * 100 + shape.kernel)
    let pad = (shape.kernel - 1) * shape.dilation / 2
    let item = ConvolutionCase(
      batch: 2, size: (shape.size, shape.size + 2), kernel: (shape.kernel, shape.kernel), stride: (shape.stride, shape.stride),
      dilation: (shape.dilation, shape.dilation), pads: (pad, pad, pad, pad), channels: (20, 37), slack: (3, 5))
    for level1Bytes in [8 << 10, 32 << 10] {
      check(item, weights: weights(item.weightCount, percent: 12, &numbers), level1Bytes: level1Bytes, threads: 2, &numbers)
    }
  }

  /// The largest sums there are, all 255 × ±127 and −128, of one sign and of both, and pairs at the edge of 16 bits.
  @Test(arguments: [(127, 127), (-128, -128), (127, -128), (64, 64), (65, 64), (-128, 1), (1, 127), (-64, -65)], [1, 2, 3, 25_088])
  func extremes(pair: (Int, Int), depth: Int) {
    var numbers = Numbers(depth)
    let item = ConvolutionCase(size: (1, 3), channels: (depth, 2))
    let weights = (0..<item.weightCount).map { Int8($0 % depth % 2 == 0 ? pair.0 : pair.1) }
    check(
      item, weights: weights, level1Bytes: 32 << 10, threads: 1, &numbers, input: [UInt8](repeating: 255, count: item.inputCount))
  }
}
