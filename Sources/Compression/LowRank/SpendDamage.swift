#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Levels of several things, each with a cost and a harm: what costs least in all for no more harm than a limit, harms adding up.
package struct SpendDamage {
  /// By thing and level.
  private let costs: [[Double]]
  private let harms: [[Double]]

  /// - costs, harms: by thing and level, finite; of every thing the first level is harmless.
  package init(costs: [[Double]], harms: [[Double]]) {
    self.costs = costs
    self.harms = harms
  }

  package func cost(_ levels: [Int]) -> Double { zip(costs, levels).reduce(0) { $0 + $1.0[$1.1] } }
  package func harm(_ levels: [Int]) -> Double { zip(harms, levels).reduce(0) { $0 + $1.0[$1.1] } }

  /// By a price of harm that is the same for all things (Lagrange; Everett 1963): nothing with as little harm costs less.
  package func levels(harm limit: Double) -> [Int] {
    let cheapest = levels(logPrice: -.infinity)
    if harm(cheapest) <= limit { return cheapest }
    var (low, high) = (-60.0, 60.0), best = costs.map { _ in 0 }
    for _ in 0..<100 {
      let middle = (low + high) / 2, levels = levels(logPrice: middle)
      if harm(levels) <= limit { (high, best) = (middle, levels) } else { low = middle }
    }
    return best
  }

  /// What is cheapest where harm costs e^price times what everything costs; of equals the first.
  private func levels(logPrice: Double) -> [Int] {
    let price = exp(logPrice) * costs.reduce(0) { $0 + ($1.first ?? 0) }
    return zip(costs, harms).map { costs, harms in
      var best = 0
      for level in costs.indices where costs[level] + price * harms[level] < costs[best] + price * harms[best] { best = level }
      return best
    }
  }
}
