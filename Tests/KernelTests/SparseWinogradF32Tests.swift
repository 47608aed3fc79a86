import KernelContract
import Testing

/// Convolutions by sparse coefficients of Winograd's transform against the formula in Double.
///
/// Tolerance: output = Aᵀ[Σ U⊙V]A with V = Bᵀ·d·B. Every element of V goes through at most 2·6 roundings (constants included), the chain over K
/// channels through K, the way back through 2·7, bias, residual and activation through 4: to first order the error is at most (K + 32)·u·S,
/// u = 2⁻²⁴, where S is the same formula with the absolute values of all matrices and data; activations are of slope at most 1.2.
@Suite struct SparseWinogradF32Tests {
  /// M·d·Mᵀ
  private func both(_ matrix: [Double], _ square: [Double], rows: Int, side: Int) -> [Double] {
    var half = [Double](repeating: 0, count: rows * side)
    for i in 0..<rows { for j in 0..<side { for k in 0..<side { half[i * side + j] += matrix[i * side + k] * square[k * side + j] } } }
    var result = [Double](repeating: 0, count: rows * rows)
    for i in 0..<rows { for j in 0..<rows { for k in 0..<side { result[i * rows + j] += half[i * side + k] * matrix[j * side + k] } } }
    return result
  }

  private func check(
    tile: Int, batch: Int, size: (Int, Int), pads: (Int, Int), channels: (Int, Int), density: Double, level1Bytes: Int, tileVectors: Int?,
    threads: Int, epilogue: Epilogue, hasResidual: Bool, _ numbers: inout Numbers
  ) {
    let (inputs, outputs) = channels
    let (height, width) = (size.0 + 2 * pads.0 - 2, size.1 + 2 * pads.1 - 2)
    var g = Geometry(
      batch: batch, inputHeight: size.0, inputWidth: size.1, inputPixelStride: 1, outputHeight: height, outputWidth: width,
      outputPixelStride: 1)
    (g.kernelHeight, g.kernelWidth, g.padTop, g.padLeft) = (3, 3, pads.0, pads.1)
    let transforms = WinogradPacking(tile: tile, groupOutChannels: outputs, groupInChannels: inputs)
    let (side, points) = (transforms.side, transforms.points)
    var weights = numbers.floats(points * outputs * inputs)
    for i in weights.indices where Double.random(in: 0..<1, using: &numbers) >= density { weights[i] = 0 }
    let slack = numbers.pick([0, 5])
    let from = Planes(channelStride: size.0 * size.1 + slack, imageStride: inputs * (size.0 * size.1 + slack) + slack)
    let to = Planes(channelStride: height * width + slack, imageStride: outputs * (height * width + slack) + slack)
    func count(_ planes: Planes, _ channels: Int, _ pixels: Int) -> Int {
      batch == 0 ? 0 : (batch - 1) * planes.imageStride + (channels - 1) * planes.channelStride + pixels
    }
    let input = numbers.floats(count(from, inputs, size.0 * size.1))
    let (bias, residual) = (numbers.floats(outputs), numbers.floats(count(to, outputs, height * width)))
    let strides = GemmPacking.Strides(output: inputs, input: 1)
    let packing = SparsePacking(
      SparseWinogradF32Descriptor.points(of: g, tile: tile), groups: points, groupInChannels: inputs, groupOutChannels: outputs, weights,
      strides, level1Bytes: level1Bytes, tileVectors: tileVectors ?? SparseWinogradF32Descriptor.bestVectors(g, tile: tile))
    let packed = GuardedBuffer<UInt8>(repeating: 0xFF, count: roundUp(packing.byteCount, to: 64))
    packing.pack(weights, strides, into: packed.pointer)
    let (source, offsets, added) = (GuardedBuffer(input), GuardedBuffer(bias), GuardedBuffer(residual))
    let descriptor = SparseWinogradF32Descriptor(
      geometry: g, tile: tile, packing: packing, input: from, output: to, residual: hasResidual ? to : nil, weights: packed.pointer,
      bias: offsets.pointer, epilogue: epilogue, threads: threads)
    let (spread, gather) = (transforms.inputMatrix, transforms.outputMatrix)
    let (spreadSizes, gatherSizes) = (spread.map(abs), gather.map(abs))

    for entry in kernels(.sparseWinogradF32) {
      let got: [Float] = output(
        entry, descriptor, fill: 77, count: residual.count,
        inputs: [UnsafeMutableRawPointer(source.pointer), UnsafeMutableRawPointer(added.pointer)])
      var written = [Bool](repeating: false, count: got.count)
      var wrong = 0
      for image in 0..<batch {
        for top in stride(from: 0, to: height, by: tile) {
          for left in stride(from: 0, to: width, by: tile) {
            var (seen, sizes): ([[Double]], [[Double]]) = ([], [])
            for k in 0..<inputs {
              var patch = [Double](repeating: 0, count: points)
              for y in 0..<side {
                for x in 0..<side {
                  let (iy, ix) = (top - pads.0 + y, left - pads.1 + x)
                  guard iy >= 0, iy < size.0, ix >= 0, ix < size.1 else { continue }
                  patch[y * side + x] = Double(input[image * from.imageStride + k * from.channelStride + iy * size.1 + ix])
                }
              }
              seen.append(both(spread, patch, rows: side, side: side))
              sizes.append(both(spreadSizes, patch.map(abs), rows: side, side: side))
            }
            for channel in 0..<outputs {
              var (sums, magnitudes) = ([Double](repeating: 0, count: points), [Double](repeating: 0, count: points))
              for point in 0..<points {
                for k in 0..<inputs {
                  let weight = Double(weights[(point * outputs + channel) * inputs + k])
                  sums[point] += weight * seen[k][point]
                  magnitudes[point] += abs(weight) * sizes[k][point]
                }
              }
              let made = both(gather, sums, rows: tile, side: side), size = both(gatherSizes, magnitudes, rows: tile, side: side)
              for y in 0..<min(tile, height - top) {
                for x in 0..<min(tile, width - left) {
                  let place = image * to.imageStride + channel * to.channelStride + (top + y) * width + left + x
                  let more = Double(bias[channel]) + (hasResidual ? Double(residual[place]) : 0)
                  let bound = size[y * tile + x] + abs(Double(bias[channel])) + (hasResidual ? abs(Double(residual[place])) : 0)
                  let error = abs(Double(got[place]) - epilogue.exact(made[y * tile + x] + more))
                  if !(error <= 1.2 * Double(inputs + 32) * 0x1p-24 * bound) { wrong += 1 }
                  written[place] = true
                }
              }
            }
          }
        }
      }
      #expect(wrong == 0, "\(entry.id) tile \(tile) \(batch)×\(inputs)→\(outputs) \(size) pads \(pads)")
      #expect(got.indices.allSatisfy { written[$0] || got[$0] == 77 }, "\(entry.id) wrote between its elements")
    }
    #expect(packed.isIntact && source.isIntact && offsets.isIntact && added.isIntact)
  }

  @Test(arguments: 0..<120)
  func convolutions(seed: Int) {
    var numbers = Numbers(seed + 9000)
    let size = (numbers.pick([1, 2, 3, 5, 7, 8, 13, 14, 17]), numbers.pick([1, 2, 3, 6, 7, 8, 13, 28, 33, 70]))
    let pads = (size.0 < 3 ? 1 : numbers.pick([0, 1, 2]), size.1 < 3 ? 1 : numbers.pick([0, 1, 2]))
    check(
      tile: numbers.pick([2, 4]), batch: numbers.pick([1, 1, 2, 3]), size: size, pads: pads,
      channels: (numbers.pick([1, 2, 7, 16, 33]), numbers.pick([1, 2, 5, 8, 65])), density: numbers.pick([0, 0.05, 0.3, 1]),
      level1Bytes: numbers.pick([2048, 4096, 32768]), tileVectors: numbers.pick([nil, nil, 1, 2, 5, 7]), threads: numbers.pick([1, 2, 4]),
      epilogue: numbers.pick([.none, .relu, .clamp(-0.3, 0.7), .hardSwish]), hasResidual: numbers.pick([true, false]), &numbers)
  }

  /// Lines of tiles that are cut, and several bands.
  @Test(arguments: [2, 4], [64, 66, 130, 200])
  func wideImages(tile: Int, outputs: Int) {
    var numbers = Numbers(tile * 1000 + outputs)
    check(
      tile: tile, batch: 1, size: (4, 250), pads: (1, 1), channels: (3, outputs), density: 0.2, level1Bytes: 8192, tileVectors: nil,
      threads: 3, epilogue: .relu, hasResidual: false, &numbers)
  }

  /// Residual blocks: the sum is written over what was added.
  @Test func residualMayBeTheOutput() {
    var numbers = Numbers(3)
    var g = Geometry(
      batch: 1, inputHeight: 9, inputWidth: 11, inputPixelStride: 1, outputHeight: 9, outputWidth: 11, outputPixelStride: 1)
    (g.kernelHeight, g.kernelWidth, g.padTop, g.padLeft) = (3, 3, 1, 1)
    let weights = numbers.floats(36 * 70 * 5)
    let strides = GemmPacking.Strides(output: 5, input: 1)
    let packing = SparsePacking(
      SparseWinogradF32Descriptor.points(of: g, tile: 4), groups: 36, groupInChannels: 5, groupOutChannels: 70, weights, strides,
      level1Bytes: 4096)
    let packed = GuardedBuffer<UInt8>(repeating: 0, count: roundUp(packing.byteCount, to: 64))
    packing.pack(weights, strides, into: packed.pointer)
    let (input, bias, residual) = (GuardedBuffer(numbers.floats(5 * 99)), GuardedBuffer(numbers.floats(70)), numbers.floats(70 * 99))
    let planes = Planes(channelStride: 99, imageStride: 70 * 99)
    let descriptor = SparseWinogradF32Descriptor(
      geometry: g, tile: 4, packing: packing, input: Planes(channelStride: 99, imageStride: 5 * 99), output: planes, residual: planes,
      weights: packed.pointer, bias: bias.pointer)
    for entry in kernels(.sparseWinogradF32) {
      let added = GuardedBuffer(residual)
      let apart: [Float] = output(
        entry, descriptor, fill: 77, count: residual.count,
        inputs: [UnsafeMutableRawPointer(input.pointer), UnsafeMutableRawPointer(added.pointer)])
      let both = GuardedBuffer(residual)
      run(
        entry, descriptor,
        [UnsafeMutableRawPointer(both.pointer), UnsafeMutableRawPointer(input.pointer), UnsafeMutableRawPointer(both.pointer)])
      #expect(both.elements == apart)
    }
  }
}
