import Graph
import Tensors

/// A residual branch: an Add of a value and of what some nodes make of that value alone, so that the Add can go and the value stay.
struct ResidualBranch {
  /// The Add, and the nodes of the branch (indices).
  let sum: Int
  let nodes: Set<Int>
  /// What the branch starts from and is added to, and what it makes.
  let shortcut: ValueID
  let result: ValueID

  /// The branches of a graph, in the order of their sums. Branches in branches are left out: they go with the outer one.
  /// - graph: its types are inferred.
  static func all(in graph: Graph) -> [ResidualBranch] {
    let uses = graph.uses()
    var found: [ResidualBranch] = []
    for index in graph.nodes.indices.reversed() where graph.nodes[index].op == .add {
      guard !found.contains(where: { $0.nodes.contains(index) }) else { continue }
      let inputs = graph.nodes[index].inputs.compactMap { $0 }
      guard inputs.count == 2, inputs[0] != inputs[1] else { continue }
      for (shortcut, result) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
        guard let shape = graph[shortcut].type?.shape, shape == graph[result].type?.shape,
          let nodes = nodes(from: shortcut, to: result, sum: index, graph, uses)
        else { continue }
        found.append(ResidualBranch(sum: index, nodes: nodes, shortcut: shortcut, result: result))
        break
      }
    }
    return found.reversed()
  }

  /// The nodes between; nil where something else feeds them, or something else reads what they make.
  private static func nodes(from shortcut: ValueID, to result: ValueID, sum: Int, _ graph: Graph, _ uses: Uses) -> Set<Int>? {
    var nodes = Set<Int>()
    var open = [result]
    var reachesShortcut = false
    while let id = open.popLast() {
      if id == shortcut {
        reachesShortcut = true
      } else if graph[id].constant == nil {
        guard let producer = uses.producer(of: id) else { return nil }
        if nodes.insert(producer).inserted { open += graph.nodes[producer].inputs.compactMap { $0 } }
      }
    }
    guard reachesShortcut, !nodes.isEmpty else { return nil }
    for node in nodes {
      for output in graph.nodes[node].outputs {
        guard !uses.isOutput(output), uses.consumers(of: output).allSatisfy({ nodes.contains($0) || $0 == sum }) else { return nil }
      }
    }
    return nodes
  }
}

extension Graph {
  /// Takes branches out. An activation of a sum stays, unless what the sum has left has been through the same one.
  /// - Throws: what verification throws.
  mutating func remove(_ branches: [ResidualBranch]) throws {
    guard !branches.isEmpty else { return }
    var gone = Set<Int>()
    for branch in branches {
      gone.formUnion(branch.nodes)
      var node = nodes[branch.sum]
      let activation = try Activation(node.attributes)
      // Sums before it may have gone in this round: their readers read their shortcuts by now.
      guard let shortcut = node.inputs.compactMap({ $0 }).first(where: { $0 != branch.result }) else { continue }
      let before = try nodes.first { $0.outputs.first == shortcut }.map { try Activation($0.attributes) }
      if activation == .none || activation == .relu && before == .relu, !outputs.contains(node.outputs[0]) {
        replaceUses(of: node.outputs[0], with: shortcut)
        gone.insert(branch.sum)
        continue
      }
      node.inputs = [shortcut]
      let stem = node.name
      try node.becomeActivation(activation) { name, value in addConstant(freshName("\(stem)/\(name)"), try Tensor([], [value])) }
      nodes[branch.sum] = node
    }
    removeNodes(gone)
    compact()
    try inferTypes()
    try Verifier.verify(self)
  }
}

extension Node {
  /// The operator of a fused activation, of the node's first input.
  fileprivate mutating func becomeActivation(_ activation: Activation, _ constant: (String, Float) throws -> ValueID) throws {
    attributes = Attributes()
    switch activation {
    case .none: op = .identity
    case .relu: op = .relu
    case .clip(let low, let high):
      op = .clip
      inputs += [try constant("low", low), try constant("high", high)]
    case .leakyRelu(let alpha):
      op = .leakyRelu
      attributes["alpha"] = .float(alpha)
    case .hardSigmoid(let alpha, let beta):
      op = .hardSigmoid
      (attributes["alpha"], attributes["beta"]) = (.float(alpha), .float(beta))
    case .hardSwish: op = .hardSwish
    case .sigmoid: op = .sigmoid
    case .tanh: op = .tanh
    }
  }
}
