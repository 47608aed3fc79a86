import KernelContract
import Testing

/// `winograd_f32_*` against sums in Double.
///
/// Tolerance: output = Aᵀ[Σ U⊙V]A with V = Bᵀ·d·B, U rounded once. Every element of V goes through at most 2·6 roundings (constants included),
/// the chain over K channels through K, the way back through 2·7, bias, residual and activation through 4: to first order the error is
/// at most (K + 32)·u·S, u = 2⁻²⁴, where S is the same formula with the absolute values of all matrices and data.
@Suite struct WinogradF32Tests {
  private func packing(_ item: ConvolutionCase, tile: Int) -> WinogradPacking {
    WinogradPacking(
      tile: tile, windowHeight: item.geometry.kernelHeight, windowWidth: item.geometry.kernelWidth, groups: item.groups,
      groupOutChannels: item.outChannels, groupInChannels: item.inChannels)
  }

  /// S of every output element, without bias and residual: `[pixel][channel]` of a dense output.
  private func sizes(_ item: ConvolutionCase, tile: Int, input: [Float], weights: [Float]) -> [Double] {
    let g = item.geometry
    let packing = packing(item, tile: tile)
    let (height, width, points, taps) = (packing.sideHeight, packing.sideWidth, packing.points, packing.taps)
    let (windowHeight, windowWidth) = (packing.windowHeight, packing.windowWidth)
    // Of a window without an extent in a direction, nothing is transformed in it.
    let (isRow, isColumn) = (windowHeight == 1, windowWidth == 1)
    func pair(_ matrix: [Double]) -> (down: [Double], across: [Double]) {
      (isRow ? [1] : matrix.map(abs), isColumn ? [1] : matrix.map(abs))
    }
    let (spread, gather, weigh) = (pair(packing.inputMatrix), pair(packing.outputMatrix), pair(packing.weightMatrix))
    let outputs = item.groups * item.outChannels
    var transformed = [Double](repeating: 0, count: outputs * item.inChannels * points)
    for filter in 0..<outputs * item.inChannels {
      for y in 0..<height {
        for x in 0..<width {
          var sum = 0.0
          for tap in 0..<taps {
            let weight = Double(abs(weights[filter * taps + tap]))
            sum += weigh.down[windowHeight * y + tap / windowWidth] * weigh.across[windowWidth * x + tap % windowWidth] * weight
          }
          transformed[(filter * height + y) * width + x] = sum
        }
      }
    }
    var result = [Double](repeating: 0, count: g.outputPixels * outputs)
    for image in 0..<g.batch {
      for top in stride(from: 0, to: g.outputHeight, by: packing.tileHeight) {
        for left in stride(from: 0, to: g.outputWidth, by: packing.tileWidth) {
          var data = [Double](repeating: 0, count: item.groups * item.inChannels * points)
          for k in 0..<item.groups * item.inChannels {
            var patch = [Double](repeating: 0, count: points)
            for y in 0..<height {
              for x in 0..<width {
                let (iy, ix) = (top - g.padTop + y, left - g.padLeft + x)
                guard iy >= 0, iy < g.inputHeight, ix >= 0, ix < g.inputWidth else { continue }
                patch[y * width + x] = Double(abs(input[((image * g.inputHeight + iy) * g.inputWidth + ix) * g.inputPixelStride + k]))
              }
            }
            let down = product(spread.down, patch, height, height, width)
            let both = product(down, transposed(spread.across, width, width), height, width, width)
            for index in both.indices { data[k * points + index] = both[index] }
          }
          for channel in 0..<outputs {
            var products = [Double](repeating: 0, count: points)
            for k in 0..<item.inChannels {
              let from = (channel / item.outChannels * item.inChannels + k) * points
              for index in products.indices {
                products[index] += data[from + index] * transformed[(channel * item.inChannels + k) * points + index]
              }
            }
            let (tileHeight, tileWidth) = (packing.tileHeight, packing.tileWidth)
            let columns = product(gather.down, products, tileHeight, height, width)
            let back = product(columns, transposed(gather.across, tileWidth, width), tileHeight, width, tileWidth)
            for y in 0..<min(tileHeight, g.outputHeight - top) {
              for x in 0..<min(tileWidth, g.outputWidth - left) {
                let pixel = (image * g.outputHeight + top + y) * g.outputWidth + left + x
                result[pixel * outputs + channel] = back[y * tileWidth + x]
              }
            }
          }
        }
      }
    }
    return result
  }

  /// [rows][inner] · [inner][columns]
  private func product(_ a: [Double], _ b: [Double], _ rows: Int, _ inner: Int, _ columns: Int) -> [Double] {
    var c = [Double](repeating: 0, count: rows * columns)
    for i in 0..<rows {
      for k in 0..<inner { for j in 0..<columns { c[i * columns + j] += a[i * inner + k] * b[k * columns + j] } }
    }
    return c
  }

  private func transposed(_ a: [Double], _ rows: Int, _ columns: Int) -> [Double] {
    (0..<columns * rows).map { a[$0 % rows * columns + $0 / rows] }
  }

  private func check(
    _ item: ConvolutionCase, tile: Int, epilogue: Epilogue = .none, residual: Bool = false, seed: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var numbers = Numbers(seed)
    let g = item.geometry
    let outputs = item.groups * item.outChannels
    let input = numbers.floats(item.inputCount)
    let weights = numbers.floats(item.weightCount)
    let bias = numbers.floats(outputs)
    let residualStride = outputs + 3
    let extra = numbers.floats(residual ? max(0, (g.outputPixels - 1) * residualStride + outputs) : 0)

    let packing = packing(item, tile: tile)
    let packed = GuardedBuffer<Float>(repeating: .nan, count: packing.weightCount)
    packing.pack(weights, item.packing.oihw, into: packed.pointer)
    #expect(packed.isIntact, sourceLocation: sourceLocation)
    let packedBias = GuardedBuffer<Float>(repeating: .nan, count: item.packing.columnCount)
    item.packing.packColumns(bias, fill: 0, into: packedBias.pointer)
    let descriptor = WinogradF32Descriptor(
      geometry: g, groups: item.groups, groupInChannels: item.inChannels, groupOutChannels: item.outChannels, tile: tile,
      weights: packed.pointer, bias: packedBias.pointer, epilogue: epilogue, residualPixelStride: residual ? residualStride : nil,
      tileBlock: item.rowBlock, panelBlock: item.panelBlock)
    let sizes = sizes(item, tile: tile, input: input, weights: weights)

    for entry in kernels(.winogradF32) {
      for placement in GuardedBuffer<Float>.Placement.allCases {
        let source = GuardedBuffer(input, placement)
        let added = GuardedBuffer(extra, placement)
        let got: [Float] = output(
          entry, descriptor, fill: 77, count: item.outputCount,
          inputs: [UnsafeMutableRawPointer(source.pointer), UnsafeMutableRawPointer(added.pointer)], sourceLocation: sourceLocation)
        var written = Set<Int>()
        var worst = 0.0
        item.forEachOutput { place, channel, terms in
          let pixel = place / g.outputPixelStride
          var sum = Double(bias[channel])
          var size = sizes[pixel * outputs + channel] + abs(sum)
          for term in terms { sum += Double(input[term.input]) * Double(weights[term.weight]) }
          if residual {
            let value = Double(extra[pixel * residualStride + channel])
            sum += value
            size += abs(value)
          }
          let bound = 1.2 * Double(item.inChannels + 32) * 0x1p-24 * size + 0x1p-24
          let error = abs(Double(got[place]) - epilogue.exact(sum)) / bound
          worst = error > worst || error.isNaN ? error : worst
          written.insert(place)
        }
        #expect(worst <= 1, "\(entry.id) tile \(tile) \(item) \(epilogue) residual \(residual)", sourceLocation: sourceLocation)
        #expect(
          got.indices.allSatisfy { written.contains($0) || got[$0] == 77 }, "\(entry.id) wrote between pixels",
          sourceLocation: sourceLocation)
      }
    }
  }

  /// A tile and the window it is for.
  struct Form: Sendable {
    let tile: Int
    let height: Int
    let width: Int
    var kernel: (Int, Int) { (height, width) }
  }

  private static let lines = [(4, 3), (6, 3), (2, 5), (4, 5), (2, 7)]
  private static let forms =
    [(2, 3), (4, 3), (6, 3), (2, 5), (4, 5)].map { Form(tile: $0, height: $1, width: $1) }
    + lines.map { Form(tile: $0, height: $1, width: 1) } + lines.map { Form(tile: $0, height: 1, width: $1) }

  /// Every height and width around the tiles, with every pad.
  @Test(arguments: forms, 0...2)
  func sizesAroundTheTile(form: Form, pad: Int) {
    let tile = form.tile
    for size in 1...15 {
      for other in [1, 3, 8] {
        let pads = (top: pad, left: pad, bottom: pad, right: pad)
        if size + 2 * pad >= form.height && other + 2 * pad >= form.width {
          check(
            ConvolutionCase(size: (size, other), kernel: form.kernel, pads: pads, channels: (3, 5)), tile: tile, seed: size * 100 + other)
        }
        if other + 2 * pad >= form.height && size + 2 * pad >= form.width {
          check(
            ConvolutionCase(size: (other, size), kernel: form.kernel, pads: pads, channels: (9, 17), rowBlock: 7), tile: tile,
            seed: size * 1000 + other)
        }
      }
    }
  }

  @Test(arguments: forms)
  func largeImages(form: Form) {
    let tile = form.tile
    for size in [(28, 30), (29, 27), (30, max(1, form.width - 2))] {
      check(
        ConvolutionCase(size: size, kernel: form.kernel, pads: (1, 1, 1, 1), channels: (16, 20), rowBlock: 12, panelBlock: 1),
        tile: tile,
        epilogue: .relu, residual: true, seed: size.0)
    }
  }

  @Test(arguments: forms, 0..<40)
  func anyConvolution(form: Form, seed: Int) {
    let tile = form.tile
    var numbers = Numbers(seed + 77)
    var item = ConvolutionCase.random(&numbers)
    let pads = (numbers.int(0...2), numbers.int(0...2), numbers.int(0...2), numbers.int(0...2))
    item = ConvolutionCase(
      batch: item.geometry.batch, size: (numbers.int(form.height...14), numbers.int(form.width...14)), kernel: form.kernel, pads: pads,
      groups: item.groups,
      channels: (item.inChannels, item.outChannels),
      slack: (
        item.geometry.inputPixelStride - item.groups * item.inChannels, item.geometry.outputPixelStride - item.groups * item.outChannels
      ),
      rowBlock: item.rowBlock, panelBlock: item.panelBlock)
    check(item, tile: tile, epilogue: numbers.pick(Epilogue.all), residual: numbers.pick([false, true]), seed: seed)
  }

  /// Any grid of tasks gives the same bits, and so does any kernel.
  @Test(arguments: forms)
  func theGridDoesNotShow(form: Form) {
    let tile = form.tile
    var numbers = Numbers(3)
    let item = ConvolutionCase(size: (13, 11), kernel: form.kernel, pads: (1, 1, 1, 1), channels: (24, 40))
    let input = GuardedBuffer(numbers.floats(item.inputCount))
    let packing = packing(item, tile: tile)
    let packed = GuardedBuffer<Float>(repeating: 0, count: packing.weightCount)
    packing.pack(numbers.floats(item.weightCount), item.packing.oihw, into: packed.pointer)
    let bias = GuardedBuffer(numbers.floats(item.packing.columnCount))
    var first: [Float]?
    for entry in kernels(.winogradF32) where entry.flags.contains(.consistent) {
      for (tiles, panels) in [(100, 3), (12, 3), (6, 1), (1, 2), (5, 1)] {
        let descriptor = WinogradF32Descriptor(
          geometry: item.geometry, groupInChannels: 24, groupOutChannels: 40, tile: tile, weights: packed.pointer, bias: bias.pointer,
          tileBlock: tiles, panelBlock: panels)
        let got: [Float] = output(entry, descriptor, fill: 0, count: item.outputCount, inputs: [UnsafeMutableRawPointer(input.pointer)])
        if let first { #expect(got == first) } else { first = got }
      }
    }
  }

  /// The three matrices together are the convolution of a tile of `tile` outputs with a filter of `window` taps.
  @Test(arguments: forms)
  func theMatricesConvolve(form: Form) {
    let window = max(form.height, form.width)
    let packing = WinogradPacking(tile: form.tile, window: window, groupOutChannels: 1, groupInChannels: 1)
    let side = packing.side
    let (b, g, a) = (packing.inputMatrix, packing.weightMatrix, packing.outputMatrix)
    for pixel in 0..<side {
      for tap in 0..<window {
        for out in 0..<form.tile {
          let sum = (0..<side).reduce(0.0) { $0 + a[out * side + $1] * g[window * $1 + tap] * b[$1 * side + pixel] }
          #expect(abs(sum - (pixel == out + tap ? 1 : 0)) < 1e-13)
        }
      }
    }
  }
}
