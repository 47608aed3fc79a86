import Tensors

/// Who makes and who reads each value, at the moment it was asked for; stale after any change to the graph's nodes.
package struct Uses: Sendable {
  /// For each value, the index of the node that makes it.
  package let producers: [Int?]
  /// For each value, the indices of the nodes that read it, ascending, a node once for each time it reads it.
  package let consumers: [[Int]]
  private let graphOutputs: Set<ValueID>

  init(_ graph: Graph) {
    var producers = [Int?](repeating: nil, count: graph.values.count)
    var consumers = [[Int]](repeating: [], count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs { producers[output.index] = index }
      for case let input? in node.inputs { consumers[input.index].append(index) }
    }
    self.producers = producers
    self.consumers = consumers
    graphOutputs = Set(graph.outputs)
  }

  package func producer(of id: ValueID) -> Int? { producers[id.index] }
  package func consumers(of id: ValueID) -> [Int] { consumers[id.index] }
  package func isOutput(_ id: ValueID) -> Bool { graphOutputs.contains(id) }

  /// The one node that reads the value, where nothing else does and it is no output of the graph.
  package func soleConsumer(of id: ValueID) -> Int? {
    consumers[id.index].count == 1 && !graphOutputs.contains(id) ? consumers[id.index][0] : nil
  }
}

extension Graph {
  package func uses() -> Uses { Uses(self) }

  /// Makes every reader of `old`, the graph's outputs included, read `new`.
  package mutating func replaceUses(of old: ValueID, with new: ValueID) {
    for index in nodes.indices {
      for position in nodes[index].inputs.indices where nodes[index].inputs[position] == old {
        nodes[index].inputs[position] = new
      }
    }
    for position in outputs.indices where outputs[position] == old { outputs[position] = new }
  }

  /// Removes the nodes at `indices`; their outputs must no longer be read.
  package mutating func removeNodes(_ indices: Set<Int>) {
    guard !indices.isEmpty else { return }
    nodes = nodes.enumerated().filter { !indices.contains($0.offset) }.map(\.element)
  }

  /// Drops the values that nothing makes, reads or exposes. Invalidates every `ValueID` held outside the graph.
  package mutating func compact() {
    var kept = Set(inputs).union(outputs)
    for node in nodes {
      for case let input? in node.inputs { kept.insert(input) }
      kept.formUnion(node.outputs)
    }
    var map = [ValueID?](repeating: nil, count: values.count)
    var compacted: [Value] = []
    for (index, value) in values.enumerated() where kept.contains(ValueID(index)) {
      map[index] = ValueID(compacted.count)
      compacted.append(value)
    }
    func moved(_ id: ValueID) -> ValueID { map[id.index] ?? id }
    values = compacted
    inputs = inputs.map(moved)
    outputs = outputs.map(moved)
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { $0.map(moved) }
      nodes[index].outputs = nodes[index].outputs.map(moved)
    }
  }

  /// The constant at an input of a node, decoded; nil where the input is left out or is not constant.
  package func constant(_ node: Node, _ position: Int) throws -> Tensor? {
    guard let id = node.input(position), let weight = self[id].constant else { return nil }
    return try weight.decoded()
  }

  /// The constant integers at an input of a node; nil where the input is left out.
  /// - Throws: `unsupported` where the input is there but is not constant.
  package func constantInts(_ node: Node, _ position: Int) throws -> [Int]? {
    guard let id = node.input(position) else { return nil }
    guard let tensor = try constant(node, position) else {
      throw Failure(.unsupported, "input \(position) of \(node.op.rawValue) ('\(self[id].name)') must be constant", node: node.name)
    }
    return try tensor.ints()
  }
}
