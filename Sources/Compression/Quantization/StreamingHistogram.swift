import Tensors

/// What a value carried over all calibration samples, in one pass and constant memory: exact ends and a histogram that doubles
/// its range when a value falls outside.
///
/// Bins are [i·w, (i+1)·w) for i in −4096…4095 and w a power of two, so doubling merges pairs of bins exactly and the counts
/// do not depend on the order of the samples. Every quantile is within one bin width of the exact one.
package struct StreamingHistogram: Sendable {
  package static let bins = 8192
  private static let half = bins / 2

  /// The smallest and the largest value seen; 0 and 0 before any.
  package private(set) var low: Float = 0
  package private(set) var high: Float = 0
  /// Values seen, and those of them that were exactly zero (which are not in `counts`).
  package private(set) var total = 0
  package private(set) var zeros = 0
  /// Width of a bin; 0 before the first value other than zero.
  package private(set) var width: Double = 0
  package private(set) var counts: [Int] = []

  /// For `averageLow` and `averageHigh`: sums of the ends of each buffer, weighted by powers of one momentum.
  private var averages: (low: Double, high: Double, weight: Double) = (0, 0, 0)
  private let momentum: Double

  /// - momentum: for the averages of ends.
  package init(momentum: Double = 0.9) { self.momentum = momentum }

  /// The average of the smallest values of each buffer added, later ones counting more.
  var averageLow: Float { averages.weight > 0 ? Float(averages.low / averages.weight) : 0 }
  var averageHigh: Float { averages.weight > 0 ? Float(averages.high / averages.weight) : 0 }

  /// Adds a buffer of values.
  /// - Throws: `notFinite` for NaN or infinity; nothing is added then.
  package mutating func add(_ values: UnsafeBufferPointer<Float>) throws {
    guard !values.isEmpty else { return }
    var low = values[0], high = values[0]
    // x·0 is 0 for every finite x and NaN for the others, which then sticks.
    var probe: Float = 0
    for value in values {
      low = min(low, value)
      high = max(high, value)
      probe += value * 0
    }
    guard probe == 0 else { throw Failure(.notFinite, "a calibration value is NaN or infinite") }
    self.low = total == 0 ? low : min(self.low, low)
    self.high = total == 0 ? high : max(self.high, high)
    averages.low = averages.low * momentum + Double(low)
    averages.high = averages.high * momentum + Double(high)
    averages.weight = averages.weight * momentum + 1
    total += values.count
    reach(max(low.magnitude, high.magnitude))
    guard width > 0 else {
      zeros += values.count
      return
    }
    // A power of two: the product is exact unless it underflows, and then the value belongs to bin 0 or −1 all the same.
    let scale = Float(1 / width)
    var zeros = 0
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values {
        if value == 0 {
          zeros += 1
        } else {
          counts[min(Int((value * scale).rounded(.down)) + Self.half, Self.bins - 1)] += 1
        }
      }
    }
    self.zeros += zeros
  }

  /// Makes the bins reach `magnitude`.
  private mutating func reach(_ magnitude: Float) {
    guard magnitude > 0 else { return }
    if width == 0 {
      // 2^exponent ≤ magnitude < 2^(exponent+1); held where 1/width is a normal Float.
      let exponent = max(Int(magnitude.exponent), -100)
      width = Double(sign: .plus, exponent: exponent + 1, significand: 1) / Double(Self.half)
      counts = [Int](repeating: 0, count: Self.bins)
    }
    while Double(magnitude) >= width * Double(Self.half) {
      var merged = [Int](repeating: 0, count: Self.bins)
      for (index, count) in counts.enumerated() where count > 0 { merged[((index - Self.half) >> 1) + Self.half] += count }
      counts = merged
      width *= 2
    }
  }

  /// The lower end of bin `index`.
  func edge(_ index: Int) -> Double { Double(index - Self.half) * width }
}
