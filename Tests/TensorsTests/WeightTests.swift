import Tensors
import Testing

@Test func bitmapOfAffineCodesDecodes() throws {
  let codes = try Tensor(.s8, [3], [Int8](arrayLiteral: 2, -3, 5))
  let bits = try Tensor(.u8, [1], [UInt8(0b10_0101)])
  let quantization = try AffineQuantization(scales: [0.5, 2], zeroPoints: [0, 1], axis: 0)
  let weight = try Weight(shape: [2, 3], elements: .affine(codes: codes, quantization), arrangement: .bitmap(bits))
  #expect(try weight.decoded().floats() == [1, 0, -1.5, 0, 0, 8])
}
