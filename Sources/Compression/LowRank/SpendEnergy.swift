#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Ranks with which a network costs no more than a target.
struct SpendEnergy {
  let entries: [RankEntry]
  let costs: RankCosts

  /// Keeps the product of the layers' energies as large as it can be (Zhang et al. 2016, section 3.4): from the whole layers down, the
  /// step that loses least energy for what it saves, (ΔE/E)/ΔC, is taken until the target is met.
  /// - Returns: nil where even the smallest ranks cost more.
  func greedy(_ target: Double) -> [FactorCandidate?]? {
    var chosen = [FactorCandidate?](repeating: nil, count: entries.count)
    // How many candidates are left, from the smallest on.
    var open = entries.map(\.able.count)
    var total = costs.total(chosen)
    var next = entries.indices.map { step($0, from: nil, open[$0]) }
    while total > target {
      var best: (entry: Int, price: Double)?
      for (index, step) in next.enumerated() {
        if let step, best.map({ step.price < $0.price }) ?? true { best = (index, step.price) }
      }
      guard let best, let taken = next[best.entry] else { return nil }
      chosen[best.entry] = entries[best.entry].able[taken.position]
      total -= taken.saved
      open[best.entry] = taken.position
      next[best.entry] = step(best.entry, from: chosen[best.entry], taken.position)
    }
    return chosen
  }

  /// The candidate below the present one that loses least for what it saves.
  private func step(_ index: Int, from present: FactorCandidate?, _ open: Int) -> (position: Int, price: Double, saved: Double)? {
    let energy = log(max(present?.energy ?? 1, 1e-300)), cost = costs.cost(index, present)
    var best: (position: Int, price: Double, saved: Double)?
    for position in (0..<open).reversed() {
      let candidate = entries[index].able[position]
      let saved = cost - costs.cost(index, candidate)
      guard saved > 0 else { continue }
      let price = max(energy - log(max(candidate.energy, 1e-300)), 0) / saved
      if best.map({ price < $0.price }) ?? true { best = (position, price, saved) }
    }
    return best
  }

  /// The same share of energy for every layer; nil where even the smallest ranks cost more.
  func uniform(_ target: Double) -> [FactorCandidate?]? {
    func all(_ energy: Double) -> [FactorCandidate?] {
      entries.map { entry in entry.able.first { $0.energy >= energy } }
    }
    guard costs.total(all(0)) <= target else { return nil }
    if costs.total(all(2)) <= target { return all(2) }
    // On the scale of what is lost: most layers lose little for most of their cost.
    var (low, high) = (-40.0, 0.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if costs.total(all(1 - exp(middle))) <= target { high = middle } else { low = middle }
    }
    return all(1 - exp(high))
  }
}
