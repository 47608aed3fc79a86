import KernelContract
import Testing

/// `gemm_f32_*` against sums in Double.
///
/// Tolerance: a chain of K fused multiply-adds errs by at most K·u·Σ|terms| with u = 2⁻²⁴ (to first order); bias, residual and the
/// activation, all
/// of slope at most 1.2, add a few ulp: (K + 8)·u·Σ|terms| · 1.2 covers them. An affine behind it multiplies that by its factor and adds
/// one rounding of its result.
@Suite struct GemmF32Tests {
  private func check(
    _ item: ConvolutionCase, epilogue: Epilogue = .none, residual: Bool = false, planar: Bool = false, planarOutput: Bool = false,
    scales: Bool = false, seed: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var numbers = Numbers(seed)
    let g = item.geometry
    let input = numbers.floats(item.inputCount)
    let weights = numbers.floats(item.weightCount)
    let bias = numbers.floats(item.groups * item.outChannels)
    let residualStride = item.groups * item.outChannels + 3
    let extra = numbers.floats(residual ? max(0, (g.outputPixels - 1) * residualStride + item.groups * item.outChannels) : 0)

    let packing = item.packing
    let packed = GuardedBuffer<Float>(repeating: .nan, count: packing.f32Bytes / 4)
    packing.pack(f32: weights, packing.oihw, into: packed.pointer)
    let packedBias = GuardedBuffer<Float>(repeating: .nan, count: packing.columnCount)
    packing.packColumns(bias, fill: 0, into: packedBias.pointer)
    let (factors, shifts) = (numbers.floats(bias.count), numbers.floats(bias.count))
    let affine = GuardedBuffer<Float>(repeating: .nan, count: 2 * packing.columnCount)
    packing.packColumns(factors, fill: 0, into: affine.pointer)
    packing.packColumns(shifts, fill: 0, into: affine.pointer + packing.columnCount)
    let descriptor = GemmF32Descriptor(
      geometry: g, groups: item.groups, groupInChannels: item.inChannels, groupOutChannels: item.outChannels, weights: packed.pointer,
      bias: packedBias.pointer, epilogue: epilogue, affine: scales ? UnsafePointer(affine.pointer) : nil,
      residualPixelStride: residual ? residualStride : nil, inputIsNCHW: planar, outputIsNCHW: planarOutput,
      rowBlock: item.rowBlock, panelBlock: item.panelBlock)

    var stored = input
    if planar {
      let pixels = g.inputHeight * g.inputWidth
      for image in 0..<g.batch {
        for pixel in 0..<pixels {
          for k in 0..<item.inChannels {
            stored[(image * item.inChannels + k) * pixels + pixel] = input[(image * pixels + pixel) * g.inputPixelStride + k]
          }
        }
      }
    }
    for entry in kernels(.gemmF32) {
      for placement in GuardedBuffer<Float>.Placement.allCases {
        let source = GuardedBuffer(stored, placement)
        let added = GuardedBuffer(extra, placement)
        let got: [Float] = output(
          entry, descriptor, fill: 77, count: item.outputCount,
          inputs: [UnsafeMutableRawPointer(source.pointer), UnsafeMutableRawPointer(added.pointer)],
          sourceLocation: sourceLocation)
        var written = Set<Int>()
        var worst = 0.0
        item.forEachOutput { place, channel, terms in
          var sum = Double(bias[channel])
          var size = abs(sum)
          for term in terms {
            let product = Double(input[term.input]) * Double(weights[term.weight])
            sum += product
            size += abs(product)
          }
          if residual {
            let value = Double(extra[place / g.outputPixelStride * residualStride + channel])
            sum += value
            size += abs(value)
          }
          var bound = 1.2 * Double(packing.depth + 8) * 0x1p-24 * size + 0x1p-24
          var expected = epilogue.exact(sum)
          if scales {
            expected = expected * Double(factors[channel]) + Double(shifts[channel])
            bound = bound * abs(Double(factors[channel])) + 0x1p-23 * abs(expected) + 0x1p-24
          }
          let pixel = place / g.outputPixelStride
          let pixels = g.outputHeight * g.outputWidth
          let at = planarOutput ? (pixel / pixels * item.outChannels + channel) * pixels + pixel % pixels : place
          let error = abs(Double(got[at]) - expected) / bound
          worst = error > worst || error.isNaN ? error : worst
          written.insert(at)
        }
        #expect(worst <= 1, "\(entry.id) \(item) \(epilogue) residual \(residual) planar \(planar)", sourceLocation: sourceLocation)
        #expect(
          got.indices.allSatisfy { written.contains($0) || got[$0] == 77 }, "\(entry.id) wrote between pixels",
          sourceLocation: sourceLocation)
      }
    }
  }

  @Test(arguments: [0, 1, 5, 6, 7, 11, 12, 13, 15, 23, 29])
  func rowsAndColumnsAroundTheTile(rows: Int) {
    for columns in [1, 7, 8, 9, 15, 16, 17, 31, 35, 61, 64, 67, 127] {
      for depth in [1, 2, 17] {
        check(ConvolutionCase(size: (1, rows), channels: (depth, columns)), seed: rows * 1000 + columns * 10 + depth)
      }
    }
  }

  @Test func anEmptyDepthGivesTheBias() { check(ConvolutionCase(size: (1, 7), channels: (0, 5)), seed: 1) }

  @Test(arguments: 0..<60)
  func anyConvolution(seed: Int) {
    var numbers = Numbers(seed)
    check(.random(&numbers), epilogue: numbers.pick(Epilogue.all), residual: numbers.pick([false, true]), seed: seed)
  }

  @Test(arguments: 0..<60)
  func anyScaledConvolution(seed: Int) {
    var numbers = Numbers(seed + 900)
    check(.random(&numbers), epilogue: numbers.pick([.none, .relu, .clamp(-1, 0.25), .leakyRelu(0.1)]), scales: true, seed: seed)
  }

  @Test(arguments: [1, 2, 5, 6, 8, 13, 17])
  func scaledRowsAndColumnsAroundTheTile(rows: Int) {
    for columns in [1, 7, 8, 9, 16, 17, 61, 64, 67, 127] {
      check(
        ConvolutionCase(size: (1, rows), channels: (17, columns), panelBlock: 8), epilogue: .leakyRelu(0.25), scales: true,
        seed: rows * 100 + columns)
    }
  }

  @Test(arguments: 0..<30)
  func anyFirstLayerReadAsPlanes(seed: Int) {
    var numbers = Numbers(seed + 500)
    var item = ConvolutionCase.random(&numbers)
    item.groups = 1
    item.inChannels = numbers.pick([1, 3, 4])
    item.geometry.inputPixelStride = item.inChannels
    item.geometry.outputPixelStride = item.outChannels
    check(item, epilogue: .relu, planar: true, seed: seed)
    check(item, epilogue: .leakyRelu(0.1), planar: true, scales: true, seed: seed)
  }

  /// Pixels in planes, packed tile by tile: images of any extents, rows of a tile in several images, blocks that end anywhere.
  @Test(arguments: [1, 5, 7, 8, 13, 16, 30, 49], [1, 2, 3])
  func planesToPlanes(pixels: Int, batch: Int) {
    for (rowBlock, depth, columns) in [(1, 5, 70), (6, 40, 16), (24, 33, 24), (13, 64, 7), (48, 9, 33), (200, 17, 40)] {
      let item = ConvolutionCase(
        batch: batch, size: (1, pixels), channels: (depth, columns), rowBlock: rowBlock, panelBlock: numberOfPanels(rowBlock))
      for (planar, planarOutput) in [(true, true), (true, false), (false, true)] {
        check(item, epilogue: .relu, planar: planar, planarOutput: planarOutput, seed: pixels)
        check(item, epilogue: .hardSwish, planar: planar, planarOutput: planarOutput, seed: pixels)
        check(item, epilogue: .leakyRelu(0.1), planar: planar, planarOutput: planarOutput, scales: true, seed: pixels)
      }
    }
  }

  private func numberOfPanels(_ rowBlock: Int) -> Int { rowBlock % 2 == 0 ? 2 : 5 }

  /// Windows of several taps write planes too.
  @Test(arguments: 0..<40)
  func anyConvolutionToPlanes(seed: Int) {
    var numbers = Numbers(seed + 1500)
    var item = ConvolutionCase.random(&numbers)
    item.geometry.outputPixelStride = item.groups * item.outChannels
    if item.groups == 1 { check(item, epilogue: numbers.pick(Epilogue.all), planarOutput: true, seed: seed) }
  }

  /// The path through four panels at once and the tiles must agree in every bit: a row's result is the same in any matrix.
  @Test func aRowHasTheSameBitsInAnyMatrix() {
    var numbers = Numbers(9)
    let (rows, columns, depth) = (13, 130, 77)
    let input = GuardedBuffer(numbers.floats(rows * depth))
    let packing = GemmPacking(groupOutChannels: columns, groupInChannels: depth)
    let packed = GuardedBuffer<Float>(repeating: 0, count: packing.f32Bytes / 4)
    packing.pack(f32: numbers.floats(columns * depth), packing.oihw, into: packed.pointer)
    let bias = GuardedBuffer(numbers.floats(packing.columnCount))
    func product(_ first: Int, _ count: Int, _ entry: KernelEntry) -> [Float] {
      let descriptor = GemmF32Descriptor(
        geometry: .matrix(rows: count, inputStride: depth, outputStride: columns), groupInChannels: depth, groupOutChannels: columns,
        weights: packed.pointer, bias: bias.pointer)
      return output(entry, descriptor, fill: 0, count: count * columns, inputs: [UnsafeMutableRawPointer(input.pointer + first * depth)])
    }
    for entry in kernels(.gemmF32) where entry.flags.contains(.consistent) {
      let whole = product(0, rows, entry)
      for row in 0..<rows { #expect(product(row, 1, entry) == Array(whole[row * columns..<(row + 1) * columns])) }
    }
  }

  @Test func theResidualMayBeTheOutput() {
    let packing = GemmPacking(groupOutChannels: 3, groupInChannels: 2)
    let packed = GuardedBuffer<Float>(repeating: 0, count: packing.f32Bytes / 4)
    packing.pack(f32: [1, 0, 0, 1, 1, 1], packing.oihw, into: packed.pointer)
    let bias = GuardedBuffer<Float>(repeating: 0, count: packing.columnCount)
    let input = GuardedBuffer<Float>([1, 2, 3, 4])
    let descriptor = GemmF32Descriptor(
      geometry: .matrix(rows: 2, inputStride: 2, outputStride: 3), groupInChannels: 2, groupOutChannels: 3, weights: packed.pointer,
      bias: bias.pointer, residualPixelStride: 3)
    for entry in kernels(.gemmF32) {
      let both = GuardedBuffer<Float>([10, 20, 30, 40, 50, 60])
      let pointer = UnsafeMutableRawPointer(both.pointer)
      run(entry, descriptor, [pointer, UnsafeMutableRawPointer(input.pointer), pointer])
      #expect(both.elements == [11, 22, 33, 43, 54, 67])
    }
  }
}
