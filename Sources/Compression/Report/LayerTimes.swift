import Graph

/// Which nodes' times a layer answers for: its own, and those of the conversions that exist because it computes in integers.
struct LayerTimes {
  /// By layer: nodes and the share of each that is the layer's.
  private var parts: [String: [(node: String, share: Double)]] = [:]

  init(_ graph: Graph) {
    guard let layers = try? Layer.all(in: graph, transformed: true) else { return }
    let names = Dictionary(layers.map { ($0.node, $0.name) }, uniquingKeysWith: { first, _ in first })
    for layer in layers { parts[layer.name] = [(layer.name, 1)] }
    let uses = graph.uses()
    for node in graph.nodes where node.op == .quantizeLinear || node.op == .dequantizeLinear {
      guard let input = node.input(0), graph[input].constant == nil else { continue }
      var owners: [String] = []
      // A conversion of a layer's output is that layer's; any other is shared by the layers it feeds.
      if let producer = uses.producer(of: input), let name = names[producer] {
        owners = [name]
      } else {
        var frontier = node.outputs
        for _ in 0..<2 {
          let readers = frontier.flatMap { uses.consumers(of: $0) }
          owners += readers.compactMap { names[$0] }
          frontier = readers.filter { graph.nodes[$0].op == .dequantizeLinear }.flatMap { graph.nodes[$0].outputs }
        }
      }
      for owner in owners { parts[owner]?.append((node.name, 1 / Double(owners.count))) }
    }
  }

  /// The layer's share of the nodes' milliseconds; nil where its own node was not measured.
  func milliseconds(of layer: String, in nodes: [String: Double]) -> Double? {
    guard let parts = parts[layer], nodes[layer] != nil else { return nil }
    return parts.reduce(0) { $0 + (nodes[$1.node] ?? 0) * $1.share }
  }

  /// The same for each round of a measurement.
  func rounds(of layer: String, in nodes: [String: [Double]]) -> [Double]? {
    guard let parts = parts[layer], var sums = nodes[layer] else { return nil }
    for (node, share) in parts where node != layer {
      guard let series = nodes[node], series.count == sums.count else { continue }
      for round in sums.indices { sums[round] += series[round] * share }
    }
    return sums
  }
}

extension Graph {
  /// The dequantized twin of a value that a QuantizeLinear → DequantizeLinear pair reads.
  func dequantized(_ id: ValueID, _ uses: Uses) -> ValueID? {
    for reader in uses.consumers(of: id) where nodes[reader].op == .quantizeLinear && nodes[reader].input(0) == id {
      guard let codes = nodes[reader].outputs.first else { continue }
      for second in uses.consumers(of: codes) where nodes[second].op == .dequantizeLinear { return nodes[second].outputs.first }
    }
    return nil
  }
}
