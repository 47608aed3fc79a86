import Tensors

/// A graph from which channels are being removed.
struct ChannelCut {
  let labels: ChannelLabels
  /// The graph as it becomes.
  var graph: Graph
  /// By root label.
  private let isRemoved: [Bool]
  private var names: Set<String>

  /// - isRemoved: by root label.
  init(_ labels: ChannelLabels, isRemoved: [Bool]) {
    self.labels = labels
    self.isRemoved = isRemoved
    graph = labels.graph
    names = Set(graph.values.map(\.name)).union(graph.nodes.map(\.name))
  }

  /// The positions of an axis that stay; nil for an axis without channels.
  func kept(_ id: ValueID, _ axis: Int) -> [Int]? { labels.labels(id, axis).map(staying) }

  func keptCount(_ id: ValueID, _ axis: Int) -> Int? { labels.labels(id, axis)?.count { !isRemoved[labels.root($0)] } }

  /// Whether the axis loses positions.
  func changes(_ id: ValueID, _ axis: Int) -> Bool { labels.labels(id, axis)?.contains { isRemoved[labels.root($0)] } ?? false }

  private func staying(_ list: [Int]) -> [Int] { list.indices.filter { !isRemoved[labels.root(list[$0])] } }

  /// Gives a node an integer input of its own: others may share the old one.
  mutating func setIntegers(_ index: Int, _ position: Int, _ list: [Int]) throws {
    let node = graph.nodes[index]
    if let old = try node.input(position).flatMap({ try graph[$0].constant?.decoded().ints() }), old == list { return }
    var name = "\(node.name)/\(position)"
    while !names.insert(name).inserted { name += "'" }
    let id = graph.addConstant(name, try Tensor(.s64, [list.count], list))
    while graph.nodes[index].inputs.count <= position { graph.nodes[index].inputs.append(nil) }
    graph.nodes[index].inputs[position] = id
  }

  /// Removes the channels. The types of the result are inferred and it is verified.
  mutating func finish() throws -> Graph {
    for balance in labels.balances {
      let size = balance.labels.count / max(balance.blocks, 1)
      let counts = (0..<balance.blocks).map { staying(Array(balance.labels[$0 * size..<($0 + 1) * size])).count }
      guard Set(counts).count == 1 else {
        throw Failure(
          .invalidArgument, "the \(balance.blocks) groups of a convolution must keep equally many channels, not \(counts)",
          node: graph.nodes[balance.node].name)
      }
    }
    for index in labels.graph.values.indices {
      let id = ValueID(index)
      for (axis, list) in labels.axes[index].enumerated() {
        guard let list, changes(id, axis) else { continue }
        let kept = staying(list)
        guard !kept.isEmpty else {
          throw Failure(.invalidArgument, "no channel of '\(graph[id].name)' would be left")
        }
        if let weight = graph[id].constant { graph[id].constant = try weight.taking(kept, axis: axis) }
      }
    }
    // After the rows have gone: each group takes its own columns.
    for (id, block) in labels.blocked {
      let size = block.labels.count / max(block.groups, 1)
      let kept = (0..<block.groups).map { staying(Array(block.labels[$0 * size..<($0 + 1) * size])) }
      guard kept.contains(where: { $0.count < size }), let weight = graph[id].constant else { continue }
      graph[id].constant = try weight.takingColumns(kept)
    }
    for index in graph.nodes.indices { try DependencyRule.of(graph.nodes[index].op)?.mend?(&self, index) }
    for index in graph.values.indices where !graph.inputs.contains(ValueID(index)) { graph.values[index].type = nil }
    graph.compact()
    try graph.inferTypes()
    try Verifier.verify(graph)
    return graph
  }
}
