#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension StreamingHistogram {
  /// The range cut where the distribution of codes says most about that of the values: least Kullback–Leibler divergence, as TensorRT chooses
  /// it (Migacz 2017, "8-bit inference with TensorRT"), over 2048 bins of magnitudes. Exact zeros take no part, zero being a code.
  ///
  /// Values of both signs share the levels, 128 for each; values of one sign have 256.
  func entropyRange() -> (low: Float, high: Float) {
    let magnitudes = magnitudeBins()
    guard let last = magnitudes.lastIndex(where: { $0 > 0 }), width > 0 else { return (min(low, 0), max(high, 0)) }
    let levels = low < 0 && high > 0 ? 128 : 256
    var best = (kept: last + 1, divergence: Double.infinity)
    // Steps of 1/128 of the range: finer ones move the end by less than half a code.
    let step = max((last + 1) / 128, 1)
    for kept in stride(from: last + 1, through: min(levels, last + 1), by: -step) {
      let divergence = StreamingHistogram.divergence(magnitudes, kept: kept, levels: levels)
      if divergence < best.divergence { best = (kept, divergence) }
    }
    let end = Float(Double(best.kept) * binOfMagnitude)
    return (max(min(low, 0), -end), min(max(high, 0), end))
  }

  private static let magnitudeCount = 2048
  private var binOfMagnitude: Double { width * Double(StreamingHistogram.bins / 2 / StreamingHistogram.magnitudeCount) }

  /// How many values have a magnitude in each bin.
  private func magnitudeBins() -> [Double] {
    let half = StreamingHistogram.bins / 2, merged = half / StreamingHistogram.magnitudeCount
    var bins = [Double](repeating: 0, count: StreamingHistogram.magnitudeCount)
    for (index, count) in counts.enumerated() where count > 0 {
      let magnitude = index >= half ? index - half : half - 1 - index
      bins[magnitude / merged] += Double(count)
    }
    return bins
  }

  /// Of the distribution with its tail put into the last bin that is kept, from what `levels` codes make of it.
  private static func divergence(_ bins: [Double], kept: Int, levels: Int) -> Double {
    var reference = Array(bins[..<kept])
    let tail = bins[kept...].reduce(0, +)
    // The codes know nothing of the tail, so what is cut off costs.
    var made = [Double](repeating: 0, count: kept)
    for level in 0..<levels {
      let (first, end) = (level * kept / levels, (level + 1) * kept / levels)
      guard first < end else { continue }
      let filled = Double(reference[first..<end].count { $0 > 0 })
      guard filled > 0 else { continue }
      let mean = reference[first..<end].reduce(0, +) / filled
      for bin in first..<end where reference[bin] > 0 { made[bin] = mean }
    }
    reference[kept - 1] += tail
    let (total, other) = (reference.reduce(0, +), made.reduce(0, +))
    guard total > 0, other > 0 else { return .infinity }
    var sum = 0.0
    for bin in 0..<kept where reference[bin] > 0 {
      let p = reference[bin] / total
      // A bin that the codes never make is as unlikely as one value in the whole.
      sum += p * log(p / (made[bin] > 0 ? made[bin] / other : 1 / (total + 1)))
    }
    return sum
  }
}
