import KernelContract
import Testing

/// TensorFlow Lite's integer arithmetic, against gemmlowp's definitions written out.
@Suite struct FixedPointTests {
  /// The rounded upper half of twice the product: (a · b + nudge) / 2³¹ truncated toward zero.
  private static func doublingHighMultiply(_ a: Int32, _ b: Int32) -> Int32 {
    if a == .min && b == .min { return .max }
    let product = Int64(a) * Int64(b)
    return Int32((product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) / (1 << 31))
  }

  private static func divideByPowerOfTwo(_ x: Int32, _ exponent: Int) -> Int32 {
    let mask = Int32((Int64(1) << exponent) - 1)
    let remainder = x & mask
    return (x >> exponent) + (remainder > (mask >> 1) + (x < 0 ? 1 : 0) ? 1 : 0)
  }

  static func rescale(_ x: Int32, _ scale: FixedPointScale) -> Int32 {
    let left = max(Int(scale.shift), 0)
    let shifted = Int32(clamping: Int64(x) << left)
    return divideByPowerOfTwo(doublingHighMultiply(shifted, scale.multiplier), max(-Int(scale.shift), 0))
  }

  @Test func factors() {
    #expect(FixedPointScale(1) == FixedPointScale(multiplier: 1 << 30, shift: 1))
    #expect(FixedPointScale(0.5) == FixedPointScale(multiplier: 1 << 30, shift: 0))
    #expect(FixedPointScale(0.75) == FixedPointScale(multiplier: 3 << 29, shift: 0))
    // Rounds up to a power of two.
    #expect(FixedPointScale(1.0.nextDown) == FixedPointScale(multiplier: 1 << 30, shift: 1))
    #expect(FixedPointScale(0) == FixedPointScale(multiplier: 0, shift: 0))
    #expect(FixedPointScale(0x1p-33) == FixedPointScale(multiplier: 0, shift: 0))
    let largest = FixedPointScale(multiplier: .max, shift: 30)
    for factor in [Double.infinity, .nan, 0x1p30, 1e300] { #expect(FixedPointScale(factor) == largest) }
    var numbers = Numbers(3)
    for _ in 0..<1000 {
      let factor = Double(numbers.floats(1, 0.5...1)[0]) * Double(sign: .plus, exponent: numbers.int(-30...29), significand: 1)
      let scale = FixedPointScale(factor)
      #expect(scale.multiplier >= 1 << 30)
      let value = Double(scale.multiplier) * Double(sign: .plus, exponent: Int(scale.shift) - 31, significand: 1)
      #expect(abs(value - factor) <= factor * 0x1p-31)
    }
  }

  /// Random sums and the extremes, halves among them, through factors of every size.
  @Test(arguments: [1, 7, 8, 33], [1, 5]) func requantize(width: Int, rows: Int) {
    var numbers = Numbers(width + rows)
    for round in 0..<30 {
      let scales = (0..<width).map { _ in
        FixedPointScale(Double(numbers.floats(1, 0.5...1)[0]) * Double(sign: .plus, exponent: numbers.int(-33...3), significand: 1))
      }
      let halves = [FixedPointScale(0x1p-4), FixedPointScale(0x1p-1), FixedPointScale(0x1p-31), FixedPointScale(1e20)]
      let used = round % 2 == 0 ? scales : (0..<width).map { halves[$0 % 4] }
      let inStride = width + 3
      let extremes: [Int32] = [0, 1, -1, .max, .min, 8, -8, 24, -24, 1 << 30, -1 << 30]
      let sums = (0..<rows * inStride).map { index -> Int32 in
        if round % 3 == 0 { return extremes[index % extremes.count] }
        return Int32(truncatingIfNeeded: numbers.int(-1 << 31...(1 << 31) - 1) >> numbers.int(0...24))
      }
      let (factors, input) = (GuardedBuffer(used), GuardedBuffer(sums))
      let descriptor = RequantizeFixedDescriptor(
        rows: Rows(count: rows, width: width), outputStride: width, inputStride: inStride, scales: UnsafePointer(factors.pointer),
        zeroPoint: 11, low: 11, high: 250)
      var wanted: [UInt8] = []
      for row in 0..<rows {
        for i in 0..<width { wanted.append(UInt8(min(max(Int(Self.rescale(sums[row * inStride + i], used[i])) + 11, 11), 250))) }
      }
      for entry in kernels(.requantizeFixed) {
        let got: [UInt8] = output(entry, descriptor, fill: 77, count: rows * width, inputs: [UnsafeMutableRawPointer(input.pointer)])
        #expect(got == wanted, "\(entry.id)")
      }
    }
  }

  @Test func add() {
    var numbers = Numbers(5)
    for (a, b, out) in [(Float(0.02), Float(0.013), Float(0.031)), (1, 1e-6, 0.9), (0.5, 0.5, 1e-3), (1e-3, 1e-3, 0.5)] {
      let (x, y) = (numbers.codes(300), numbers.codes(300))
      let (first, second) = (GuardedBuffer(x), GuardedBuffer(y))
      let descriptor = AddFixedU8Descriptor(
        rows: Rows(width: 300), outputStride: 0, aStride: 0, bStride: 0, a: (a, 123), b: (b, 7), output: (out, 100), low: 3)
      let twice = 2 * Double(max(a, b))
      let scales = [Double(a) / twice, Double(b) / twice, twice / (1_048_576 * Double(out))].map { FixedPointScale($0) }
      let wanted = zip(x, y).map { x, y -> UInt8 in
        let sum = Self.rescale((Int32(x) - 123) * 1_048_576, scales[0]) + Self.rescale((Int32(y) - 7) * 1_048_576, scales[1])
        return UInt8(min(max(Int(Self.rescale(sum, scales[2])) + 100, 3), 255))
      }
      for entry in kernels(.addFixedU8) {
        let inputs = [UnsafeMutableRawPointer(first.pointer), UnsafeMutableRawPointer(second.pointer)]
        let got: [UInt8] = output(entry, descriptor, fill: 77, count: 300, inputs: inputs)
        #expect(got == wanted, "\(entry.id)")
      }
    }
  }
}
