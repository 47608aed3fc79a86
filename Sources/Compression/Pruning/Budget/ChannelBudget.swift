import Graph
import Tensors

/// What a step wants the pruned network to cost, and how many channels go where for it.
struct ChannelBudget {
  enum Unit: String, CaseIterable {
    case macs = "target_macs"
    case bytes = "target_bytes"
    case milliseconds = "target_ms"
  }

  static let options =
    [
      OptionSchema(
        "allocation", .choice(["uniform", "sensitivity"]), default: "uniform",
        "whether every group loses the same share of its channels, or groups that the network's output depends on less lose more; "
          + "needs samples")
    ]
    + zip(Unit.allCases, ["multiply-accumulates of one sample", "bytes of weights", "milliseconds of one sample on this machine"]).map {
      OptionSchema(
        $0.rawValue, .number(0...1e18), default: 0,
        "in place of \"ratio\": at most this many \($1), or, up to 1, this share of what there are; 0: no target")
    }

  /// Nothing where the step has no target and shares channels out evenly.
  private let unit: Unit?
  /// As the step says it.
  private let target: Double
  private let isUniform: Bool

  init(_ step: StepContext) throws {
    isUniform = try step.options.string("allocation") == "uniform"
    let given = try Unit.allCases.map { (unit: $0, target: try step.options.number($0.rawValue)) }.filter { $0.target > 0 }
    guard given.count < 2 else {
      throw Failure(.recipe, "\(step.path): only one of \(given.map(\.unit.rawValue).joined(separator: ", ")) can be met")
    }
    unit = given.first?.unit
    target = given.first?.target ?? 0
  }

  static func needsCalibration(_ options: Options) -> Bool { (try? options.string("allocation")) == "sensitivity" }

  /// The plan that meets the target.
  /// - Throws: `recipe` where no plan does, or the costs are not known.
  func plan(_ plan: ChannelPlan, _ cutter: ChannelCutter) throws -> ChannelPlan {
    guard unit != nil || !isUniform else { return plan }
    let step = cutter.step
    let costs = try costs(plan, step)
    let start = plan.entries.enumerated().map { $1.isPinned ? plan.shares[$0] : 0 }
    let whole = costs.total(plan.entries.map { _ in 0 })
    // Without a target: what the same share everywhere costs.
    let limit = unit == nil ? costs.total(plan.shares) : target <= 1 ? target * whole : target
    let free = AllocateZeros.Curve(elements: 1, points: [])
    let curves = isUniform ? plan.entries.map { $0.isPinned ? nil : free } : try SensitivityScan.curves(plan, cutter)
    let allocate = AllocateChannels(curves: curves, costs: costs)
    var aim = limit
    var best: (plan: ChannelPlan, excess: Double)?
    let scores = unit == .macs || unit == .bytes ? try cutter.trialScores(plan) : []
    // Counts are whole and rounded, channels of a group need not cost alike, and times do not quite add up: what came of it corrects what
    // is aimed at.
    for _ in 0..<(scores.isEmpty ? 4 : 12) {
      guard let shares = isUniform ? allocate.uniform(from: start, target: aim) : allocate.shares(from: start, target: aim) else { break }
      let proposal = plan.with(shares)
      var (cost, wanted) = (costs.total(proposal.shares), limit * (1 + 1e-9))
      if unit == .milliseconds {
        let measured = try LatencyTable.measure(proposal, step)
        (cost, wanted) = (measured.after, (target <= 1 ? target * measured.before : target) * 1.02)
      }
      if !scores.isEmpty { cost = try self.cost(of: cutter.trial(proposal, scores), step) ?? cost }
      let excess = max(cost / max(wanted, .leastNormalMagnitude), 1)
      if best.map({ excess < $0.excess }) ?? true { best = (proposal, excess) }
      if excess == 1 { break }
      aim *= 0.99 / excess
    }
    guard let best else {
      let least = costs.total(plan.entries.map { $0.isPinned ? 0 : AllocateChannels.maximumShare })
      throw Failure(
        .recipe,
        "\(step.path).\(unit?.rawValue ?? "ratio"): \(limit) cannot be met by removing channels of the selected layers: at the most "
          + "\(AllocateChannels.maximumShare) of them go, which leaves about \(least) of \(whole)")
    }
    return best.plan
  }

  /// Tells the report where a target is missed: channels are whole, some go only together, and criteria that judge contributions choose while
  /// they cut.
  func check(_ graph: Graph, against original: Graph, _ step: StepContext) throws {
    guard let unit, unit != .milliseconds, let whole = try cost(of: original, step), let reached = try cost(of: graph, step) else { return }
    let limit = target <= 1 ? target * whole : target
    guard reached > limit * 1.001 else { return }
    step.ledger.note(
      "\(step.path).\(unit.rawValue): \(Int(limit)) was asked for, \(Int(reached)) of \(Int(whole)) are left: channels that go together do not "
        + "allow it with this criterion; ask for less")
  }

  /// What a network costs, not estimated; nil where that is not known.
  private func cost(of graph: Graph, _ step: StepContext) throws -> Double? {
    if unit == .bytes {
      let weights = Set(try Layer.all(in: graph, transformed: true).map(\.weight))
      return Double(weights.reduce(0) { $0 + (graph[$1].constant?.storedByteCount ?? 0) })
    }
    let sample = try step.samples.flatMap { $0.count > 0 ? try $0.sample(0) : nil }
    return LayerCost.inputShapes(graph, sample).flatMap { LayerCost.total(LayerCost.macs(graph, inputShapes: $0)).map(Double.init) }
  }

  private func costs(_ plan: ChannelPlan, _ step: StepContext) throws -> ChannelCosts {
    let graph = plan.dependencies.graph
    switch unit {
    case .milliseconds: return try LatencyTable.costs(plan, step)
    case .bytes:
      return try ChannelCosts(
        plan,
        costs: Dictionary(
          try Layer.all(in: graph, transformed: true).map { ($0.name, Double(graph[$0.weight].constant?.storedByteCount ?? 0)) },
          uniquingKeysWith: max))
    case .macs, nil:
      let sample = try step.samples.flatMap { $0.count > 0 ? try $0.sample(0) : nil }
      guard let shapes = LayerCost.inputShapes(graph, sample) else {
        throw Failure(.recipe, "\(step.path).target_macs: the model's input shapes are not known; pass samples")
      }
      return try ChannelCosts(plan, costs: LayerCost.macs(graph, inputShapes: shapes).mapValues(Double.init))
    }
  }
}
