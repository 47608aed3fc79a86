import KernelContract
import Testing

/// `gemm_u8s8_*` and `depthwise_u8s8_*`: sums exactly, codes by the contract's float formula exactly, f32 output within 2 ulp and the
/// activation's slope.
@Suite struct GemmU8S8Tests {
  /// The exact sums of a convolution, places outside the image counting as `zeroPoint`, with the zero point folded into the bias.
  private func sums(_ item: ConvolutionCase, _ input: [UInt8], _ weights: [Int8], _ bias: [Int32], zeroPoint: UInt8) -> [Int: (Int, Int32)]
  {
    var result: [Int: (Int, Int32)] = [:]
    item.forEachOutput { place, channel, terms in
      // Over (in − zeroPoint), so that what is outside adds nothing: this holds the folding against the definition.
      var sum = bias[channel]
      for term in terms { sum &+= (Int32(input[term.input]) - Int32(zeroPoint)) &* Int32(weights[term.weight]) }
      result[place] = (channel, sum)
    }
    return result
  }

  private func check(_ item: ConvolutionCase, depthwise: Bool, _ numbers: inout Numbers) {
    let channels = item.groups * item.outChannels
    let input = numbers.codes(item.inputCount)
    let small = numbers.int(0...1) == 0
    // Half of the cases have weights that fit kernels which add pairs in 16 bits.
    let weights = numbers.signedCodes(item.weightCount).map { small ? $0 / 2 : $0 }
    let bias = (0..<channels).map { _ in Int32(numbers.int(-5000...5000)) }
    let scales = numbers.floats(channels, 0.0005...0.01)
    let zeroPoint = UInt8(numbers.int(0...255))
    let exact = sums(item, input, weights, bias, zeroPoint: zeroPoint)
    let packing = item.packing
    var folded = bias
    packing.foldZeroPoint(Int32(zeroPoint), weights: weights, packing.oihw, bias: &folded)
    for placement in GuardedBuffer<UInt8>.Placement.allCases {
      let source = GuardedBuffer(input, placement)
      let inputs = [UnsafeMutableRawPointer(source.pointer)]
      for requantization in [
        Requantization.u8(zeroPoint: 7), .u8(zeroPoint: 120, low: 120, high: 200), .f32(numbers.pick(Epilogue.all)), .s32,
      ] {
        if depthwise {
          let packing = DepthwisePacking(channels: channels, taps: item.geometry.taps)
          let packed = GuardedBuffer<Int16>(repeating: 99, count: packing.weightCount)
          packing.pack(s8: weights, into: packed.pointer)
          let columnBias = GuardedBuffer<Int32>(repeating: 99, count: packing.columnCount)
          packing.packColumns(folded, fill: 0, into: columnBias.pointer)
          let columnScales = GuardedBuffer<Float>(repeating: .nan, count: packing.columnCount)
          packing.packColumns(scales, fill: 0, into: columnScales.pointer)
          let descriptor = DepthwiseU8S8Descriptor(
            geometry: item.geometry, channels: channels, inputZeroPoint: zeroPoint, weights: packed.pointer, bias: columnBias.pointer,
            scales: columnScales.pointer, requantization: requantization)
          compare(item, descriptor, requantization, scales, exact, inputs)
        } else {
          let packed = GuardedBuffer<Int8>(repeating: 99, count: packing.s8Bytes)
          packing.pack(s8: weights, packing.oihw, into: packed.pointer)
          let columnBias = GuardedBuffer<Int32>(repeating: 99, count: packing.columnCount)
          packing.packColumns(folded, fill: 0, into: columnBias.pointer)
          let columnScales = GuardedBuffer<Float>(repeating: .nan, count: packing.columnCount)
          packing.packColumns(scales, fill: 0, into: columnScales.pointer)
          let descriptor = GemmU8S8Descriptor(
            geometry: item.geometry, groups: item.groups, groupInChannels: item.inChannels, groupOutChannels: item.outChannels,
            inputZeroPoint: zeroPoint, weights: packed.pointer, bias: columnBias.pointer, scales: columnScales.pointer,
            requantization: requantization, rowBlock: item.rowBlock, panelBlock: item.panelBlock)
          compare(item, descriptor, requantization, scales, exact, inputs)
          let quads = GuardedBuffer<Int8>(repeating: 99, count: packing.quadBytes)
          packing.pack(quads: weights, packing.oihw, into: quads.pointer)
          var product = descriptor
          product.weights = UnsafePointer(quads.pointer)
          compare(
            item, GemmQuadsU8S8Descriptor(product), requantization, scales, exact, inputs,
            anyCodes: !packing.fitsQuads(weights, packing.oihw))
          let pairs = packing.excessPairs(quads: quads.pointer)
          #expect((pairs == 0) == packing.fitsQuads(weights, packing.oihw))
          let excess = GuardedBuffer<Int32>(repeating: 99, count: packing.excessWords(pairs: pairs))
          packing.takeExcess(quads: quads.pointer, into: excess.pointer)
          compare(
            item, GemmQuadsU8S8Descriptor(product, excess: excess.pointer), requantization, scales, exact, inputs, withExcess: true)
        }
      }
    }
  }

  private func compare<D: StepDescriptor>(
    _ item: ConvolutionCase, _ descriptor: D, _ requantization: Requantization, _ scales: [Float], _ exact: [Int: (Int, Int32)],
    _ inputs: [UnsafeMutableRawPointer], anyCodes: Bool = false, withExcess: Bool = false
  ) {
    for entry in kernels(D.family)
    where entry.flags.contains(.anyCodes) ? !withExcess : !anyCodes {
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

  @Test(arguments: 0..<40)
  func anyConvolution(seed: Int) {
    var numbers = Numbers(seed + 900)
    check(.random(&numbers), depthwise: false, &numbers)
  }

  @Test(arguments: [0, 1, 5, 6, 7, 12, 13, 15, 23])
  func rowsAndColumnsAroundTheTile(rows: Int) {
    var numbers = Numbers(rows)
    for columns in [1, 15, 16, 17, 35, 67] {
      for depth in [1, 2, 3, 17] { check(ConvolutionCase(size: (1, rows), channels: (depth, columns)), depthwise: false, &numbers) }
    }
  }

  @Test(arguments: 0..<50)
  func anyDepthwiseConvolution(seed: Int) {
    var numbers = Numbers(seed + 1900)
    check(.random(&numbers, depthwise: true), depthwise: true, &numbers)
  }

  @Test(arguments: [1, 2], [15, 16, 17, 31, 32, 40])
  func threeByThreeDepthwise(stride: Int, channels: Int) {
    var numbers = Numbers(channels)
    for size in [2, 4, 5, 7, 8, 9, 14] {
      for pads in [(1, 1, 1, 1), (0, 0, 1, 1), (0, 0, 0, 0)] where size + pads.0 + pads.2 >= 3 {
        let item = ConvolutionCase(
          batch: 2, size: (size, size + 1), kernel: (3, 3), stride: (stride, stride), pads: pads, groups: channels, channels: (1, 1),
          slack: (3, 5))
        check(item, depthwise: true, &numbers)
      }
    }
  }

  /// Where 16-bit or saturating arithmetic would give itself away, and on both sides of 2³¹, where sums wrap.
  @Test(arguments: [(UInt8(255), Int8(-128)), (255, 127), (0, -128), (128, -128)], [1, 2, 3, 258, 65_793, 65_794, 131_588])
  func overflowBoundary(extremes: (UInt8, Int8), depth: Int) {
    let packing = GemmPacking(groupOutChannels: 17, groupInChannels: depth)
    let packed = GuardedBuffer<Int8>(repeating: 0, count: packing.s8Bytes)
    packing.pack(s8: [Int8](repeating: extremes.1, count: 17 * depth), packing.oihw, into: packed.pointer)
    let bias = GuardedBuffer<Int32>(repeating: 0, count: packing.columnCount)
    let input = GuardedBuffer<UInt8>(repeating: extremes.0, count: 7 * depth)
    let descriptor = GemmU8S8Descriptor(
      geometry: .matrix(rows: 7, inputStride: depth, outputStride: 17), groupInChannels: depth, groupOutChannels: 17, inputZeroPoint: 0,
      weights: packed.pointer, bias: bias.pointer,
      scales: UnsafePointer(UnsafeRawPointer(bias.pointer).assumingMemoryBound(to: Float.self)),
      requantization: .s32)
    let quads = GuardedBuffer<Int8>(repeating: 0, count: packing.quadBytes)
    packing.pack(quads: [Int8](repeating: extremes.1, count: 17 * depth), packing.oihw, into: quads.pointer)
    var product = descriptor
    product.weights = UnsafePointer(quads.pointer)
    let wanted = Int32(truncatingIfNeeded: Int(extremes.0) * Int(extremes.1) * depth)
    for entry in kernels(.gemmQuadsU8S8) where depth == 1 || entry.flags.contains(.anyCodes) {
      let got: [Int32] = output(
        entry, GemmQuadsU8S8Descriptor(product), fill: 1, count: 7 * 17, inputs: [UnsafeMutableRawPointer(input.pointer)])
      #expect(got.allSatisfy { $0 == wanted }, "\(entry.id)")
    }
    let excess = GuardedBuffer<Int32>(
      repeating: 99, count: packing.excessWords(pairs: packing.excessPairs(quads: quads.pointer)))
    packing.takeExcess(quads: quads.pointer, into: excess.pointer)
    for entry in kernels(.gemmQuadsU8S8) where !entry.flags.contains(.anyCodes) {
      let got: [Int32] = output(
        entry, GemmQuadsU8S8Descriptor(product, excess: excess.pointer), fill: 1, count: 7 * 17,
        inputs: [UnsafeMutableRawPointer(input.pointer)])
      #expect(got.allSatisfy { $0 == wanted }, "\(entry.id)")
    }
    for entry in kernels(.gemmU8S8) {
      let got: [Int32] = output(entry, descriptor, fill: 1, count: 7 * 17, inputs: [UnsafeMutableRawPointer(input.pointer)])
      #expect(got.allSatisfy { $0 == wanted }, "\(entry.id)")
    }
  }

  /// Pairs at the very edge of 16 bits: 64 + 64, 127 + 1, −128 + 0, 127 with −128. 255 of each must not saturate.
  @Test(arguments: [(64, 64), (127, 1), (-128, 0), (-64, -64), (127, -128), (-128, 127)], [2, 6, 25_088])
  func edgeOfSixteenBits(pair: (Int, Int), depth: Int) {
    let packing = GemmPacking(groupOutChannels: 19, groupInChannels: depth)
    let weights = (0..<19 * depth).map { Int8($0 % depth % 2 == 0 ? pair.0 : pair.1) }
    #expect(packing.fitsQuads(weights, packing.oihw))
    let quads = GuardedBuffer<Int8>(repeating: 0, count: packing.quadBytes)
    packing.pack(quads: weights, packing.oihw, into: quads.pointer)
    let bias = GuardedBuffer<Int32>(repeating: 0, count: packing.columnCount)
    let input = GuardedBuffer<UInt8>(repeating: 255, count: 13 * depth)
    let product = GemmU8S8Descriptor(
      geometry: .matrix(rows: 13, inputStride: depth, outputStride: 19), groupInChannels: depth, groupOutChannels: 19, inputZeroPoint: 0,
      weights: quads.pointer, bias: bias.pointer,
      scales: UnsafePointer(UnsafeRawPointer(bias.pointer).assumingMemoryBound(to: Float.self)), requantization: .s32)
    for entry in kernels(.gemmQuadsU8S8) {
      let got: [Int32] = output(
        entry, GemmQuadsU8S8Descriptor(product), fill: 1, count: 13 * 19, inputs: [UnsafeMutableRawPointer(input.pointer)])
      #expect(got.allSatisfy { $0 == Int32(255 * (pair.0 + pair.1) * depth / 2) }, "\(entry.id)")
    }
  }

  /// What does not fit is known: same signs that add up to 129, in a pair of depth, taps outermost.
  @Test func pairsThatDoNotFit() {
    let packing = GemmPacking(groupOutChannels: 2, groupInChannels: 3, taps: 3)
    for (place, other) in [(0, 1), (2, 3), (6, 7)] {
      for sign in [1, -1] {
        var weights = [Int8](repeating: 0, count: 18)
        func index(_ depth: Int) -> Int { 9 + depth % 3 * 3 + depth / 3 }
        (weights[index(place)], weights[index(other)]) = (Int8(100 * sign), Int8(28 * sign))
        #expect(packing.fitsQuads(weights, packing.oihw))
        weights[index(other)] = Int8(29 * sign)
        #expect(!packing.fitsQuads(weights, packing.oihw))
        weights[index(other)] = Int8(-29 * sign)
        #expect(packing.fitsQuads(weights, packing.oihw))
      }
    }
  }
}
