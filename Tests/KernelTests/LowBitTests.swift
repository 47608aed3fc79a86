import KernelContract
import Testing

/// `low_bit_f32_*`: products with codes of few bits, against their formula in Double.
@Suite struct LowBitTests {
  struct Matrix: CustomStringConvertible {
    var columns: Int
    var depth: Int
    var bits: Int
    var groupSize: Int
    var zeroPoint: Int32?
    var description: String { "\(depth)→\(columns), \(bits) bits, groups of \(groupSize), zero point \(zeroPoint as Any)" }
  }

  private func check(_ matrix: Matrix, vectors: Int, slack: Int, _ numbers: inout Numbers, input given: [Float]? = nil) {
    let (columns, depth) = (matrix.columns, matrix.depth)
    let groups = (depth - 1) / matrix.groupSize + 1
    let largest = 1 << matrix.bits - 1
    let codes = (0..<columns * depth).map { _ in UInt8(numbers.int(0...largest)) }
    let scales = numbers.floats(columns * groups, 0.001...0.02)
    let zeros = (0..<columns * groups).map { _ in matrix.zeroPoint ?? Int32(numbers.int(0...largest)) }
    let strides = numbers.pick([GemmPacking.Strides(output: depth, input: 1), .init(output: 1, input: columns)])
    let packing = LowBitPacking(
      columns: columns, depth: depth, bits: matrix.bits, groupSize: matrix.groupSize, zeroPoint: matrix.zeroPoint)
    let packed = GuardedBuffer<UInt8>(repeating: 99, count: roundUp(packing.byteCount, to: 64))
    packing.pack(codes, strides, scales: scales, zeroPoints: zeros, into: packed.pointer)
    let input = given ?? numbers.floats(vectors * (depth + slack))
    let bias = numbers.floats(columns)
    let source = GuardedBuffer(
      [Float](input.prefix((vectors - 1) * (depth + slack) + depth)), numbers.pick(GuardedBuffer<Float>.Placement.allCases))
    let columnBias = GuardedBuffer(bias + [Float](repeating: .nan, count: packing.form.columnCount - columns), .flushWithEnd)
    let epilogue = numbers.pick(Epilogue.all)
    let descriptor = LowBitF32Descriptor(
      form: packing.form, vectors: vectors, inputStride: depth + slack, outputStride: columns + slack, weights: packed.pointer,
      bias: columnBias.pointer, epilogue: epilogue, threads: numbers.pick([1, 3]))
    var first: [Float]?
    for entry in kernels(.lowBitF32) {
      let got: [Float] = output(
        entry, descriptor, fill: 77, count: (vectors - 1) * (columns + slack) + columns, inputs: [UnsafeMutableRawPointer(source.pointer)])
      if let first { #expect(got == first, "\(entry.id) differs from another kernel: \(matrix)") }
      first = got
      for vector in 0..<vectors {
        let x = input[vector * (depth + slack)..<vector * (depth + slack) + depth].map(Double.init)
        for column in 0..<columns {
          var (sum, bound) = (Double(bias[column]), Double(abs(bias[column])))
          var from = 0
          while from < depth {
            // A segment: 128 inputs at most, of one group.
            let to = min(depth, from + 128, (from / matrix.groupSize + 1) * matrix.groupSize)
            let most = x[from..<to].map(abs).max() ?? 0
            let group = column * groups + from / matrix.groupSize
            for k in from..<to {
              let code = Double(codes[column * strides.output + k * strides.input])
              let weight = Double(scales[group]) * (code - Double(zeros[group]))
              sum += weight * x[k]
              bound += abs(weight) * most
            }
            from = to
          }
          let wanted = epilogue.exact(sum)
          // An element is off by 2⁻¹⁶ of its segment's largest (and the scale's rounding); a segment's sum is rounded four times, and each
          // addition once. No activation is steeper than 1.2; its own 4 ulp.
          let tolerance = 1.2 * (0x1.01p-16 + Double(packing.form.segments + 5) * 0x1p-24) * bound + 0x1p-21 * abs(wanted) + 1e-30
          let value = Double(got[vector * (columns + slack) + column])
          #expect(abs(value - wanted) <= tolerance, "\(entry.id) \(matrix)")
        }
      }
      for place in got.indices where place % (columns + slack) >= columns { #expect(got[place] == 77, "wrote between vectors") }
    }
  }

  @Test(arguments: 0..<60)
  func anyMatrix(seed: Int) {
    var numbers = Numbers(seed + 8000)
    let bits = numbers.int(2...8)
    let matrix = Matrix(
      columns: numbers.pick([1, 5, 15, 16, 17, 31, 32, 33, 64, 65, 100, 130]),
      depth: numbers.pick([1, 2, 7, 8, 9, 33, 127, 128, 129, 300]),
      bits: bits, groupSize: numbers.pick([1, 5, 8, 20, 32, 64, 128, 200, 1000]), zeroPoint: numbers.pick([nil, 0, Int32(1 << (bits - 1))]))
    check(matrix, vectors: numbers.pick([1, 1, 2, 9]), slack: numbers.pick([0, 3]), &numbers)
  }

  /// Groups as they are used, and as many columns as several tasks have.
  @Test(arguments: [32, 64, 128, 4096], [2, 3, 4, 8])
  func groups(size: Int, bits: Int) {
    var numbers = Numbers(size + bits)
    check(
      Matrix(columns: 1100, depth: 512, bits: bits, groupSize: size, zeroPoint: numbers.pick([nil, Int32(1 << (bits - 1))])), vectors: 1,
      slack: 0, &numbers)
  }

  /// The largest sums of a segment: all codes and inputs at their ends.
  @Test(arguments: [4, 8], [Float(1), -1]) func extremes(bits: Int, sign: Float) {
    let (columns, depth) = (70, 256)
    let largest = 1 << bits - 1
    for code in [0, largest] {
      for zero in [Int32(0), Int32(largest)] {
        let packing = LowBitPacking(columns: columns, depth: depth, bits: bits, groupSize: depth, zeroPoint: zero)
        let packed = GuardedBuffer<UInt8>(repeating: 0, count: roundUp(packing.byteCount, to: 64))
        let codes = [UInt8](repeating: UInt8(code), count: columns * depth)
        packing.pack(
          codes, .init(output: depth, input: 1), scales: [Float](repeating: 1, count: columns),
          zeroPoints: [Int32](repeating: zero, count: columns), into: packed.pointer)
        let bias = GuardedBuffer<Float>(repeating: 0, count: packing.form.columnCount)
        let input = GuardedBuffer<Float>(repeating: 3 * sign, count: depth)
        let descriptor = LowBitF32Descriptor(
          form: packing.form, inputStride: depth, outputStride: columns, weights: packed.pointer, bias: bias.pointer)
        let wanted = 3 * sign * Float((code - Int(zero)) * depth)
        for entry in kernels(.lowBitF32) {
          let got: [Float] = output(entry, descriptor, fill: 1, count: columns, inputs: [UnsafeMutableRawPointer(input.pointer)])
          // Every element is ±32767 times its scale: only products and sums are rounded, four times a segment.
          #expect(got.allSatisfy { abs($0 - wanted) <= 0x1p-21 * abs(wanted) }, "\(entry.id)")
        }
      }
    }
  }

  /// What is no number spoils every sum; tiny vectors are zeros.
  @Test(arguments: [Float.nan, .infinity, -.infinity, 1e-38, 0]) func unusualInputs(value: Float) {
    let packing = LowBitPacking(columns: 20, depth: 40, bits: 4, groupSize: 32, zeroPoint: 8)
    let packed = GuardedBuffer<UInt8>(repeating: 0, count: roundUp(packing.byteCount, to: 64))
    let codes = (0..<800).map { UInt8($0 % 15) }
    packing.pack(
      codes, .init(output: 40, input: 1), scales: [Float](repeating: 1, count: 40), zeroPoints: [Int32](repeating: 8, count: 40),
      into: packed.pointer)
    let bias = GuardedBuffer<Float>(repeating: 0.5, count: packing.form.columnCount)
    var elements = [Float](repeating: 0, count: 40)
    elements[36] = value
    let input = GuardedBuffer(elements, .flushWithEnd)
    let descriptor = LowBitF32Descriptor(form: packing.form, inputStride: 40, outputStride: 20, weights: packed.pointer, bias: bias.pointer)
    for entry in kernels(.lowBitF32) {
      let got: [Float] = output(entry, descriptor, fill: 1, count: 20, inputs: [UnsafeMutableRawPointer(input.pointer)])
      #expect(got.allSatisfy { value.magnitude < 1 ? $0 == 0.5 : $0.isNaN }, "\(entry.id) \(value)")
    }
  }
}
