#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The rank of a noisy matrix by empirical variational Bayes matrix factorization, whose global solution is known in closed form but for
/// the noise's variance (Nakajima, Sugiyama, Babacan and Tomioka 2013, theorem 2 and corollary 1).
package enum EmpiricalBayesRank {
  /// - values: all singular values of the matrix, descending.
  /// - noise: the variance of an element's noise where it is known; nil: that with the least free energy.
  /// - Returns: how many of the values are signal; 0 where all may be noise.
  package static func rank(_ values: [Double], rows: Int, columns: Int, noise: Double? = nil) -> Int {
    guard let first = values.first, first > 0, first.isFinite, values.count == min(rows, columns) else { return 0 }
    let (l, m) = (Double(min(rows, columns)), Double(max(rows, columns))), alpha = l / m
    let tau = 2.5129 * alpha.squareRoot(), limit = (1 + tau) * (1 + alpha / tau)
    // In units of the first; values that rounding leaves of zeros count as noise of its size.
    let squares = values.map { max(($0 / first) * ($0 / first), 1e-14) }
    let variance = noise.map { $0 / first / first } ?? self.variance(squares, l: l, m: m, alpha: alpha, limit: limit)
    return values.count { ($0 / first) * ($0 / first) > m * variance * limit }
  }

  private static func variance(_ squares: [Double], l: Double, m: Double, alpha: Double, limit: Double) -> Double {
    // At most this many values can be signal.
    let most = min(max(Int((l / (1 + alpha)).rounded(.up)) - 1, 0), squares.count - 1)
    let tail = squares[most...]
    let upper = squares.reduce(0, +) / (l * m)
    let lower = min(max(tail[most] / (m * limit), tail.reduce(0, +) / Double(tail.count) / m), upper)
    guard lower < upper else { return upper }
    // The free energy has several minima: a grid over the logarithm first, golden section about its best point then.
    let (low, high) = (log(lower), log(upper)), points = 96
    func energy(_ x: Double) -> Double { freeEnergy(exp(x), squares, m: m, alpha: alpha, limit: limit) }
    let step = (high - low) / Double(points)
    var best = (at: low, energy: energy(low))
    for point in 1...points {
      let at = low + step * Double(point), found = energy(at)
      if found < best.energy { best = (at, found) }
    }
    var (a, b) = (max(best.at - step, low), min(best.at + step, high))
    let golden = (5.0.squareRoot() - 1) / 2
    for _ in 0..<40 {
      let (x, y) = (b - golden * (b - a), a + golden * (b - a))
      if energy(x) < energy(y) { b = y } else { a = x }
    }
    return exp((a + b) / 2)
  }

  private static func freeEnergy(_ variance: Double, _ squares: [Double], m: Double, alpha: Double, limit: Double) -> Double {
    squares.reduce(0) { sum, square in
      let x = square / (m * variance)
      guard x > limit else { return sum + x - log(x) }
      let rest = x - (1 + alpha), tau = (rest + max(rest * rest - 4 * alpha, 0).squareRoot()) / 2
      return sum + x - tau + log((tau + 1) / x) + alpha * log(tau / alpha + 1)
    }
  }
}
