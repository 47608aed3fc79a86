import Graph
import Tensors

/// `l1`, `l2`: the norm of the filters that make a channel (Li et al. 2017).
///
/// Where several layers make a channel together, each layer's norms are divided by their mean, so that none outweighs the others.
struct WeightNormCriterion: ChannelCriterion {
  let name: String
  /// 1: sums of magnitudes; 2: roots of sums of squares.
  let power: Int

  func scores(_ context: ChannelContext) throws -> [[Double]] {
    try context.groups.map { group in
      var scores = [Double](repeating: 0, count: group.count)
      for node in group.producers {
        guard let weight = context.graph.nodes[node].layerWeight(context.graph) else { continue }
        for member in group.members where member.value == weight.id && member.axis == weight.axis {
          let norms = try context.graph.norms(weight.id, axis: member.axis, power: power)
          let mean = norms.reduce(0, +) / Double(max(norms.count, 1))
          guard mean > 0 else { continue }
          for (position, channel) in zip(member.positions, member.channels) { scores[channel] += norms[position] / mean }
        }
      }
      return scores
    }
  }
}

extension Node {
  /// The weight of a layer and the axis of its output channels; nil where the node is no layer.
  func layerWeight(_ graph: Graph) -> (id: ValueID, axis: Int)? {
    let transB = (try? attributes.int("transB", default: 0)) ?? 0
    let position = op == .gather || op == .matMul && input(1).map { graph[$0].constant == nil } ?? true ? 0 : 1
    guard let id = input(position), let weight = graph[id].constant, !weight.shape.isEmpty else { return nil }
    switch op {
    case .conv: return (id, 0)
    case .gemm: return (id, transB != 0 ? 0 : 1)
    case .matMul: return (id, position == 0 ? max(weight.shape.count - 2, 0) : weight.shape.count - 1)
    default: return (id, weight.shape.count - 1)
    }
  }
}

extension Graph {
  /// For each position along an axis of a constant, the norm of its elements there.
  /// - Throws: `notFinite` naming the constant.
  func norms(_ id: ValueID, axis: Int, power: Int) throws -> [Double] {
    guard let weight = self[id].constant, weight.shape.indices.contains(axis) else { return [] }
    let values = try weight.decoded().floats()
    let (extent, inner) = (weight.shape[axis], weight.shape[(axis + 1)...].reduce(1, *))
    var sums = [Double](repeating: 0, count: extent)
    for (index, value) in values.enumerated() {
      let magnitude = Double(value.magnitude)
      sums[index / inner % extent] += power == 1 ? magnitude : magnitude * magnitude
    }
    guard sums.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "the weight '\(self[id].name)' is NaN or infinite") }
    return power == 1 ? sums : sums.map { $0.squareRoot() }
  }
}
