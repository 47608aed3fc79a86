import KernelContract
import Testing

/// `depthwise_f32_*` against sums in Double; the tolerance is that of the products with K = taps.
@Suite struct DepthwiseF32Tests {
  private func check(_ item: ConvolutionCase, epilogue: Epilogue, scales: Bool = false, seed: Int) {
    var numbers = Numbers(seed)
    let input = numbers.floats(item.inputCount)
    let weights = numbers.floats(item.weightCount)
    let bias = numbers.floats(item.groups)
    let packing = DepthwisePacking(channels: item.groups, taps: item.geometry.taps)
    let packed = GuardedBuffer<Float>(repeating: .nan, count: packing.weightCount)
    packing.pack(f32: weights, into: packed.pointer)
    let packedBias = GuardedBuffer<Float>(repeating: .nan, count: packing.columnCount)
    packing.packColumns(bias, fill: 0, into: packedBias.pointer)
    let (factors, shifts) = (numbers.floats(item.groups), numbers.floats(item.groups))
    let affine = GuardedBuffer<Float>(repeating: .nan, count: 2 * packing.columnCount)
    packing.packColumns(factors, fill: 0, into: affine.pointer)
    packing.packColumns(shifts, fill: 0, into: affine.pointer + packing.columnCount)
    let descriptor = DepthwiseF32Descriptor(
      geometry: item.geometry, channels: item.groups, weights: packed.pointer, bias: packedBias.pointer, epilogue: epilogue,
      affine: scales ? UnsafePointer(affine.pointer) : nil)
    for entry in kernels(.depthwiseF32) {
      for placement in GuardedBuffer<Float>.Placement.allCases {
        let source = GuardedBuffer(input, placement)
        let got: [Float] = output(entry, descriptor, fill: 77, count: item.outputCount, inputs: [UnsafeMutableRawPointer(source.pointer)])
        var worst = 0.0
        var written = Set<Int>()
        item.forEachOutput { place, channel, terms in
          var sum = Double(bias[channel])
          var size = abs(sum)
          for term in terms {
            sum += Double(input[term.input]) * Double(weights[term.weight])
            size += abs(Double(input[term.input]) * Double(weights[term.weight]))
          }
          var bound = 1.2 * Double(item.geometry.taps + 8) * 0x1p-24 * size + 0x1p-24
          var expected = epilogue.exact(sum)
          if scales {
            expected = expected * Double(factors[channel]) + Double(shifts[channel])
            bound = bound * abs(Double(factors[channel])) + 0x1p-23 * abs(expected) + 0x1p-24
          }
          let error = abs(Double(got[place]) - expected) / bound
          worst = error > worst || error.isNaN ? error : worst
          written.insert(place)
        }
        #expect(worst <= 1, "\(entry.id) \(item) \(epilogue)")
        #expect(got.indices.allSatisfy { written.contains($0) || got[$0] == 77 }, "\(entry.id) wrote between pixels")
      }
    }
  }

  @Test(arguments: 0..<80)
  func anyDepthwiseConvolution(seed: Int) {
    var numbers = Numbers(seed + 100)
    check(.random(&numbers, depthwise: true), epilogue: numbers.pick(Epilogue.all), seed: seed)
  }

  @Test(arguments: 0..<60)
  func anyScaledDepthwiseConvolution(seed: Int) {
    var numbers = Numbers(seed + 700)
    let item = ConvolutionCase.random(&numbers, depthwise: true)
    check(item, epilogue: numbers.pick([.none, .relu, .clamp(-1, 0.25), .leakyRelu(0.1)]), scales: true, seed: seed)
  }

  @Test(arguments: [1, 2], [1, 7, 8, 9, 16, 17, 24, 35])
  func threeByThree(stride: Int, channels: Int) {
    for size in [1, 2, 3, 4, 5, 6, 7, 9, 11, 14] {
      let item = ConvolutionCase(
        batch: 2, size: (size, size + 1), kernel: (3, 3), stride: (stride, stride), pads: (1, 1, 1, 1), groups: channels, channels: (1, 1))
      check(item, epilogue: .clamp(0, 6), seed: size * 100 + channels)
      check(item, epilogue: .leakyRelu(0.1), scales: true, seed: size * 100 + channels)
    }
  }
}
