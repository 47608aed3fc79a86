import Graph
import Tensors

/// Measured milliseconds of every node at some widths of the network: NetAdapt's look-up table.
struct LatencyTable {
  /// Shares of channels that every group loses in the networks that are measured.
  private static let levels = [0.75, 0.5, 0.25, 0]

  /// The costs of a plan's network in milliseconds.
  /// - Throws: `recipe` where times cannot be measured.
  static func costs(_ plan: ChannelPlan, _ step: StepContext) throws -> ChannelCosts {
    let sample = try sample(plan, step)
    let plans = levels.map { level in plan.with(plan.entries.map { _ in level }) }
    let prepared = try plans.map { try step.evaluator.prepare(try cut($0), observing: [], like: sample) }
    guard let series = try MeasureTimes.interleaved(prepared, sample, step.progress, step.ledger) else {
      throw Failure(.recipe, "\(step.path).target_ms: times cannot be measured here; use target_macs or target_bytes")
    }
    let times = series.map(\.medians.nodes)
    return try ChannelCosts(plan) { name, term in
      var points: [(share: Double, cost: Double)] = []
      for (plan, nodes) in zip(plans, times) {
        guard let time = nodes[name] else { continue }
        let share = term.axes.reduce(1.0) { product, axis in
          guard axis.extent > 0 else { return product }
          return product * (1 - axis.parts.reduce(0) { $0 + Double($1.positions) * plan.shares[$1.entry] } / Double(axis.extent))
        }
        // A node that no group touches has one point; less work never takes longer.
        if let last = points.last, share <= last.share + 1e-9 {
          points[points.count - 1].cost = time
        } else {
          points.append((share, max(time, points.last?.cost ?? 0)))
        }
      }
      return points
    }
  }

  /// Milliseconds of a plan's network, and of the network as it is.
  static func measure(_ plan: ChannelPlan, _ step: StepContext) throws -> (before: Double, after: Double) {
    let sample = try sample(plan, step)
    let graphs = [plan.dependencies.graph, try cut(plan)]
    let prepared = try graphs.map { try step.evaluator.prepare($0, observing: [], like: sample) }
    guard let series = try MeasureTimes.interleaved(prepared, sample, step.progress, step.ledger) else {
      throw Failure(.recipe, "\(step.path).target_ms: times cannot be measured here; use target_macs or target_bytes")
    }
    return (series[0].medians.total, series[1].medians.total)
  }

  private static func sample(_ plan: ChannelPlan, _ step: StepContext) throws -> [Tensor] {
    if let samples = step.samples, samples.count > 0 { return try samples.sample(0) }
    guard let sample = try SyntheticSample.make(for: plan.dependencies.graph) else {
      throw Failure(.recipe, "\(step.path).target_ms: the model's input shapes are not known; pass samples")
    }
    return sample
  }

  /// The network of the plan, whichever channels go: only its shapes matter.
  private static func cut(_ plan: ChannelPlan) throws -> Graph {
    var removed: [Int: [Int]] = [:]
    for entry in plan.entries {
      let group = plan.dependencies.groups[entry.group]
      removed[entry.group] = plan.selection(group).remove(entry.count, scores: [Double](repeating: 0, count: group.count))
    }
    return try plan.dependencies.cut(removed)
  }
}
