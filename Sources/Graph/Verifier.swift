import Tensors

/// Holds a graph against the rules that every pass, the plan and the writers rely on. Never traps, whatever the graph holds.
package enum Verifier {
  /// Structure, names, and types: what is recorded must not contradict what the operators infer.
  /// - Throws: a failure that names the node and says what is wrong.
  package static func verify(_ graph: Graph) throws {
    try checkStructure(graph)
    try checkNames(graph)
    var inferred = graph
    try inferred.inferTypes()
    for (recorded, type) in zip(graph.values, inferred.values.map(\.type)) {
      guard let old = recorded.type, let type, !contradicts(old, type) else {
        if recorded.type == nil { continue }
        throw Failure(
          .shapeMismatch,
          "'\(recorded.name)' is recorded as \(recorded.type?.description ?? "?") but is \(type?.description ?? "?")")
      }
    }
  }

  private static func contradicts(_ old: ValueType, _ new: ValueType) -> Bool {
    guard old.dtype == new.dtype else { return true }
    guard let a = old.shape, let b = new.shape else { return false }
    return a.count != b.count || zip(a, b).contains { one, other in one.value != nil && other.value != nil && one != other }
  }

  /// Indices in range, every value made once and before it is used, arity, known attributes. Linear.
  package static func checkStructure(_ graph: Graph) throws {
    let valid = graph.values.indices
    func require(_ id: ValueID, _ what: @autoclosure () -> String, node: String? = nil) throws {
      guard valid.contains(id.index) else {
        throw Failure(.malformedFile, "\(what()) refers to value \(id.index), which is not there", node: node)
      }
    }
    var made = graph.values.map { $0.constant != nil }
    for id in graph.inputs {
      try require(id, "an input of the graph")
      guard !made[id.index] else {
        throw Failure(.malformedFile, "'\(graph[id].name)' is an input twice, or an input and a constant")
      }
      guard graph[id].type != nil else { throw Failure(.malformedFile, "the input '\(graph[id].name)' has no type") }
      made[id.index] = true
    }
    for node in graph.nodes {
      let schema = try Schema.of(node.op)
      guard schema.inputs.contains(node.inputs.count), schema.outputs.contains(node.outputs.count) else {
        throw Failure(
          .malformedFile,
          "\(node.op.rawValue) takes \(schema.inputs) inputs and \(schema.outputs) outputs, "
            + "not \(node.inputs.count) and \(node.outputs.count)",
          node: node.name)
      }
      if let unknown = node.attributes.names.first(where: { !schema.attributes.contains($0) }) {
        throw Failure(.unsupported, "\(node.op.rawValue) has no attribute '\(unknown)'", node: node.name)
      }
      for (position, input) in node.inputs.enumerated() {
        guard let input else {
          // Only trailing parameters may be left out; a variadic operator needs every input.
          guard position >= schema.inputs.lowerBound, schema.inputs.upperBound <= 8 else {
            throw Failure(.malformedFile, "\(node.op.rawValue) needs input \(position)", node: node.name)
          }
          continue
        }
        try require(input, "input \(position)", node: node.name)
        guard made[input.index] else {
          throw Failure(.malformedFile, "'\(graph[input].name)' is used before anything makes it", node: node.name)
        }
      }
      for output in node.outputs {
        try require(output, "an output", node: node.name)
        guard !made[output.index] else { throw Failure(.malformedFile, "'\(graph[output].name)' is made twice", node: node.name) }
        made[output.index] = true
      }
    }
    for id in graph.outputs {
      try require(id, "an output of the graph")
      guard made[id.index] else { throw Failure(.malformedFile, "nothing makes the output '\(graph[id].name)'") }
    }
  }

  /// Names are unique and not empty, among the nodes and among the values that are in use.
  private static func checkNames(_ graph: Graph) throws {
    var nodes = Set<String>()
    var values: [String: ValueID] = [:]
    func check(_ id: ValueID) throws {
      let name = graph[id].name
      guard !name.isEmpty else { throw Failure(.malformedFile, "value \(id.index) has no name") }
      if let other = values.updateValue(id, forKey: name), other != id {
        throw Failure(.malformedFile, "two values are named '\(name)'")
      }
    }
    for node in graph.nodes {
      guard !node.name.isEmpty else { throw Failure(.malformedFile, "a \(node.op.rawValue) node has no name") }
      guard nodes.insert(node.name).inserted else { throw Failure(.malformedFile, "two nodes are named '\(node.name)'", node: node.name) }
      for case let input? in node.inputs { try check(input) }
      for output in node.outputs { try check(output) }
    }
    for id in graph.inputs + graph.outputs { try check(id) }
  }
}
