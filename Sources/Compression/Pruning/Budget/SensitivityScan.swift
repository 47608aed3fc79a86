import Graph
import Tensors

/// How much the network's outputs suffer when one group alone loses channels.
struct SensitivityScan {
  /// Shares at which it is measured.
  private static let levels = [0.15, 0.3, 0.45, 0.6, 0.8]
  /// Samples on which it is measured.
  private static let judgedSamples = 24

  /// A curve for each entry of the plan that is not pinned: channels chosen by the step's criterion, their readers refitted as the step says,
  /// on samples other than those that judge.
  static func curves(_ plan: ChannelPlan, _ cutter: ChannelCutter) throws -> [AllocateZeros.Curve?] {
    let step = cutter.step, samples = try step.calibration()
    let (fitted, judging) = OutputDamage.divide(samples.count, judges: judgedSamples)
    let damage = try OutputDamage(cutter.graph, samples: judging, step)
    let targets = try OriginalTargets(cutter.graph, step, among: fitted, mixing: min(1, Int(step.options.number("mixing"))))
    let dependencies = plan.dependencies
    let scores = cutter.criterion.judgesContributions ? [] : try cutter.scores(dependencies)
    let needsReaders = cutter.criterion.judgesContributions || cutter.refit.mode != .none
    return try plan.entries.enumerated().map { index, entry in
      guard !entry.isPinned else { return nil }
      try step.progress("sensitivity", index, of: plan.entries.count)
      let group = dependencies.groups[entry.group], selection = plan.selection(group)
      let readers = needsReaders ? try GroupReaders(group, in: cutter.graph, targets) : nil
      var curve = AllocateZeros.Curve(elements: group.count, points: [])
      for level in levels {
        let count = selection.count(level)
        let removed: [Int]
        if let readers, cutter.criterion.judgesContributions {
          removed = try cutter.judge(readers, index: entry.group, count: count, dependencies, selection)
        } else {
          removed = selection.remove(count, scores: scores[entry.group])
        }
        let share = Double(removed.count) / Double(max(group.count, 1))
        guard share > (curve.points.last?.share ?? 0) else { continue }
        var graph = try dependencies.cut([entry.group: removed])
        try readers?.refit(cutter.refit, without: removed, in: &graph)
        curve.points.append((share, try damage.measure(graph)))
      }
      return curve.points.isEmpty ? nil : curve
    }
  }
}
