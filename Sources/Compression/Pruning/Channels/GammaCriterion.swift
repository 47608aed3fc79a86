import Graph
import Tensors

/// `gamma`: the scale of the batch normalization behind a channel (Liu et al. 2017, "network slimming").
///
/// Only normalizations that are still apart have one: those that could be folded into a convolution are part of its weights, whose norm
/// (`l2`) then has γ/σ in it.
struct GammaCriterion: ChannelCriterion {
  let name = "gamma"

  func scores(_ context: ChannelContext) throws -> [[Double]] {
    let scales = Set(context.graph.nodes.filter { $0.op == .batchNormalization }.compactMap { $0.input(1) })
    guard !scales.isEmpty else {
      throw Failure(
        .recipe,
        "\(context.step.path).criterion: \"gamma\" needs batch normalization, and this network has none apart: it was folded into the "
          + "convolutions before it; use \"l2\"")
    }
    // Groups without one are ordered by their filters.
    let norms = try WeightNormCriterion(name: "l2", power: 2).scores(context)
    return try context.groups.enumerated().map { index, group in
      var scores = [Double](repeating: 0, count: group.count)
      var found = false
      for member in group.members where scales.contains(member.value) && member.axis == 0 {
        let gammas = try context.graph.norms(member.value, axis: 0, power: 1)
        found = true
        for (position, channel) in zip(member.positions, member.channels) { scores[channel] += gammas[position] }
      }
      return found ? scores : norms[index]
    }
  }
}
