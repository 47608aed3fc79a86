import Graph
import Tensors

/// `apoz`: channels that are zero most often go (Hu et al. 2016, "network trimming"): the score is the share of a channel's values that are
/// not zero where layers read it. Channels that are zero equally often, such as those of functions that hardly ever give zero, are ordered
/// by their mean magnitude.
struct ApozCriterion: ChannelCriterion {
  let name = "apoz"
  let needsCalibration = true

  func scores(_ context: ChannelContext) throws -> [[Double]] {
    let layers = try Layer.all(in: context.graph)
    let statistics = try ChannelStatistics(context, reading: layers.compactMap { context.graph.nodes[$0.node].input(0) })
    return context.groups.indices.map { group in
      let means = statistics.magnitudes[group]
      let largest = max(means.max() ?? 0, .leastNormalMagnitude)
      // Less than one value's share of the others.
      let weight = 1 / (1 + Double(statistics.counts[group]))
      return zip(statistics.shares[group], means).map { $0 + weight * $1 / largest }
    }
  }
}

/// What the channels of groups carry over the calibration samples, at chosen values.
struct ChannelStatistics {
  /// For each group and channel the share of elements that are not zero, and the mean magnitude; means over the values that have the channel.
  private(set) var shares: [[Double]]
  private(set) var magnitudes: [[Double]]
  /// For each group the elements of one channel that were seen, at least.
  private(set) var counts: [Int]

  init(_ context: ChannelContext, reading values: [ValueID]) throws {
    let samples = try context.step.calibration(), groups = context.groups, graph = context.graph
    let wanted = Set(values)
    var observing: [ValueID] = []
    var parts: [(group: Int, member: PruningGroup.Member, place: Int)] = []
    for (index, group) in groups.enumerated() {
      for member in group.members where wanted.contains(member.value) && graph[member.value].constant == nil {
        let place = observing.firstIndex(of: member.value) ?? observing.count
        if place == observing.count { observing.append(member.value) }
        parts.append((index, member, place))
      }
    }
    shares = groups.map { [Double](repeating: 0, count: $0.count) }
    magnitudes = shares
    counts = [Int](repeating: 0, count: groups.count)
    var seen = shares
    let runner = GraphRunner(graph, observing: observing, evaluator: context.step.evaluator)
    for index in 0..<samples.count {
      try context.step.progress("scoring channels", index, of: samples.count)
      let observed = try runner.run(samples.sample(index)).observed
      for part in parts {
        let tensor = observed[part.place], axis = part.member.axis
        guard tensor.dtype == .f32, tensor.shape.indices.contains(axis), tensor.shape[axis] == part.member.extent else { continue }
        let inner = tensor.shape[(axis + 1)...].reduce(1, *), outer = tensor.shape[..<axis].reduce(1, *)
        let elements = tensor.elements(as: Float.self)
        for row in 0..<outer {
          for (position, channel) in zip(part.member.positions, part.member.channels) {
            let first = (row * part.member.extent + position) * inner
            var (nonzero, sum) = (0, 0.0)
            for value in elements[first..<first + inner] {
              if value != 0 { nonzero += 1 }
              sum += Double(value.magnitude)
            }
            guard sum.isFinite else {
              throw Failure(.notFinite, "the value '\(graph[part.member.value].name)' is NaN or infinite on calibration sample \(index)")
            }
            shares[part.group][channel] += Double(nonzero)
            magnitudes[part.group][channel] += sum
            seen[part.group][channel] += Double(inner)
          }
        }
      }
    }
    for group in groups.indices {
      counts[group] = Int(seen[group].min() ?? 0)
      for channel in shares[group].indices where seen[group][channel] > 0 {
        shares[group][channel] /= seen[group][channel]
        magnitudes[group][channel] /= seen[group][channel]
      }
    }
  }
}
