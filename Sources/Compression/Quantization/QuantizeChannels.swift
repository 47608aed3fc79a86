import Tensors

/// Symmetric s8 codes (−127…127) of a weight, with one scale for each slice along an axis or one for all.
package enum QuantizeChannels {
  /// Quantizes the row-major `source` of `shape` into `codes`, one byte an element; nil `axis`: one scale for all.
  ///
  /// Each scale is the slice's largest magnitude / 127 (Jacob et al. 2018; per channel as Krishnamoorthi 2018), so zeros stay
  /// zeros and the error of an element is at most half its scale.
  /// - Throws: `notFinite`, `invalidArgument`, `shapeMismatch`.
  package static func quantize(
    _ source: UnsafeBufferPointer<Float>, shape: [Int], axis: Int?, into codes: UnsafeMutableRawBufferPointer
  ) throws -> AffineQuantization {
    let total = try Tensor.checkedByteCount(.u8, shape)
    guard source.count == total, codes.count == total else {
      throw Failure(.shapeMismatch, "\(source.count) values and \(codes.count) codes for the shape \(shape)")
    }
    if let axis, !shape.indices.contains(axis) { throw Failure(.invalidArgument, "there is no axis \(axis) in \(shape)") }
    if let axis, shape[axis] == 0 { throw Failure(.invalidArgument, "the shape \(shape) is empty along axis \(axis)") }
    let stride = axis.map { shape[($0 + 1)...].reduce(1, *) } ?? max(total, 1)
    let channels = axis.map { shape[$0] } ?? 1
    var magnitudes = [Float](repeating: 0, count: channels)
    for index in 0..<total {
      let magnitude = source[index].magnitude
      guard magnitude.isFinite else { throw Failure(.notFinite, "element \(index) is NaN or infinite") }
      let channel = index / stride % channels
      magnitudes[channel] = max(magnitudes[channel], magnitude)
    }
    let parameters = try magnitudes.map { try AffineParameters.symmetric8(magnitude: $0) }
    for index in 0..<total {
      let code = (source[index] / parameters[index / stride % channels].scale).rounded(.toNearestOrEven)
      codes[index] = UInt8(truncatingIfNeeded: Int32(min(max(code, -127), 127)))
    }
    return try AffineQuantization(
      scales: parameters.map(\.scale), zeroPoints: parameters.map(\.zeroPoint), axis: channels == 1 && axis == nil ? nil : axis)
  }
}
