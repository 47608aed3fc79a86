import KernelContract
import Testing

/// Pooling against the definition: maxima exactly, averages within n·u of the mean size of the terms (u = 2⁻²⁴) plus two roundings.
@Suite struct PoolTests {
  /// A case, the taps of each output and what an average divides by.
  private func windows(_ item: ConvolutionCase, _ body: (_ place: Int, _ inputs: [Int], _ padded: Int) -> Void) {
    let g = item.geometry
    item.forEachOutput { place, channel, terms in
      let pixel = place / g.outputPixelStride % (g.outputHeight * g.outputWidth)
      let (y, x) = (pixel / g.outputWidth * g.strideY - g.padTop, pixel % g.outputWidth * g.strideX - g.padLeft)
      var padded = 0
      for ky in 0..<g.kernelHeight {
        for kx in 0..<g.kernelWidth
        where y + ky * g.dilationY < g.inputHeight + g.padBottom && x + kx * g.dilationX < g.inputWidth + g.padRight { padded += 1 }
      }
      body(place, terms.map { $0.input }, padded)
    }
  }

  private func item(_ numbers: inout Numbers) -> ConvolutionCase {
    var item = ConvolutionCase.random(&numbers, depthwise: true)
    if numbers.int(0...3) == 0 {
      // A global pool.
      item.geometry.kernelHeight = item.geometry.inputHeight
      item.geometry.kernelWidth = item.geometry.inputWidth
      (item.geometry.strideY, item.geometry.strideX, item.geometry.dilationY, item.geometry.dilationX) = (1, 1, 1, 1)
      (item.geometry.padTop, item.geometry.padLeft, item.geometry.padBottom, item.geometry.padRight) = (0, 0, 0, 0)
      (item.geometry.outputHeight, item.geometry.outputWidth) = (1, 1)
    } else if numbers.int(0...2) == 0 {
      // As ceil_mode makes it: one more window, which may reach beyond the padding.
      item.geometry.outputWidth += 1
    }
    return item
  }

  @Test(arguments: 0..<80)
  func f32(seed: Int) {
    var numbers = Numbers(seed + 3000)
    let item = item(&numbers)
    let input = numbers.floats(item.inputCount)
    for (kind, countsPadding) in [(PoolKind.max, false), (.average, false), (.average, true)] {
      let descriptor = PoolF32Descriptor(geometry: item.geometry, channels: item.groups, kind: kind, countsPadding: countsPadding)
      for entry in kernels(.poolF32) {
        let source = GuardedBuffer(input)
        let got: [Float] = output(entry, descriptor, fill: 77, count: item.outputCount, inputs: [UnsafeMutableRawPointer(source.pointer)])
        windows(item) { place, inputs, padded in
          let values = inputs.map { input[$0] }
          if case .max = kind {
            #expect(got[place] == (values.max() ?? -.infinity), "\(entry.id) \(item)")
          } else {
            let count = countsPadding ? padded : values.count
            let mean = count == 0 ? 0 : values.map(Double.init).reduce(0, +) / Double(count)
            let size = count == 0 ? 0 : values.map { abs(Double($0)) }.reduce(0, +) / Double(count)
            let bound = Double(values.count + 3) * 0x1p-24 * size
            #expect(abs(Double(got[place]) - mean) <= bound, "\(entry.id) \(item)")
          }
        }
      }
    }
  }

  @Test(arguments: 0..<60)
  func u8(seed: Int) {
    var numbers = Numbers(seed + 4000)
    let item = item(&numbers)
    let input = numbers.codes(item.inputCount)
    for (kind, countsPadding) in [(PoolKind.max, false), (.average, false), (.average, true)] {
      let (zeroIn, zeroOut, scale) = (Int32(numbers.int(0...255)), Int32(numbers.int(0...255)), numbers.floats(1, 0.3...1.7)[0])
      let descriptor = PoolU8Descriptor(
        geometry: item.geometry, channels: item.groups, kind: kind, countsPadding: countsPadding, inputZeroPoint: zeroIn,
        outputZeroPoint: zeroOut,
        scale: scale)
      for entry in kernels(.poolU8) {
        let source = GuardedBuffer(input)
        let got: [UInt8] = output(entry, descriptor, fill: 77, count: item.outputCount, inputs: [UnsafeMutableRawPointer(source.pointer)])
        windows(item) { place, inputs, padded in
          if case .max = kind {
            #expect(got[place] == (inputs.map { input[$0] }.max() ?? 0), "\(entry.id) \(item)")
          } else {
            let count = countsPadding ? padded : inputs.count
            let sum = inputs.reduce(Int32(0)) { $0 + Int32(input[$1]) - zeroIn }
            let factor = count == 0 ? 0 : scale / Float(count)
            #expect(got[place] == Requantization.u8(zeroPoint: zeroOut).code(sum, scale: factor), "\(entry.id) \(item)")
          }
        }
      }
    }
  }

  @Test func aMaximumOverNaNIsNaN() {
    for position in 0..<4 {
      var values: [Float] = [1, 2, 3, 4]
      values[position] = .nan
      let input = GuardedBuffer(values)
      let item = ConvolutionCase(size: (2, 2), kernel: (2, 2), channels: (1, 1))
      for entry in kernels(.poolF32) {
        let descriptor = PoolF32Descriptor(geometry: item.geometry, channels: 1, kind: .max)
        let got: [Float] = output(entry, descriptor, fill: 0, count: 1, inputs: [UnsafeMutableRawPointer(input.pointer)])
        #expect(got[0].isNaN)
      }
    }
  }
}
