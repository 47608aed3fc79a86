import Graph
import Tensors

/// `prune.channels`: removes whole channels, and with them the filters that make them and the weights that read them.
package struct PruneChannels: CompressionMethod {
  package init() {}

  package let name = "prune.channels"
  package let summary = "Removes whole channels and everything that belongs to them: smaller layers, faster without sparse kernels."
  package let options = [
    OptionSchema("ratio", .number(0...1, below: true), default: 0.5, "the share of the channels of each group that goes, rounded down"),
    OptionSchema("ratios", .shares, default: .object([]), "shares for single layers in place of \"ratio\": {\"pattern\": share, …}"),
    OptionSchema("criterion", .choice(ChannelCriteria.names), default: "l2", "what says which channels matter least"),
    OptionSchema("min_channels", .count(1...65536), default: 1, "at least this many channels of a group stay"),
    OptionSchema("round_to", .count(1...1024), default: 1, "the number that stays is a multiple of this, where the group allows it"),
    OptionSchema("seed", .count(0...1_000_000_000), default: 0, "for \"random\""),
  ]

  package func needsCalibration(_ options: Options) -> Bool {
    (try? ChannelCriteria.criterion(named: options.string("criterion")))?.needsCalibration ?? false
  }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let criterion = try ChannelCriteria.criterion(named: step.options.string("criterion"))
    let plan = try ChannelPlan(graph, step)
    if criterion.isSequential {
      try cutInTurn(&graph, plan, criterion, step)
    } else {
      try step.progress("scoring channels", 0, of: 1)
      let dependencies = plan.dependencies
      let scores = try criterion.scores(ChannelContext(dependencies: dependencies, original: graph, step: step))
      var removed: [Int: [Int]] = [:]
      for entry in plan.entries {
        try step.progress("choosing channels", entry.group, of: dependencies.groups.count)
        removed[entry.group] = plan.selection(dependencies.groups[entry.group]).remove(entry.count, scores: scores[entry.group])
      }
      graph = try dependencies.cut(removed)
    }
    plan.note(step.ledger)
  }

  /// One group after the other, each on the network that the cuts before it left.
  private func cutInTurn(_ graph: inout Graph, _ plan: ChannelPlan, _ criterion: any ChannelCriterion, _ step: StepContext) throws {
    let original = graph
    for (index, entry) in plan.entries.enumerated() {
      try step.progress("choosing channels", index, of: plan.entries.count)
      let dependencies = index == 0 ? plan.dependencies : try ChannelDependencies(graph)
      // The groups keep their order and their names: cutting one changes no other.
      guard let group = dependencies.groups.firstIndex(where: { $0.name == entry.name }) else { continue }
      let choice = try criterion.choose(
        entry.count, group: group, ChannelContext(dependencies: dependencies, original: original, step: step))
      graph = try dependencies.cut([group: choice.removed])
      try choice.refit?(&graph)
    }
  }
}
