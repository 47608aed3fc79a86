import KernelContract
import Testing

/// `strassen_f32_*` against sums in Double.
///
/// Tolerance: a product of halves runs through K/2 roundings, its operands through at most 3 + 1 (S4, T4 rounded once), what is added behind it
/// through 4, residual and activation through 3: to first order the error is at most (K/2 + 11)·u·S, u = 2⁻²⁴, where S is the same
/// formula with the absolute values of all data.
@Suite struct StrassenF32Tests {
  @Test(arguments: 0..<60)
  func againstDouble(seed: Int) {
    var numbers = Numbers(seed + 7000)
    let (images, imageRows) = (numbers.int(1...2), numbers.pick([1, 2, 3, 7, 16, 31, 49, 60]))
    let rows = images * imageRows
    let (channels, outputs) = (2 * numbers.pick([1, 2, 4, 7, 8, 13, 20, 33]), numbers.pick([1, 8, 15, 16, 17, 31, 32, 33, 40, 48, 80]))
    let (inputStride, outputStride) = (channels + numbers.int(0...1) * 3, outputs + numbers.int(0...1) * 5)
    let residualStride = numbers.int(0...1) == 0 ? nil : outputs + numbers.int(0...1) * 2
    let epilogue = numbers.pick([Epilogue.none, .relu, .clamp(-0.5, 0.75), .leakyRelu(0.25)])
    let input = numbers.floats(rows * inputStride)
    let weights = numbers.floats(outputs * channels)
    let bias = numbers.floats(outputs)
    let residual = numbers.floats(rows * (residualStride ?? outputs))

    let packing = StrassenPacking(inChannels: channels, outChannels: outputs)
    let packed = GuardedBuffer<Float>(repeating: .nan, count: packing.weightCount)
    let columns = GuardedBuffer<Float>(repeating: .nan, count: packing.biasCount)
    packing.pack(weights, GemmPacking(groupOutChannels: outputs, groupInChannels: channels).oihw, into: packed.pointer)
    packing.packBias(bias, into: columns.pointer)
    #expect(packed.isIntact && columns.isIntact)

    let (upper, half, depth) = ((imageRows + 1) / 2, packing.half, channels / 2)
    func a(_ row: Int, _ k: Int) -> Double { row < rows ? Double(input[row * inputStride + k]) : 0 }
    func b(_ n: Int, _ k: Int) -> Double { n < outputs ? Double(weights[n * channels + k]) : 0 }
    let (source, added) = (GuardedBuffer(input), GuardedBuffer(residual))
    for product in kernels(.gemmF32) {
      let descriptor = StrassenF32Descriptor(
        images: images, rows: imageRows, inputStride: inputStride, outputStride: outputStride, inChannels: channels, outChannels: outputs,
        weights: packed.pointer, bias: columns.pointer, epilogue: epilogue, residualStride: residualStride,
        rowBlock: numbers.pick([1, 4, 8, 40]), panelBlock: numbers.pick([nil, 1, 2]), product: product.step)
      for entry in kernels(.strassenF32) {
        let got: [Float] = output(
          entry, descriptor, fill: 77, count: (rows - 1) * outputStride + outputs,
          inputs: [UnsafeMutableRawPointer(source.pointer), UnsafeMutableRawPointer(added.pointer)])
        for row in 0..<rows {
          for n in 0..<outputs {
            var exact = (0..<channels).reduce(0.0) { $0 + a(row, $1) * b(n, $1) } + Double(bias[n])
            if let residualStride { exact += Double(residual[row * residualStride + n]) }
            let (first, inImage, j) = (row / imageRows * imageRows, row % imageRows, n % half)
            let (top, bottom) = (first + inImage % upper, inImage % upper + upper < imageRows ? first + inImage % upper + upper : rows)
            var size = abs(Double(bias[n])) + (residualStride.map { abs(Double(residual[row * $0 + n])) } ?? 0)
            for k in 0..<depth {
              let (a11, a12) = (abs(a(top, k)), abs(a(top, k + depth)))
              let (a21, a22) = (abs(a(bottom, k)), abs(a(bottom, k + depth)))
              let (b11, b12) = (abs(b(j, k)), abs(b(j + half, k)))
              let (b21, b22) = (abs(b(j, k + depth)), abs(b(j + half, k + depth)))
              let (s1, s2, s3, s4) = (a21 + a22, a21 + a22 + a11, a11 + a21, a12 + a21 + a22 + a11)
              let (t1, t2, t3, t4) = (b12 + b11, b22 + b12 + b11, b22 + b12, b21 + b22 + b12 + b11)
              let x = a11 * b11 + s2 * t2
              switch (inImage < upper, n < half) {
              case (true, true): size += a11 * b11 + a12 * b21
              case (true, false): size += x + s1 * t1 + s4 * b22
              case (false, true): size += x + s3 * t3 + a22 * t4
              case (false, false): size += x + s3 * t3 + s1 * t1
              }
            }
            let bound = Double(depth + 11) * 0x1p-24 * size
            #expect(
              abs(Double(got[row * outputStride + n]) - epilogue.exact(exact)) <= bound, "\(entry.id) with \(product.id), \(row) \(n)")
          }
          if row + 1 < rows { #expect(got[row * outputStride + outputs..<(row + 1) * outputStride].allSatisfy { $0 == 77 }) }
        }
      }
    }
    #expect(packed.isIntact && columns.isIntact && source.isIntact && added.isIntact)
  }
}
