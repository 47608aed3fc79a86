import Graph
import Tensors

/// What all factorizations have in common: ranks are chosen for the selected layers, those that do not pay are refused, and the others are
/// replaced, in the network's order, by chains of layers.
package struct FactorizeLayers {
  package let step: StepContext
  package let method: String
  private let choice: RankChoice
  private let multiply: MatrixProducts
  private let usesSamples: Bool

  /// - usesSamples: whether `FactorSite.targets` is wanted where there are samples.
  /// - usualEnergy: what is kept where the step asks for nothing.
  package init(_ step: StepContext, method: String, usesSamples: Bool = true, usualEnergy: Double = RankChoice.usualEnergy) throws {
    self.step = step
    self.method = method
    choice = try RankChoice(step, usualEnergy: usualEnergy)
    multiply = MatrixProducts(step.evaluator)
    self.usesSamples = usesSamples && (step.samples?.count ?? 0) > 0
  }

  /// - make: the candidates of a layer; nil for a layer that the method is not for.
  /// - Throws: `recipe` where the method is for none of the layers, or no ranks meet a target.
  package func apply(to graph: inout Graph, _ make: (FactorSite) throws -> (any Factorization)?) throws {
    let original = graph
    let targets = usesSamples ? try OriginalTargets(original, step, holding: false) : nil
    let sample = try step.samples.flatMap { $0.count > 0 ? try $0.sample(0) : nil } ?? SyntheticSample.make(for: graph)
    let geometries = try FactorGeometry.all(step.layers, in: graph, sample: sample)
    let sites = FactorSites(step: step, method: method, geometries: geometries, multiply: multiply, targets: targets)

    var entries: [RankEntry] = []
    var others: [String] = []
    for (index, layer) in step.layers.enumerated() {
      try step.progress("\(method): \(layer.name)", index, of: step.layers.count)
      guard try isFree(layer, in: original) else { continue }
      if let factorization = try make(sites.site(layer, in: original)), !factorization.candidates.isEmpty {
        let bytes = original[layer.weight].constant?.storedByteCount ?? 0
        entries.append(RankEntry(layer, factorization, geometries[layer.name] ?? FactorGeometry(), bytes: bytes))
      } else {
        others.append(layer.name)
      }
    }
    if !others.isEmpty {
      step.ledger.note(
        "\(step.path): left as they are, \(method) not being for layers of their form: \(others.prefix(8).joined(separator: ", "))"
          + (others.count > 8 ? " and \(others.count - 8) others" : ""))
    }
    guard !entries.isEmpty || others.count < step.layers.count else {
      throw Failure(.recipe, "\(step.path): none of the selected layers has a form that \(method) factorizes")
    }
    let trial = sample.map { FactorTrial(graph: original, entries: entries, step: step, sample: $0) }
    var chosen = try candidates(entries, sites, original, trial)
    if !choice.keepsAll {
      let wished = chosen.count { $0 != nil }
      if let trial { chosen = try trial.settled(chosen, method: method) }
      let left = wished - chosen.count { $0 != nil }
      if case .target(let unit, _) = choice.wish, left > 0 {
        step.ledger.note(
          "\(step.path).\(unit.rawValue): \(left) layers that were to be factorized for it stay as they are, their factors not being faster; "
            + "\"keep\": \"always\" would keep them")
      }
      if trial == nil { step.ledger.note("\(step.path): no times were taken: the input shapes are not known without samples") }
    }
    for (layer, chain) in try sites.replace(entries, by: chosen, in: &graph) { step.ledger.factorize(layer, into: chain) }
    if case .noise = choice.wish { return }
    if let decibels = try FactorDamage.decibels(of: graph, instead: original, step), decibels < Self.quiet {
      step.ledger.note(
        "\(step.path): the network's outputs keep \((decibels * 10).rounded() / 10) dB only: what layers lose adds up; \"least_snr\" bounds it"
      )
    }
  }

  /// Below this many decibels of the outputs a note says so.
  private static let quiet = 10.0

  /// Whether the layer's weight is its own and f32; what is not is refused, and weights that are quantized are an error.
  private func isFree(_ layer: Layer, in graph: Graph) throws -> Bool {
    guard graph[layer.weight].constant?.quantization == nil else {
      throw Failure(
        .recipe, "\(step.path): the weights of '\(layer.name)' are quantized already; factorize before quantizing", node: layer.name)
    }
    let readers = graph.nodes.filter { $0.inputs.contains(layer.weight) }
    guard readers.count > 1 else { return true }
    let others = readers.map(\.name).filter { $0 != layer.name }.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    step.ledger.refuse(
      Report.Refusal(
        layer: layer.name, what: method, reason: "its weight is \(others)'s as well", milliseconds: Report.Change(before: nil, after: nil)))
    return false
  }

  // MARK: Ranks

  private func candidates(
    _ entries: [RankEntry], _ sites: FactorSites, _ graph: Graph, _ trial: FactorTrial?
  ) throws -> [FactorCandidate?] {
    switch choice.wish {
    case .rank(let rank): return entries.map { affordable(RankChoice.ranked($0.factorization.candidates, rank: rank), $0) }
    case .energy(let energy):
      return entries.map { entry in
        if let able = entry.able.first(where: { $0.energy >= energy - 1e-12 }) { return able }
        let best = RankChoice.smallest(entry.factorization.candidates, energy: energy)
        guard let best, best.energy < energy - 1e-9 else { return affordable(best, entry) }
        step.ledger.refuse(entry.refusal(method, best, "keeps an energy of \(best.energy) only, instead of \(energy)"))
        return nil
      }
    case .target(let unit, let target): return try meet(unit, target, entries, graph, trial)
    case .noise(let decibels): return try spare(decibels, entries, sites, graph, trial)
    }
  }

  /// nil, and a refusal, for a candidate that does not compute less than the layer.
  private func affordable(_ candidate: FactorCandidate?, _ entry: RankEntry) -> FactorCandidate? {
    guard let candidate, !choice.keepsAll else { return candidate }
    let macs = entry.macs(candidate)
    guard macs >= entry.macs else { return candidate }
    let even = entry.factorization.candidates.last { entry.macs($0) < entry.macs }
    step.ledger.refuse(
      entry.refusal(
        method, candidate,
        "at or above break-even: \(macs) multiply-accumulates instead of \(entry.macs)"
          + (even.map { "; rank \($0.rankText) would be below" } ?? "; no rank is below")))
    return nil
  }

  private func meet(
    _ unit: RankChoice.Unit, _ target: Double, _ entries: [RankEntry], _ graph: Graph, _ trial: FactorTrial?
  ) throws -> [FactorCandidate?] {
    let costs: RankCosts
    switch unit {
    case .macs: costs = try .macs(entries, graph, step, sample: trial?.sample)
    case .bytes: costs = try .bytes(entries, graph)
    case .milliseconds:
      guard let trial else { throw Failure(.recipe, "\(step.path).target_ms: the model's input shapes are not known; pass samples") }
      costs = try RankLatency.costs(entries, trial)
    }
    let spend = SpendEnergy(entries: entries, costs: costs)
    let whole = costs.total(entries.map { _ in nil })
    let limit = target <= 1 ? target * whole : target
    func choose(_ aim: Double) -> [FactorCandidate?]? { choice.isGlobal ? spend.greedy(aim) : spend.uniform(aim) }
    guard var best = choose(limit * (1 + 1e-12)) else {
      let least = costs.total(entries.map { $0.able.first })
      func text(_ cost: Double) -> String { Int(exactly: cost.rounded()).flatMap { unit == .milliseconds ? nil : "\($0)" } ?? "\(cost)" }
      throw Failure(
        .recipe,
        "\(step.path).\(unit.rawValue): \(text(limit)) cannot be met by factorizing the selected layers: the smallest ranks leave about "
          + "\(text(least)) of \(text(whole))")
    }
    guard unit == .milliseconds, let trial else { return best }
    // Times do not quite add up: what came of it corrects what is aimed at.
    var aim = limit, leastExcess = Double.infinity, trying: [FactorCandidate?]? = best
    for _ in 0..<4 {
      guard let row = trying, let measured = try trial.measure([entries.map { _ in nil }, row]) else { break }
      let (before, after) = (MeasureTimes.median(measured[0].totals), MeasureTimes.median(measured[1].totals))
      let excess = after / max((target <= 1 ? target * before : target) * 1.02, .leastNormalMagnitude)
      if excess < leastExcess { (best, leastExcess) = (row, excess) }
      if excess <= 1 { break }
      aim *= 0.99 / excess
      trying = choose(aim)
    }
    if leastExcess > 1, leastExcess.isFinite {
      step.ledger.note(
        "\(step.path).target_ms: missed by \(((leastExcess - 1) * 1000).rounded() / 10) %: times do not quite add up; ask for less")
    }
    return best
  }

  /// What costs least of what leaves the network's outputs a signal-to-noise ratio.
  private func spare(
    _ decibels: Double, _ entries: [RankEntry], _ sites: FactorSites, _ graph: Graph, _ trial: FactorTrial?
  ) throws -> [FactorCandidate?] {
    let costs = try trial.flatMap { try RankLatency.table(entries, $0) } ?? .macs(entries, graph, step, sample: trial?.sample)
    let damage = try FactorDamage(graph, entries: entries, sites: sites, costs: costs)
    let (chosen, found) = try damage.choose(decibels: decibels) { try choice.keepsAll ? $0 : trial?.settled($0, method: method) ?? $0 }
    let count = chosen.count { $0 != nil }
    step.ledger.note(
      count == 0
        ? "\(step.path).least_snr: no factors leave the outputs \(decibels) dB and cost less; all layers stay as they are"
        : "\(step.path).least_snr: the factors of \(count) of \(entries.count) layers leave the outputs "
          + "\((found * 10).rounded() / 10) dB on samples that they were not fitted to")
    return chosen
  }
}
