import Compression
import Tensors

/// 8-bit codes on the caller's memory; `dtype` as in netsuke.h: NSK_U8 or NSK_S8.
package enum QuantizeTensor {
  private static func codes(_ dtype: Int32) throws -> QuantizeElements.Codes {
    switch UInt8(exactly: dtype).flatMap(DType.init(rawValue:)) {
    case .u8: return .u8
    case .s8: return .s8
    default: throw Failure(.invalidArgument, "codes must be NSK_U8 (2) or NSK_S8 (3), not \(dtype)")
    }
  }

  /// The quantization of [low, high], widened to hold 0.
  package static func parameters(low: Float, high: Float, dtype: Int32, symmetric: Bool) throws -> (scale: Float, zeroPoint: Int32) {
    let codes = try codes(dtype)
    let unsigned = try AffineParameters.unsigned8(low: low, high: high)
    guard symmetric else {
      if case .s8 = codes { return (unsigned.scale, unsigned.zeroPoint - 128) }
      return (unsigned.scale, unsigned.zeroPoint)
    }
    let scale = try AffineParameters.symmetric8(magnitude: max(low.magnitude, high.magnitude)).scale
    if case .s8 = codes { return (scale, 0) }
    return (scale, 128)
  }

  /// saturate(round-half-even(x / scale) + zeroPoint), one byte for each element.
  package static func quantize(
    _ x: UnsafeBufferPointer<Float>, scale: Float, zeroPoint: Int32, dtype: Int32, into q: UnsafeMutableRawBufferPointer
  ) throws {
    let codes = try codes(dtype)
    guard !x.contains(where: \.isNaN) else { throw Failure(.notFinite, "an element is NaN") }
    try QuantizeElements.quantize(x, AffineParameters(scale: scale, zeroPoint: zeroPoint), as: codes, into: q)
  }

  /// scale · (q − zeroPoint).
  package static func dequantize(
    _ q: UnsafeRawBufferPointer, scale: Float, zeroPoint: Int32, dtype: Int32, into x: UnsafeMutableBufferPointer<Float>
  ) throws {
    try QuantizeElements.dequantize(q, AffineParameters(scale: scale, zeroPoint: zeroPoint), as: try codes(dtype), into: x)
  }

  /// Symmetric s8 codes of [channels][count], with one scale for each channel.
  package static func perChannel(
    _ weights: UnsafeBufferPointer<Float>, channels: Int, into q: UnsafeMutableRawBufferPointer, scales: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard channels > 0 else { throw Failure(.invalidArgument, "there are no channels") }
    let quantization = try QuantizeChannels.quantize(weights, shape: [channels, weights.count / channels], axis: 0, into: q)
    for (index, scale) in quantization.scales.enumerated() where scales.indices.contains(index) { scales[index] = scale }
  }
}
