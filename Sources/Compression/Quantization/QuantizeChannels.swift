import Tensors

/// Symmetric s8 codes (−127…127) of a weight, with one scale for each slice along an axis or one for all.
package enum QuantizeChannels {
  /// Quantizes the row-major `source` of `shape` into `codes`, one byte an element; nil `axis`: one scale for all.
  ///
  /// Each scale is the slice's largest magnitude / 127 (Jacob et al. 2018; per channel as Krishnamoorthi 2018), or as much larger as
  /// `pairs` need, so zeros stay zeros and the error of an element is at most half its scale, or one and a half where it had to give way
  /// to its partner.
  /// - pairs: which weights are not to pass 16 bits together, along which axis the output channels lie; nil: each weight is for itself.
  /// - Throws: `notFinite`, `invalidArgument`, `shapeMismatch`.
  package static func quantize(
    _ source: UnsafeBufferPointer<Float>, shape: [Int], axis: Int?, pairs: (of: WeightPairs, along: Int)? = nil,
    into codes: UnsafeMutableRawBufferPointer
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
    let outputs = pairs.map { OutputChannels(shape, axis: $0.along) }
    if let pairs, let outputs {
      for output in 0..<outputs.count {
        let scale = pairs.of.scale { source[outputs.position($0, of: output)] }
        let slice = outputs.position(0, of: output) / stride % channels
        magnitudes[slice] = max(magnitudes[slice], Float(scale * 127))
      }
    }
    let parameters = try magnitudes.map { try AffineParameters.symmetric8(magnitude: $0) }
    for index in 0..<total {
      let code = (source[index] / parameters[index / stride % channels].scale).rounded(.toNearestOrEven)
      codes[index] = UInt8(truncatingIfNeeded: Int32(min(max(code, -127), 127)))
    }
    if let pairs, let outputs {
      func code(_ position: Int) -> Int32 { Int32(Int8(bitPattern: codes[position])) }
      for output in 0..<outputs.count {
        for index in 0..<outputs.width {
          let position = outputs.position(index, of: output)
          let limited = pairs.of.limited(code(position), at: index) { code(outputs.position($0, of: output)) }
          codes[position] = UInt8(truncatingIfNeeded: limited)
        }
      }
    }
    return try AffineQuantization(
      scales: parameters.map(\.scale), zeroPoints: parameters.map(\.zeroPoint), axis: channels == 1 && axis == nil ? nil : axis)
  }
}

/// Where the weights of an output channel lie in a row-major weight.
private struct OutputChannels {
  let count: Int
  /// Weights of one channel.
  let width: Int
  private let stride: Int

  init(_ shape: [Int], axis: Int) {
    count = shape[axis]
    stride = shape[(axis + 1)...].reduce(1, *)
    width = shape[..<axis].reduce(1, *) * stride
  }

  func position(_ index: Int, of output: Int) -> Int { (index / stride * count + output) * stride + index % stride }
}
