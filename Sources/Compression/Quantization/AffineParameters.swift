import Tensors

/// The scale and zero point of one quantized tensor or channel: r = scale · (q − zeroPoint).
package struct AffineParameters: Sendable, Equatable {
  package let scale: Float
  package let zeroPoint: Int32

  package init(scale: Float, zeroPoint: Int32) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// The finest u8 codes (0…255) for values between `low` and `high`, with zero exactly representable.
  ///
  /// The range is first widened to contain zero, and the zero point is rounded to an integer (Jacob et al. 2018, section 3);
  /// an empty range gives scale 1. So the ends may be off by half a step.
  /// - Throws: `notFinite` for an end that is NaN or infinite, `invalidArgument` for low > high.
  package static func unsigned8(low: Float, high: Float) throws -> AffineParameters {
    guard low.isFinite, high.isFinite else { throw Failure(.notFinite, "the range \(low)…\(high) is not finite") }
    guard low <= high else { throw Failure(.invalidArgument, "the range \(low)…\(high) is empty") }
    let bottom = Double(min(low, 0)), top = Double(max(high, 0))
    let scale = usable((top - bottom) / 255)
    let zeroPoint = (-bottom / Double(scale)).rounded(.toNearestOrEven)
    return AffineParameters(scale: scale, zeroPoint: Int32(min(max(zeroPoint, 0), 255)))
  }

  /// The finest u8 codes for values between `low` and `high` with the zero point in the middle: 0 where nothing is negative, else 128, the
  /// codes 1…255 standing for equally many values of either sign.
  /// - Throws: as `unsigned8`.
  package static func unsignedSymmetric8(low: Float, high: Float) throws -> AffineParameters {
    guard low < 0 else { return try unsigned8(low: low, high: high) }
    guard low.isFinite, high.isFinite, low <= high else { return try unsigned8(low: low, high: high) }
    return AffineParameters(scale: usable(Double(max(-low, high)) / 127), zeroPoint: 128)
  }

  /// The finest s8 codes in −127…127 for values of at most `magnitude`, with zero point 0.
  /// - Throws: `notFinite` for a magnitude that is NaN or infinite.
  package static func symmetric8(magnitude: Float) throws -> AffineParameters {
    guard magnitude.isFinite else { throw Failure(.notFinite, "the magnitude \(magnitude) is not finite") }
    return AffineParameters(scale: usable(Double(magnitude.magnitude) / 127), zeroPoint: 0)
  }

  /// A scale that division by it and its reciprocal survive: 1 for nothing to tell apart, never subnormal.
  private static func usable(_ scale: Double) -> Float {
    if scale == 0 { return 1 }
    return max(Float(scale), .leastNormalMagnitude * 4)
  }
}
