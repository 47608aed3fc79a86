import Graph
import Tensors

/// `prune.channels`: removes whole channels, and with them the filters that make them and the weights that read them.
package struct PruneChannels: CompressionMethod {
  package init() {}

  package let name = "prune.channels"
  package let summary = "Removes whole channels and everything that belongs to them: smaller layers, faster without sparse kernels."
  package let options =
    [
      OptionSchema("ratio", .number(0...1, below: true), default: 0.5, "the share of the channels of each group that goes, rounded down"),
      OptionSchema("ratios", .shares, default: .object([]), "shares for single layers in place of \"ratio\": {\"pattern\": share, …}"),
      OptionSchema(
        "remove", .indices, default: .null,
        "exactly these channels of these pruning groups go, and no others, in place of \"ratio\" and criterion: {\"group\": [channel, …], …}"
      ),
      OptionSchema("criterion", .choice(ChannelCriteria.names), default: "l2", "what says which channels matter least"),
      OptionSchema(
        "refit", .choice(ChannelRefit.Mode.allCases.map(\.rawValue)), default: "weights",
        "what of the layers behind a cut is corrected so that they make again what they made: nothing, the biases, the outputs' mean and "
          + "variance, one factor for each channel they read, or all weights, by least squares; nothing without samples"),
      OptionSchema(
        "damping", .number(0...100), default: 0,
        "how strongly refitted weights are drawn to those before: a share of the mean square of the layer's inputs; 0: as strongly as "
          + "suits a third of the samples when the others are fitted"),
      MixedSamples.option, VarianceRestoration.option(default: 1),
      OptionSchema("min_channels", .count(1...65536), default: 1, "at least this many channels of a group stay"),
      OptionSchema("round_to", .count(1...1024), default: 1, "the number that stays is a multiple of this, where the group allows it"),
      OptionSchema("seed", .count(0...1_000_000_000), default: 0, "for \"random\""),
    ] + ChannelBudget.options

  package func needsCalibration(_ options: Options) -> Bool {
    ChannelBudget.needsCalibration(options)
      || (try? ChannelCriteria.criterion(named: options.string("criterion")))?.needsCalibration ?? false
  }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let budget = try ChannelBudget(step), cutter = try ChannelCutter(graph, step)
    let plan = try budget.plan(ChannelPlan(graph, step), cutter)
    let original = graph
    graph = try cutter.cut(plan)
    try budget.check(graph, against: original, step)
    plan.note(step.ledger)
  }
}
