extension StreamingHistogram {
  /// The range whose u8 codes have the least mean squared error over the histogram, found by shrinking first the upper and then
  /// the lower end in steps of 1/64 of it. Every bin stands for its middle; exact zeros cost nothing, zero being a code.
  func leastSquaresRange() -> (low: Float, high: Float) {
    let filled = counts.indices.filter { counts[$0] > 0 }
    let values = filled.map { (middle: edge($0) + width / 2, count: Double(counts[$0])) }
    func error(_ low: Double, _ high: Double) -> Double {
      guard let parameters = try? AffineParameters.unsigned8(low: Float(low), high: Float(high)) else { return .infinity }
      let scale = Double(parameters.scale), zero = Double(parameters.zeroPoint)
      var sum = 0.0
      for (middle, count) in values {
        let code = min(max((middle / scale).rounded(.toNearestOrEven) + zero, 0), 255)
        let difference = middle - (code - zero) * scale
        sum += count * difference * difference
      }
      return sum
    }
    var best = (low: Double(min(low, 0)), high: Double(max(high, 0)))
    var least = error(best.low, best.high)
    for lower in [false, true] {
      let (start, end) = best
      guard (lower ? start : end) != 0 else { continue }
      for step in 1..<56 {
        let share = 1 - Double(step) / 64
        let candidate = lower ? (low: start * share, high: end) : (low: start, high: end * share)
        let sum = error(candidate.low, candidate.high)
        if sum < least { (least, best) = (sum, candidate) }
      }
    }
    return (Float(best.low), Float(best.high))
  }
}
