import Tensors

/// Finds scale and zero point for weights that share them: those whose nearest levels have the least weighted squared error. Ends are drawn
/// in step by step, so that a few large weights do not make the levels of all others coarse.
package struct ScaleSearch {
  let codes: WeightCodes

  package struct Choice {
    package let scale: Float
    /// The code that stands for zero.
    package let zeroPoint: Int32
    /// Σ weight · (level · scale − w)².
    package let error: Float
  }

  package init(_ codes: WeightCodes) { self.codes = codes }

  /// For weights that are all zero.
  private var nothing: Choice { Choice(scale: 1, zeroPoint: 0, error: 0) }

  /// Shares of the ends that are tried for symmetric codes, and for each end of affine ones: the fewer the bits, the more a clipped
  /// weight is outweighed by finer levels for the rest.
  private var shares: [Float] {
    let (count, ratio): (Int, Float) =
      switch (codes.isSymmetric, codes.bits) {
      case (true, 8): (12, 0.97)
      case (true, 5...): (30, 0.97)
      case (true, _): (44, 0.96)
      case (false, 5...): (8, 0.94)
      case (false, _): (12, 0.9)
      }
    var shares: [Float] = [1]
    while shares.count < count { shares.append(shares[shares.count - 1] * ratio) }
    return shares
  }

  /// The best choices for one or more rows of weights, the best one first.
  ///
  /// - weights: of one column each; nil: all alike.
  package func choices(_ values: [UnsafeBufferPointer<Float>], weights: [Float]?, count: Int) -> [Choice] {
    var (low, high): (Float, Float) = (0, 0)
    for row in values {
      for value in row {
        low = min(low, value)
        high = max(high, value)
      }
    }
    guard low < high, low.isFinite, high.isFinite else { return [nothing] }
    var found: [Choice] = []
    let range = codes.range
    func add(_ scale: Float, _ zeroPoint: Int32) {
      let usable = max(scale, .leastNormalMagnitude * 4)
      guard usable.isFinite else { return }
      let least = Float(range.lowerBound - zeroPoint), greatest = Float(range.upperBound - zeroPoint)
      found.append(
        Choice(
          scale: usable, zeroPoint: zeroPoint,
          error: values.reduce(0) { $0 + ScaleSearch.error($1, weights, usable, least, greatest) }))
    }
    if codes.isSymmetric {
      let whole = max(high / Float(range.upperBound), low / Float(range.lowerBound))
      for share in shares { add(whole * share, 0) }
    } else {
      let top = Float(range.upperBound)
      for below in low < 0 ? shares : [0] {
        for above in high > 0 ? shares : [0] {
          // Either end by itself: their distance may be beyond what a Float holds.
          let scale = high / top * above - low / top * below
          guard scale > 0 else { continue }
          let zeroPoint = (-low * below / scale).rounded(.toNearestOrEven)
          add(scale, Int32(min(max(zeroPoint, 0), top)))
        }
      }
    }
    guard !found.isEmpty else { return [nothing] }
    found.sort { $0.error < $1.error }
    return Array(found.prefix(max(count, 1)))
  }

  private static func error(
    _ values: UnsafeBufferPointer<Float>, _ weights: [Float]?, _ scale: Float, _ least: Float, _ greatest: Float
  ) -> Float {
    let inverse = 1 / scale
    guard inverse.isFinite else { return .infinity }
    var sum: Float = 0
    if let weights, weights.count == values.count {
      weights.withUnsafeBufferPointer { weights in
        for index in values.indices {
          let level = min(max((values[index] * inverse).rounded(.toNearestOrEven), least), greatest)
          let difference = values[index] - level * scale
          sum += weights[index] * difference * difference
        }
      }
    } else {
      for value in values {
        let difference = value - min(max((value * inverse).rounded(.toNearestOrEven), least), greatest) * scale
        sum += difference * difference
      }
    }
    return sum.isNaN ? .infinity : sum
  }
}
