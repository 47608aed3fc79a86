import Graph
import Tensors

/// Cuts a network by a plan: chooses channels by the step's criterion, removes them, and corrects what stays.
package struct ChannelCutter {
  let graph: Graph
  let step: StepContext
  let criterion: any ChannelCriterion
  let refit: ChannelRefit
  /// Without samples the refit is what the weights alone tell.
  private let foldsConstants: Bool

  package init(_ graph: Graph, _ step: StepContext) throws {
    self.graph = graph
    self.step = step
    criterion = try ChannelCriteria.criterion(named: step.options.string("criterion"))
    let mode = ChannelRefit.Mode(rawValue: try step.options.string("refit")) ?? .none
    let hasSamples = (step.samples?.count ?? 0) > 0
    foldsConstants = mode != .none && !hasSamples
    if foldsConstants { step.ledger.note("layers behind removed channels were not refitted: there are no samples") }
    refit = ChannelRefit(hasSamples ? mode : .none, damping: try step.options.number("damping"), try VarianceRestoration(step.options))
  }

  package func cut(_ plan: ChannelPlan) throws -> Graph {
    var targets = try OriginalTargets(graph, step, mixing: Int(step.options.number("mixing")))
    if criterion.judgesContributions { return try cutInTurn(plan, &targets) }
    let dependencies = plan.dependencies
    let scores = plan.entries.allSatisfy { $0.chosen != nil } ? [] : try scores(dependencies)
    var removed: [Int: [Int]] = [:]
    for entry in plan.entries {
      try step.progress("choosing channels", entry.group, of: dependencies.groups.count)
      let group = dependencies.groups[entry.group]
      let gone = entry.chosen ?? plan.selection(group).remove(entry.count, scores: scores[entry.group])
      removed[entry.group] = gone
      note(gone, of: group)
    }
    let constants = foldsConstants ? try ConstantChannels(removed, dependencies, step) : nil
    var result = try dependencies.cut(removed)
    try targets.note(removed, dependencies)
    try constants?.fold(into: &result, targets)
    var fresh: Set<String> = []
    try refit.sweep(&result, targets, fresh: &fresh, step)
    return result
  }

  /// What the plan leaves, nothing refitted.
  /// - scores: of all channels; see `trialScores`.
  func trial(_ plan: ChannelPlan, _ scores: [[Double]]) throws -> Graph {
    var removed: [Int: [Int]] = [:]
    for entry in plan.entries {
      removed[entry.group] =
        entry.chosen ?? plan.selection(plan.dependencies.groups[entry.group]).remove(entry.count, scores: scores[entry.group])
    }
    return try plan.dependencies.cut(removed)
  }

  /// What channels are chosen by in a trial: the criterion's scores, or filters' norms in the place of contributions, which only the cut tells.
  func trialScores(_ plan: ChannelPlan) throws -> [[Double]] {
    guard criterion.judgesContributions else { return try scores(plan.dependencies) }
    return try WeightNormCriterion(name: "l2", power: 2).scores(ChannelContext(plan.dependencies, step))
  }

  /// Tells the report. A group's channels keep their numbers while others are cut.
  private func note(_ removed: [Int], of group: PruningGroup) {
    guard !removed.isEmpty else { return }
    step.ledger.remove(Report.Removal(step: step.path, group: group.name, channels: group.count, removed: removed))
  }

  /// The scores of all channels of the network as it is; nothing for criteria that judge contributions.
  func scores(_ dependencies: ChannelDependencies) throws -> [[Double]] {
    try step.progress("scoring channels", 0, of: 1)
    return try criterion.scores(ChannelContext(dependencies, step))
  }

  /// The channels of a group that go, by what they contribute.
  func judge(_ readers: GroupReaders, index: Int, count: Int, _ dependencies: ChannelDependencies, _ selection: ChannelSelection) throws
    -> [Int]
  {
    guard let contributions = readers.contributions else {
      step.ledger.note("'\(readers.group.name)': nothing that reads its channels has least squares; the norms of its filters decided")
      let scores = try WeightNormCriterion(name: "l2", power: 2).scores(ChannelContext(dependencies, step))
      return selection.remove(count, scores: scores[index])
    }
    return selection.remove(
      count, scores: criterion.scores(contributions, candidates: readers.group.removable, kept: readers.group.count - count))
  }

  private func firstReader(of entry: ChannelPlan.Entry, _ plan: ChannelPlan) throws -> Int? {
    // Cutting keeps nodes, their names and their order.
    try ChannelReader.all(of: plan.dependencies.groups[entry.group], in: plan.dependencies.graph).map(\.layer.node).min()
  }

  /// One group after the other, each on the network that the cuts before it left.
  private func cutInTurn(_ plan: ChannelPlan, _ targets: inout OriginalTargets) throws -> Graph {
    var result = graph
    // Layers in front of which nothing has changed since they were refitted.
    var fresh: Set<String> = []
    for (index, entry) in plan.entries.enumerated() where entry.count > 0 {
      try step.progress("choosing channels", index, of: plan.entries.count)
      if index > 0, let end = try firstReader(of: entry, plan) {
        try refit.sweep(&result, targets, fresh: &fresh, before: end, step)
        // All that is still to come lies behind what makes the channels of this group and the next ones.
        let makers = plan.entries[index...].flatMap { plan.dependencies.groups[$0.group].producers }
        try targets.settle(before: min(end, makers.min() ?? 0), in: result)
      }
      let dependencies = index == 0 ? plan.dependencies : try ChannelDependencies(result)
      // The groups keep their order and their names: cutting one changes no other.
      guard let place = dependencies.groups.firstIndex(where: { $0.name == entry.name }) else { continue }
      let group = dependencies.groups[place]
      let readers = try GroupReaders(group, in: result, targets)
      let removed = try entry.chosen ?? judge(readers, index: place, count: entry.count, dependencies, plan.selection(group))
      guard !removed.isEmpty else { continue }
      note(removed, of: group)
      result = try dependencies.cut([place: removed])
      try targets.note([place: removed], dependencies)
      let producers = Set(group.producers.map { dependencies.graph.nodes[$0].name })
      // What lies behind the cut sees other inputs now.
      fresh.subtract(try result.layersBehind { producers.contains($0) }.map(\.name))
    }
    try refit.sweep(&result, targets, fresh: &fresh, step)
    return result
  }
}
