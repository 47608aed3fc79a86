import Tensors

/// Codes from floats and back on plain buffers, as ONNX QuantizeLinear and DequantizeLinear define them.
package enum QuantizeElements {
  /// The code type of a buffer and the codes it may use.
  package enum Codes: Sendable {
    case u8
    /// −128…127, as ONNX.
    case s8
    /// −127…127: symmetric, as weights are kept.
    case s8Symmetric

    var range: ClosedRange<Float> {
      switch self {
      case .u8: 0...255
      case .s8: -128...127
      case .s8Symmetric: -127...127
      }
    }
  }

  /// q = saturate(round-half-even(x / scale) + zeroPoint), one byte for each element.
  /// - Throws: `notFinite` for NaN (infinities saturate), `invalidArgument` for lengths or parameters that cannot be.
  package static func quantize(
    _ source: UnsafeBufferPointer<Float>, _ parameters: AffineParameters, as codes: Codes, into target: UnsafeMutableRawBufferPointer
  ) throws {
    guard source.count == target.count else {
      throw Failure(.invalidArgument, "\(source.count) values do not fit \(target.count) codes")
    }
    try check(parameters, codes)
    let zeroPoint = Float(parameters.zeroPoint)
    let low = codes.range.lowerBound, high = codes.range.upperBound
    for index in 0..<source.count {
      let value = source[index]
      guard !value.isNaN else { throw Failure(.notFinite, "element \(index) is NaN") }
      // |zeroPoint| ≤ 255, so the sum is exact wherever it does not saturate.
      let code = min(max((value / parameters.scale).rounded(.toNearestOrEven) + zeroPoint, low), high)
      target[index] = UInt8(truncatingIfNeeded: Int32(code))
    }
  }

  /// x = scale · (q − zeroPoint).
  /// - Throws: `invalidArgument` for lengths or parameters that cannot be.
  package static func dequantize(
    _ source: UnsafeRawBufferPointer, _ parameters: AffineParameters, as codes: Codes, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard source.count == target.count else {
      throw Failure(.invalidArgument, "\(source.count) codes do not fit \(target.count) values")
    }
    try check(parameters, codes)
    for index in 0..<source.count {
      let code: Int32 = if case .u8 = codes { Int32(source[index]) } else { Int32(Int8(bitPattern: source[index])) }
      target[index] = parameters.scale * Float(code - parameters.zeroPoint)
    }
  }

  static func check(_ parameters: AffineParameters, _ codes: Codes) throws {
    guard parameters.scale.isFinite, parameters.scale > 0 else {
      throw Failure(.invalidArgument, "a quantization scale must be finite and above zero, not \(parameters.scale)")
    }
    guard codes.range.contains(Float(parameters.zeroPoint)) else {
      throw Failure(.invalidArgument, "the zero point \(parameters.zeroPoint) is outside the codes \(codes.range)")
    }
  }
}
