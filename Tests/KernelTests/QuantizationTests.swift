import KernelContract
import Testing

/// Codes exactly, by the contract's formulas in Float.
@Suite struct QuantizationTests {
  private static let awkward: [Float] = [
    0, -0.0, .infinity, -.infinity, .nan, 1e30, -1e30, 0.5, 1.5, 2.5, -0.5, -1.5, 127.5, 128.5, 254.5, 255.5, .leastNonzeroMagnitude,
  ]

  @Test(arguments: [0, 1, 7, 8, 9, 33, 16_385], [false, true])
  func quantize(count: Int, isSigned: Bool) {
    var numbers = Numbers(count)
    for scale in [Float(1), 0.5, 0.0371] {
      let zeroPoint = Int32(isSigned ? numbers.int(-128...127) : numbers.int(0...255))
      // Quotients at and beside a half tell true division from a product with the reciprocal.
      let halves = (0..<100).map { (Float($0) - 49.5) * scale }
      let values = Array((Self.awkward + numbers.floats(count, -200...200) + halves).suffix(count))
      let input = GuardedBuffer(values)
      let descriptor = QuantizeDescriptor(rows: Rows(width: count), scale: scale, zeroPoint: zeroPoint, isSigned: isSigned)
      let (low, high) = (Float(descriptor.low - zeroPoint), Float(descriptor.high - zeroPoint))
      let wanted = values.map { value -> UInt8 in
        let rounded = value.isNaN ? low : min(max((value / scale).rounded(.toNearestOrEven), low), high)
        return UInt8(truncatingIfNeeded: Int32(rounded) + zeroPoint)
      }
      for entry in kernels(.quantize) {
        let got: [UInt8] = output(entry, descriptor, fill: 77, count: count, inputs: [UnsafeMutableRawPointer(input.pointer)])
        #expect(got == wanted, "\(entry.id) scale \(scale)")
      }
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 256], [false, true])
  func dequantize(count: Int, isSigned: Bool) {
    let codes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let input = GuardedBuffer(codes)
    let descriptor = DequantizeDescriptor(rows: Rows(width: count), scale: 0.037, zeroPoint: 5, isSigned: isSigned)
    let wanted = codes.map { Float((isSigned ? Int32(Int8(bitPattern: $0)) : Int32($0)) - 5) * 0.037 }
    for entry in kernels(.dequantize) {
      let got: [Float] = output(entry, descriptor, fill: 77, count: count, inputs: [UnsafeMutableRawPointer(input.pointer)])
      #expect(got == wanted, "\(entry.id)")
    }
  }

  @Test(arguments: [0, 1, 7, 8, 21, 64], [1, 4])
  func add(width: Int, rows: Int) {
    var numbers = Numbers(width)
    for repeats in [false, true] {
      let stride = width + 3
      let (a, b) = (numbers.codes(rows * stride), numbers.codes(rows * stride))
      let descriptor = AddU8Descriptor(
        rows: Rows(count: rows, width: width), outputStride: width, aStride: stride, bStride: repeats ? 0 : stride, aZeroPoint: 128,
        bZeroPoint: 3,
        aScale: 0.7, bScale: 1.3, zeroPoint: 11, low: 11, high: 250)
      var wanted: [UInt8] = []
      for row in 0..<rows {
        for i in 0..<width {
          let x = Float(Int32(a[row * stride + i]) - 128) * 0.7
          let sum = x.addingProduct(Float(Int32(b[(repeats ? 0 : row * stride) + i]) - 3), 1.3)
          wanted.append(UInt8(min(max(sum.rounded(.toNearestOrEven), 0), 239) + 11))
        }
      }
      let (first, second) = (GuardedBuffer(a), GuardedBuffer(b))
      for entry in kernels(.addU8) {
        let got: [UInt8] = output(
          entry, descriptor, fill: 77, count: rows * width,
          inputs: [UnsafeMutableRawPointer(first.pointer), UnsafeMutableRawPointer(second.pointer)])
        #expect(got == wanted, "\(entry.id)")
      }
    }
  }

  @Test func lookup() {
    let table = GuardedBuffer((0..<256).map { UInt8(truncatingIfNeeded: 255 - $0 * 3) })
    let codes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 101) }
    let input = GuardedBuffer(codes)
    for entry in kernels(.lookupU8) {
      let descriptor = LookupU8Descriptor(rows: Rows(width: 1000), table: table.pointer)
      let got: [UInt8] = output(entry, descriptor, fill: 0, count: 1000, inputs: [UnsafeMutableRawPointer(input.pointer)])
      #expect(got == codes.map { table.pointer[Int($0)] })
    }
  }
}
