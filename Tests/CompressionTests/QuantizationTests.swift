import Compression
import Tensors
import Testing

@Suite struct QuantizationTests {
  @Test(arguments: [(-1, 1), (0, 6), (-0.1, 5), (3, 7), (-9, -2), (0, 0), (0, .leastNonzeroMagnitude), (-3e38, 3e38)] as [(Float, Float)])
  func parametersHoldZeroAndTheRange(range: (Float, Float)) throws {
    let parameters = try AffineParameters.unsigned8(low: range.0, high: range.1)
    #expect((0...255).contains(parameters.zeroPoint) && parameters.scale > 0 && parameters.scale.isFinite)
    let low = Double(parameters.scale) * Double(0 - parameters.zeroPoint)
    let high = Double(parameters.scale) * Double(255 - parameters.zeroPoint)
    // Rounding the zero point moves both ends by half a step; rounding the scale to f32 by 255·2⁻²⁴ steps more.
    let slack = Double(parameters.scale) * 0.50002
    #expect(low <= Double(min(range.0, 0)) + slack && high >= Double(max(range.1, 0)) - slack)
  }

  @Test func parametersRefuseNonsense() {
    #expect(status { try AffineParameters.unsigned8(low: .nan, high: 1) } == .notFinite)
    #expect(status { try AffineParameters.unsigned8(low: 0, high: .infinity) } == .notFinite)
    #expect(status { try AffineParameters.unsigned8(low: 2, high: 1) } == .invalidArgument)
    #expect(status { try AffineParameters.symmetric8(magnitude: .nan) } == .notFinite)
  }

  private func codes(_ values: [Float], _ parameters: AffineParameters, _ type: QuantizeElements.Codes) throws -> [UInt8] {
    var out = [UInt8](repeating: 0, count: values.count)
    try out.withUnsafeMutableBytes { out in
      try values.withUnsafeBufferPointer { try QuantizeElements.quantize($0, parameters, as: type, into: out) }
    }
    return out
  }

  @Test func roundsHalvesToEvenAndSaturates() throws {
    let half = AffineParameters(scale: 0.5, zeroPoint: 10)
    #expect(try codes([0, 0.25, 0.75, 1.25, -0.25, -100, 1e30, .infinity, -.infinity], half, .u8) == [10, 10, 12, 12, 10, 0, 255, 255, 0])
    let signed = AffineParameters(scale: 1, zeroPoint: 0)
    #expect(try codes([-127.6, -200, 300], signed, .s8).map { Int8(bitPattern: $0) } == [-128, -128, 127])
    #expect(try codes([-127.6, -200, 300], signed, .s8Symmetric).map { Int8(bitPattern: $0) } == [-127, -127, 127])
    #expect(status { try codes([.nan], half, .u8) } == .notFinite)
    #expect(status { try codes([1], AffineParameters(scale: 0, zeroPoint: 0), .u8) } == .invalidArgument)
    #expect(status { try codes([1], AffineParameters(scale: 1, zeroPoint: 256), .u8) } == .invalidArgument)
    #expect(status { try codes([1], AffineParameters(scale: 1, zeroPoint: -1), .u8) } == .invalidArgument)
  }

  @Test func comesBackWithinHalfAStep() throws {
    var noise = Noise(4)
    let values = (0..<1000).map { _ in noise.next() * 3 + 1 }
    let parameters = try AffineParameters.unsigned8(low: -2, high: 4)
    var back = [Float](repeating: 0, count: values.count)
    let stored = try codes(values, parameters, .u8)
    try stored.withUnsafeBytes { stored in
      try back.withUnsafeMutableBufferPointer { try QuantizeElements.dequantize(stored, parameters, as: .u8, into: $0) }
    }
    // Half a step of rounding and, at an end, half a step of the zero point's rounding; 4 roundings of values below 2³ at 2⁻²⁴.
    for (value, other) in zip(values, back) { #expect(abs(value - other) <= parameters.scale * 1.0001 + 4 * 8 * 0x1p-24) }
  }

  @Test func channelsHaveScalesOfTheirOwn() throws {
    let values: [Float] = [1, -2, 0.5, 100, 0, -127, 0, 0, 0]
    var codes = [Int8](repeating: 0, count: 9)
    func quantize(_ axis: Int?) throws -> AffineQuantization {
      try codes.withUnsafeMutableBytes { codes in
        try values.withUnsafeBufferPointer { try QuantizeChannels.quantize($0, shape: [3, 3], axis: axis, into: codes) }
      }
    }
    let rows = try quantize(0)
    #expect(codes == [64, -127, 32, 100, 0, -127, 0, 0, 0] && rows.axis == 0)
    #expect(rows.scales == [Float(2.0 / 127), 1, 1] && rows.zeroPoints == [0, 0, 0])
    let columns = try quantize(1)
    #expect(codes == [1, -127, 0, 127, 0, -127, 0, 0, 0] && columns.scales == [Float(100.0 / 127), Float(2.0 / 127), 1])
    #expect(try quantize(nil).scales == [1])
    #expect(codes == [1, -2, 0, 100, 0, -127, 0, 0, 0])
    #expect(status { try quantize(2) } == .invalidArgument)
  }
}
