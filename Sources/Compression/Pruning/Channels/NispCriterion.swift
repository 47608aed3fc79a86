import Graph
import Tensors

/// `nisp`: importance of the final responses, propagated back through the network's weights (Yu et al. 2018): a channel's importance is the sum
/// over the outputs that read it of |w| × the output's importance.
///
/// The final responses, what the last layers read, are ranked by infinite feature selection (Roffo et al. 2015) over the samples.
struct NispCriterion: ChannelCriterion {
  let name = "nisp"
  let needsCalibration = true

  func scores(_ context: ChannelContext) throws -> [[Double]] {
    let graph = context.graph
    let layers = try Layer.all(in: graph)
    let byNode = Dictionary(layers.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    // Importance by value, along its channel axis, found through the channels' identities.
    var places: [ValueID: [(group: Int, member: PruningGroup.Member)]] = [:]
    for (index, group) in context.groups.enumerated() {
      for member in group.members { places[member.value, default: []].append((index, member)) }
    }
    var importance: [ValueID: [Int: [Double]]] = [:]
    func add(_ value: ValueID, _ group: Int, _ part: [Double]) {
      let before = importance[value]?[group] ?? [Double](repeating: 0, count: part.count)
      importance[value, default: [:]][group] = zip(before, part).map { $0 + $1 }
    }
    for layer in layers where layer.roles.contains(.last) {
      let input = try graph.nodes[layer.node].requiredInput(0)
      for (group, member) in places[input] ?? [] {
        let ranks = try FinalResponses.rank(input, member, channels: context.groups[group].count, context)
        add(input, group, ranks)
      }
    }
    for (index, node) in graph.nodes.enumerated().reversed() {
      if let layer = byNode[index], layer.roles.contains(.last) { continue }
      let made = node.outputs.compactMap { importance[$0] }.reduce(into: [Int: [Double]]()) { all, part in
        for (group, list) in part { all[group] = all[group].map { zip($0, list).map { $0 + $1 } } ?? list }
      }
      guard !made.isEmpty else { continue }
      if let layer = byNode[index] {
        try propagate(made, through: layer, context, places, add)
        continue
      }
      // What passes on or joins channels leaves each its importance.
      for case let input? in node.inputs where graph[input].constant == nil {
        let groups = Set((places[input] ?? []).map(\.group))
        for group in groups { if let list = made[group] { add(input, group, list) } }
      }
    }
    return context.groups.enumerated().map { index, group in
      var scores = [Double](repeating: 0, count: group.count)
      for producer in group.producers {
        guard let output = graph.nodes[producer].outputs.first, let list = importance[output]?[index] else { continue }
        scores = zip(scores, list).map { max($0, $1) }
      }
      let largest = scores.max() ?? 0
      return largest > 0 ? scores.map { $0 / largest } : scores
    }
  }

  /// |W|ᵀ·s, from the importance of a layer's outputs to that of its inputs.
  private func propagate(
    _ made: [Int: [Double]], through layer: Layer, _ context: ChannelContext,
    _ places: [ValueID: [(group: Int, member: PruningGroup.Member)]], _ add: (ValueID, Int, [Double]) -> Void
  ) throws {
    let graph = context.graph
    let node = graph.nodes[layer.node]
    guard let output = node.outputs.first else { return }
    let matrix = LayerMatrix(layer, try graph.decodedWeight(layer))
    var rows = [Double](repeating: 0, count: matrix.rows)
    let channelAxis = layer.op == .conv ? 1 : nil
    for (group, member) in places[output] ?? [] where channelAxis == nil || member.axis == channelAxis {
      guard let list = made[group], member.extent == rows.count else { continue }
      for (position, channel) in zip(member.positions, member.channels) { rows[position] += list[channel] }
    }
    let inputs = layer.shape[layer.inputAxis], taps = max(matrix.width / max(inputs, 1), 1)
    var columns = [Double](repeating: 0, count: inputs * matrix.groups)
    for row in 0..<matrix.rows where rows[row] != 0 {
      let first = row / matrix.rowsPerGroup * inputs
      for column in 0..<matrix.width {
        columns[first + column / taps] += Double(matrix.elements[row * matrix.width + column].magnitude) * rows[row]
      }
    }
    let input = try node.requiredInput(0)
    // Sums over a deep network grow without bound; only their proportions matter.
    let total = columns.reduce(0, +)
    guard total > 0, total.isFinite else { return }
    for (group, member) in places[input] ?? [] where member.extent == columns.count {
      var list = [Double](repeating: 0, count: context.groups[group].count)
      for (position, channel) in zip(member.positions, member.channels) { list[channel] += columns[position] }
      add(input, group, list)
    }
  }
}
