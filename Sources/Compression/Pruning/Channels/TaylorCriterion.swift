import Graph
import Tensors

/// Gradients of a loss, for criteria that need them: what a training engine supplies.
package protocol GradientSource {
  /// ∂L/∂v for each of `values` of `graph` on calibration sample `index`, shaped like the values.
  func gradients(of values: [ValueID], in graph: Graph, sample index: Int) throws -> [Tensor]
}

/// `taylor`: channels whose removal changes the loss least to first order go: |mean over positions of ∂L/∂z·z|, averaged over samples and
/// divided by the 2-norm of the group's scores (Molchanov et al. 2017).
struct TaylorCriterion: ChannelCriterion {
  let name = "taylor"
  let needsCalibration = true

  func scores(_ context: ChannelContext) throws -> [[Double]] {
    guard let source = context.step.gradients else {
      throw Failure(
        .recipe,
        "\(context.step.path).criterion: \"taylor\" needs gradients of a loss, and nothing here supplies them; use \"lasso\" or \"thinet\", "
          + "which need samples only")
    }
    let samples = try context.step.calibration(), graph = context.graph
    // Where the channels are made: a value of several producers is counted at each of them.
    var observing: [ValueID] = []
    var parts: [(group: Int, member: PruningGroup.Member, place: Int)] = []
    for (index, group) in context.groups.enumerated() {
      for producer in group.producers {
        guard let output = graph.nodes[producer].outputs.first else { continue }
        for member in group.members where member.value == output {
          parts.append((index, member, observing.count))
          observing.append(output)
        }
      }
    }
    let runner = GraphRunner(graph, observing: observing, evaluator: context.step.evaluator)
    var scores = context.groups.map { [Double](repeating: 0, count: $0.count) }
    for index in 0..<samples.count {
      try context.step.progress("scoring channels", index, of: samples.count)
      let values = try runner.run(samples.sample(index)).observed
      let gradients = try source.gradients(of: observing, in: graph, sample: index)
      guard gradients.count == values.count else {
        throw Failure(.invalidArgument, "\(gradients.count) gradients were supplied for \(values.count) values")
      }
      for part in parts { try TaylorCriterion.add(values[part.place], gradients[part.place], part.member, to: &scores[part.group], graph) }
    }
    return scores.map { list in
      let norm = list.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return norm > 0 ? list.map { $0 / norm } : list
    }
  }

  private static func add(
    _ value: Tensor, _ gradient: Tensor, _ member: PruningGroup.Member, to scores: inout [Double], _ graph: Graph
  ) throws {
    let name = graph[member.value].name, axis = member.axis
    guard value.dtype == .f32, gradient.dtype == .f32, value.shape == gradient.shape, value.shape.indices.contains(axis),
      value.shape[axis] == member.extent
    else {
      throw Failure(.shapeMismatch, "the gradient of '\(name)' has the shape \(gradient.shape) instead of \(value.shape)")
    }
    let inner = value.shape[(axis + 1)...].reduce(1, *), outer = value.shape[..<axis].reduce(1, *)
    let (z, g) = (value.elements(as: Float.self), gradient.elements(as: Float.self))
    for row in 0..<outer {
      for (position, channel) in zip(member.positions, member.channels) {
        let first = (row * member.extent + position) * inner
        var sum = 0.0
        for index in first..<first + inner { sum += Double(z[index]) * Double(g[index]) }
        guard sum.isFinite else { throw Failure(.notFinite, "'\(name)' or its gradient is NaN or infinite on a calibration sample") }
        scores[channel] += (sum / Double(max(inner, 1))).magnitude
      }
    }
  }
}
