import KernelContract
import Testing

/// `winograd_u8s8_*`: the sums exactly, and so the codes.
@Suite struct WinogradU8S8Tests {
  private func check(_ item: ConvolutionCase, _ input: [UInt8], _ weights: [Int8], zeroPoint: UInt8, _ numbers: inout Numbers) {
    let channels = item.groups * item.outChannels
    let bias = (0..<channels).map { _ in Int32(numbers.int(-5_000_000...5_000_000)) }
    let scales = numbers.floats(channels, 0.0005...0.01)
    let columns = item.packing
    var folded = bias
    columns.foldZeroPoint(Int32(zeroPoint), weights: weights, columns.oihw, bias: &folded)
    let columnBias = GuardedBuffer<Int32>(repeating: 99, count: columns.columnCount)
    columns.packColumns(folded, fill: 0, into: columnBias.pointer)
    let columnScales = GuardedBuffer<Float>(repeating: .nan, count: columns.columnCount)
    columns.packColumns(scales, fill: 0, into: columnScales.pointer)
    let packing = WinogradCodesPacking(groups: item.groups, groupOutChannels: item.outChannels, groupInChannels: item.inChannels)
    #expect(packing.fits(weights))
    let packed = GuardedBuffer<Int16>(repeating: 99, count: packing.weightCount)
    packing.pack(weights, into: packed.pointer)
    var exact: [Int: (Int, Int32)] = [:]
    item.forEachOutput { place, channel, terms in
      var sum = bias[channel]
      for term in terms { sum &+= (Int32(input[term.input]) - Int32(zeroPoint)) &* Int32(weights[term.weight]) }
      exact[place] = (channel, sum)
    }
    for placement in GuardedBuffer<UInt8>.Placement.allCases {
      let source = GuardedBuffer(input, placement)
      for requantization in [Requantization.u8(zeroPoint: 7), .u8(zeroPoint: 120, low: 120, high: 200), .s32] {
        let descriptor = WinogradU8S8Descriptor(
          geometry: item.geometry, groups: item.groups, groupInChannels: item.inChannels, groupOutChannels: item.outChannels,
          inputZeroPoint: zeroPoint, weights: packed.pointer, bias: columnBias.pointer, scales: columnScales.pointer,
          requantization: requantization, tileBlock: item.rowBlock, panelBlock: item.panelBlock)
        let inputs = [UnsafeMutableRawPointer(source.pointer)]
        for entry in kernels(.winogradU8S8) {
          if case .s32 = requantization.output {
            let got: [Int32] = output(entry, descriptor, fill: 77, count: item.outputCount, inputs: inputs)
            #expect(got == got.indices.map { exact[$0]?.1 ?? 77 }, "\(entry.id) \(item)")
          } else {
            let got: [UInt8] = output(entry, descriptor, fill: 77, count: item.outputCount, inputs: inputs)
            let wanted = got.indices.map { place in exact[place].map { requantization.code($0.1, scale: scales[$0.0]) } ?? 77 }
            #expect(got == wanted, "\(entry.id) \(item)")
          }
        }
      }
    }
  }

  @Test(arguments: 0..<30)
  func anyConvolution(seed: Int) {
    var numbers = Numbers(seed + 5100)
    let groups = numbers.pick([1, 1, 1, 2, 3])
    let item = ConvolutionCase(
      batch: numbers.pick([1, 1, 2]), size: (numbers.int(1...13), numbers.int(1...13)), kernel: (3, 3),
      pads: (numbers.int(1...3), numbers.int(1...3), numbers.int(1...3), numbers.int(1...3)), groups: groups,
      channels: (numbers.pick([1, 2, 8, 15, 16, 17, 31, 33, 40]), numbers.pick([1, 5, 8, 15, 16, 17, 33, 40])),
      slack: numbers.pick([(0, 0), (0, 5), (3, 0), (16, 2)]), rowBlock: numbers.pick([1, 4, 6, 7, 13, 40]),
      panelBlock: numbers.pick([1, 2, 8]))
    check(item, numbers.codes(item.inputCount), numbers.signedCodes(item.weightCount), zeroPoint: UInt8(numbers.int(0...255)), &numbers)
  }

  /// All codes at one end and all weights at another, with as many channels as `fits` allows, and signs that alternate, which the transforms
  /// enlarge most.
  @Test(arguments: [(UInt8(255), Int8(-128)), (255, 127), (0, -128), (255, 1)])
  func extremes(codes: UInt8, weight: Int8) {
    var numbers = Numbers(Int(codes) + Int(weight))
    let item = ConvolutionCase(size: (9, 9), kernel: (3, 3), pads: (1, 1, 1, 1), channels: (114, 17))
    let input = [UInt8](repeating: codes, count: item.inputCount)
    check(item, input, [Int8](repeating: weight, count: item.weightCount), zeroPoint: 255 - codes, &numbers)
    let striped = input.indices.map { UInt8($0 / 114 % 2 == 0 ? 255 : 0) }
    let signed = (0..<item.weightCount).map { $0 % 9 % 2 == 0 ? Int8(127) : -128 }
    check(item, striped, signed, zeroPoint: 0, &numbers)
    let wide = (0..<item.weightCount).map { Int8(truncatingIfNeeded: ($0 * 37) % 255 - 127) }
    check(item, striped, wide, zeroPoint: 255, &numbers)
  }

  /// One more channel than 255 · 9 · 128 times their number stays below 2²⁵ for.
  @Test func refusesWhatIsNotKnownModulo2To26() {
    for (channels, fits) in [(114, true), (115, false)] {
      let packing = WinogradCodesPacking(groupOutChannels: 2, groupInChannels: channels)
      let last = [Int8](repeating: 0, count: 9 * channels) + [Int8](repeating: -128, count: 9 * channels)
      #expect(packing.fits(last) == fits)
    }
  }
}
