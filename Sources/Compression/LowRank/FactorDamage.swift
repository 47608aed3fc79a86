#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Graph
import Tensors

/// Ranks for which the outputs of the whole network stay near the original's, whatever its depth: each layer's harm to the outputs is
/// measured, the ranks are chosen that cost least while those harms add up to no more than what is asked for, and the network that comes of
/// them is measured again.
///
/// A layer's harm is taken as proportional to the energy that it loses: small errors pass on linearly, and their squares count. Factors are
/// fitted to some of the samples meanwhile, and others judge them.
struct FactorDamage {
  let original: Graph
  let entries: [RankEntry]
  let step: StepContext
  let costs: RankCosts
  /// Fits to the samples that do not judge.
  private let sites: FactorSites
  /// Positions of the samples that judge.
  private let judging: [Int]

  /// Samples that judge, at most; the energy at which a layer's harm is measured; and how often a choice is made and measured.
  private static let judges = 24, probed = 0.98, rounds = 6

  /// - sites: those of the step; what they fit to becomes fewer samples.
  init(_ original: Graph, entries: [RankEntry], sites: FactorSites, costs: RankCosts) throws {
    (self.original, self.entries, self.costs, step) = (original, entries, costs, sites.step)
    let (fitted, judging) = OutputDamage.divide(try step.calibration().count, judges: Self.judges)
    self.judging = judging
    let targets = sites.targets == nil ? nil : try OriginalTargets(original, step, among: fitted, holding: false)
    self.sites = FactorSites(
      step: step, method: sites.method, geometries: sites.geometries, multiply: sites.multiply, targets: targets)
  }

  /// What a changed network's outputs keep on some of the samples; nil without samples.
  static func decibels(of graph: Graph, instead original: Graph, _ step: StepContext) throws -> Double? {
    guard let count = step.samples?.count, count > 0 else { return nil }
    let chosen = (0..<min(count, 8)).map { $0 * count / min(count, 8) }
    return decibels(try OutputDamage(original, samples: chosen, step).measure(graph))
  }

  private static func decibels(_ damage: Double) -> Double { min(-10 * log10(max(damage, 1e-30)), Report.noNoise) }

  /// Each layer's harm for each unit of energy that it loses, from what it does to the outputs alone.
  func sensitivities() throws -> [Double] {
    let damage = try OutputDamage(original, samples: judging, step)
    return try entries.enumerated().map { index, entry in
      try step.progress("sensitivity", index, of: entries.count)
      guard let probe = entry.able.first(where: { $0.energy >= Self.probed }) ?? entry.able.last else { return 0 }
      try damage.settle(before: entry.layer.node)
      var changed = original
      try sites.replace([entry], by: [probe], in: &changed)
      return try damage.measure(changed) / max(1 - probe.energy, 1e-9)
    }
  }

  /// - decibels: what the outputs keep at least: −10·log₁₀ of their damage (see `OutputDamage`).
  /// - faster: leaves what is faster of a choice, measured.
  /// - Returns: the choice, and the decibels it leaves; nothing factorized where nothing leaves as many.
  func choose(
    decibels: Double, faster: ([FactorCandidate?]) throws -> [FactorCandidate?]
  ) throws -> (chosen: [FactorCandidate?], decibels: Double) {
    let limit = pow(10, -decibels / 10)
    let sensitivities = try sensitivities()
    var levels: [[FactorCandidate?]] = entries.map { [nil] + $0.able }
    func choice(_ aim: Double) -> (chosen: [FactorCandidate?], cost: Double) {
      let spend = SpendDamage(
        costs: levels.enumerated().map { index, levels in levels.map { costs.cost(index, $0) } },
        harms: levels.enumerated().map { index, levels in levels.map { $0.map { sensitivities[index] * (1 - $0.energy) } ?? 0 } })
      let found = spend.levels(harm: aim)
      return (zip(levels, found).map { $0[$1] }, spend.cost(found))
    }
    // What does not pay leaves its share of the harm to others.
    let wished = choice(limit).chosen, paying = try faster(wished)
    for index in entries.indices where wished[index] != nil && paying[index] == nil { levels[index] = [nil] }
    let nothing = entries.map { _ in FactorCandidate?.none }
    var best = (chosen: nothing, damage: 0.0, cost: choice(0).cost)
    // Aims known to keep within the limit, and not to.
    var (aim, good, bad) = (limit, 0.0, Double.infinity), seen: [[[Int]?]] = []
    for _ in 0..<Self.rounds {
      let (chosen, cost) = choice(aim), ranks = chosen.map { $0?.ranks }
      guard chosen.contains(where: { $0 != nil }), !seen.contains(ranks) else { break }
      seen.append(ranks)
      var changed = original
      try sites.replace(entries, by: chosen, in: &changed)
      let damage = try OutputDamage(original, samples: judging, step).measure(changed)
      if damage <= limit {
        good = max(good, aim)
        if cost < best.cost { best = (chosen, damage, cost) }
        if damage > 0.8 * limit { break }
      } else {
        bad = min(bad, aim)
      }
      let next = aim * min(max(0.9 * limit / max(damage, limit * 1e-3), 0.02), 8)
      aim = next > good && next < bad ? next : bad.isFinite ? (good > 0 ? (good * bad).squareRoot() : bad / 4) : next
    }
    return (best.chosen, Self.decibels(best.damage))
  }
}
