import Tensors

/// How the range of an activation is chosen from what it carried.
package enum Calibrator: Sendable, Equatable {
  /// The exact ends.
  case minmax
  /// The ends of each sample, averaged with weights that fall by the histogram's momentum from one sample to the one before.
  case ema
  /// Cuts off (100 − percentile) % of the values at each end.
  case percentile(Double)
  /// The ends that make the mean squared error of u8 codes smallest over the histogram.
  case mse
  /// The ends with which codes say most about the values: least Kullback–Leibler divergence.
  case entropy

  /// The range to quantize; it holds zero, and (0, 0) means that there was nothing but zero.
  /// - Throws: `invalidArgument` for a percentile outside 50…100.
  package func range(of histogram: StreamingHistogram) throws -> (low: Float, high: Float) {
    let low = min(histogram.low, 0), high = max(histogram.high, 0)
    guard histogram.total > 0, low < high else { return (0, 0) }
    switch self {
    case .minmax: return (low, high)
    case .percentile(let percentile):
      guard percentile >= 50, percentile <= 100 else {
        throw Failure(.invalidArgument, "a percentile must be from 50 to 100, not \(percentile)")
      }
      let cut = 1 - percentile / 100
      let bottom = min(histogram.quantile(cut), 0), top = max(histogram.quantile(1 - cut), 0)
      // A tensor that is almost all zeros has quantiles of zero: its ends are all that is known then.
      return bottom < top ? (bottom, top) : (low, high)
    case .ema:
      let (bottom, top) = (min(histogram.averageLow, 0), max(histogram.averageHigh, 0))
      return bottom < top ? (bottom, top) : (low, high)
    case .mse: return histogram.leastSquaresRange()
    case .entropy: return histogram.entropyRange()
    }
  }

  /// The u8 parameters for what the histogram saw.
  package func parameters(of histogram: StreamingHistogram) throws -> AffineParameters {
    let (low, high) = try range(of: histogram)
    return try AffineParameters.unsigned8(low: low, high: high)
  }
}

extension StreamingHistogram {
  /// A value that `share` of all values do not exceed: within one bin width of the exact quantile, and never outside the ends.
  package func quantile(_ share: Double) -> Float {
    guard total > 0 else { return 0 }
    // The rank-th smallest value, counted from 1.
    let rank = min(max(Int((share * Double(total)).rounded(.up)), 1), total)
    if rank == total { return high }
    var seen = 0
    for (index, count) in counts.enumerated() {
      // Exact zeros lie below everything else in the bin that begins at zero.
      if index == counts.count / 2 {
        seen += zeros
        if seen >= rank { return 0 }
      }
      seen += count
      if seen >= rank { return min(max(Float(edge(index) + width / 2), low), high) }
    }
    return high
  }
}
