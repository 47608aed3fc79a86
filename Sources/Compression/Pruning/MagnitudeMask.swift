import Tensors

/// Which elements of a buffer stay when the smallest are removed: the tensor functions behind `prune.magnitude`.
package enum MagnitudeMask {
  /// How many of `count` elements a share of zeros means: rounded to nearest, halves up.
  /// - Throws: `invalidArgument` unless 0 ≤ sparsity < 1.
  package static func zeroCount(of count: Int, sparsity: Double) throws -> Int {
    guard sparsity >= 0, sparsity < 1 else {
      throw Failure(.invalidArgument, "sparsity must be at least 0 and below 1, not \(sparsity)")
    }
    return min(count, Int((Double(count) * sparsity).rounded(.toNearestOrAwayFromZero)))
  }

  /// Writes 0 into `mask` for the `zeros` elements smallest in magnitude and 1 for the others.
  ///
  /// Of equal magnitudes the ones that come first are removed, so the result is the same everywhere.
  /// - Throws: `invalidArgument` for lengths that do not agree, `notFinite` for NaN or infinity.
  package static func fill(_ mask: UnsafeMutableBufferPointer<UInt8>, weights: UnsafeBufferPointer<Float>, zeros: Int) throws {
    try fill([mask], scores: [Scores(weights)], zeros: zeros)
  }

  /// As `fill(_:weights:zeros:)`, with the score |w|·‖x‖ in place of |w| (Sun et al. 2024, "Wanda").
  ///
  /// - norms: one for each input channel: the 2-norm of what that channel carried over the calibration samples.
  /// - inner: elements between one input channel and the next (the kernel's area; 1 for a matrix [out, in]).
  package static func fill(
    _ mask: UnsafeMutableBufferPointer<UInt8>, weights: UnsafeBufferPointer<Float>, norms: [Float], inner: Int, zeros: Int
  ) throws {
    try fill([mask], scores: [Scores(weights, norms: norms, inner: inner, outer: 0, groups: 1)], zeros: zeros)
  }

  /// One ranking over several buffers: removes the `zeros` smallest scores of all, ties by position.
  static func fill(_ masks: [UnsafeMutableBufferPointer<UInt8>], scores: [Scores], zeros: Int) throws {
    guard masks.count == scores.count, zip(masks, scores).allSatisfy({ $0.count == $1.weights.count }) else {
      throw Failure(.invalidArgument, "the mask and the weights differ in length")
    }
    let total = scores.reduce(0) { $0 + $1.weights.count }
    guard zeros >= 0, zeros <= total else {
      throw Failure(.invalidArgument, "cannot remove \(zeros) of \(total) elements")
    }
    for score in scores { try score.check() }
    guard zeros > 0 else { return masks.forEach { $0.update(repeating: 1) } }
    var first = SelectSmallest()
    for score in scores { first.count(score) }
    var second = SelectSmallest.Refinement(first.firstHalf(smallest: zeros))
    for score in scores { second.count(score) }
    var (key, equals) = second.threshold
    for (mask, score) in zip(masks, scores) {
      for (index, value) in score.enumerated() {
        let bits = value.bitPattern
        if bits == key, equals > 0 {
          equals -= 1
          mask[index] = 0
        } else {
          mask[index] = bits < key ? 0 : 1
        }
      }
    }
  }
}
