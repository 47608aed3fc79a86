#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Shares channels out between groups so that a network comes to cost no more than a target and suffers least: NetAdapt's loop (Yang et al.
/// 2018) on measured damages, which are taken to add up.
package struct AllocateChannels {
  /// For each entry the damage done by losing some shares; nil: it keeps what it has.
  package let curves: [AllocateZeros.Curve?]
  package let costs: ChannelCosts
  /// The largest share that an entry may lose.
  package static let maximumShare = 0.9
  /// Shares are multiples of this.
  private static let step = 1.0 / 64
  /// Each round takes at least this part of the whole cost away.
  private static let reduction = 1.0 / 200

  package init(curves: [AllocateZeros.Curve?], costs: ChannelCosts) {
    self.curves = curves
    self.costs = costs
  }

  /// The shares at which `target` is met; nil where even the largest shares cost more.
  ///
  /// In each round every entry proposes the smallest cut that takes the round's part of the cost away, and the cut that does least damage for
  /// what it saves is made.
  /// - start: what each entry loses at least.
  package func shares(from start: [Double], target: Double) -> [Double]? {
    var shares = start
    var cost = costs.total(shares)
    let wanted = cost * Self.reduction
    while cost > target {
      var best: (entry: Int, share: Double, cost: Double, price: Double)?
      for (entry, curve) in curves.enumerated() {
        guard let curve else { continue }
        var trial = shares
        var proposal: (share: Double, cost: Double)?
        while trial[entry] + Self.step <= Self.maximumShare {
          trial[entry] += Self.step
          proposal = (trial[entry], costs.total(trial))
          if let proposal, cost - proposal.cost >= min(wanted, cost - target) { break }
        }
        guard let proposal, proposal.cost < cost else { continue }
        let damage = Self.damage(curve, proposal.share) - Self.damage(curve, shares[entry])
        let price = max(damage, 0) / (cost - proposal.cost)
        if best.map({ price < $0.price }) ?? true { best = (entry, proposal.share, proposal.cost, price) }
      }
      guard let best else { return nil }
      shares[best.entry] = best.share
      cost = best.cost
    }
    return shares
  }

  private static func damage(_ curve: AllocateZeros.Curve, _ share: Double) -> Double { share <= 0 ? 0 : exp(curve.logDamage(share)) }

  /// The smallest share, the same for every entry that may lose channels, at which `target` is met; nil where none does.
  package func uniform(from start: [Double], target: Double) -> [Double]? {
    func all(_ share: Double) -> [Double] { zip(start, curves).map { $1 == nil ? $0 : max($0, share) } }
    guard costs.total(all(Self.maximumShare)) <= target else { return nil }
    var (low, high) = (0.0, Self.maximumShare)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if costs.total(all(middle)) <= target { high = middle } else { low = middle }
    }
    return all(high)
  }
}
