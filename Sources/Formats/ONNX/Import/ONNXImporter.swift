import Graph
import Tensors

/// Builds a graph from the nodes of an ONNX model, one rule (`ImportRule`) a node.
struct ONNXImporter {
  private(set) var graph: Graph
  let decoder: TensorDecoder
  private let proto: Onnx_GraphProto
  private let opset: Int
  /// What each name of the file stands for, as far as it is made already.
  private var known: [String: ValueID] = [:]
  private var initializers: [String: Initializer]
  /// Names that some node reads or that are outputs of the graph.
  private let used: Set<String>
  private var valueNames: NameSet
  private var nodeNames: NameSet
  private var inferencesLeft = 16

  init(_ proto: Onnx_GraphProto, opset: Int, decoder: TensorDecoder) throws {
    self.proto = proto
    self.opset = opset
    self.decoder = decoder
    graph = Graph(name: proto.name)
    initializers = try Initializer.table(proto)
    var used = Set(proto.output.map(\.name))
    for node in proto.node { used.formUnion(node.input) }
    self.used = used
    valueNames = NameSet(used)
    valueNames.formUnion(initializers.keys)
    for value in proto.input { valueNames.insert(value.name) }
    for node in proto.node { valueNames.formUnion(node.output) }
    nodeNames = NameSet(proto.node.lazy.map(\.name))
  }

  mutating func run() throws {
    for (position, value) in proto.input.enumerated() where initializers[value.name] == nil {
      guard !value.name.isEmpty, known[value.name] == nil else {
        throw Failure(.malformedFile, "input \(position) of the graph has no name, or the name of another ('\(value.name)')")
      }
      known[value.name] = graph.addInput(value.name, try InputType.type(of: value))
    }
    let order = try NodeOrder(proto, available: Set(known.keys).union(initializers.keys)).indices
    var seen: Set<String> = []
    for index in order {
      let node = proto.node[index]
      let isFirst = !node.name.isEmpty && seen.insert(node.name).inserted
      let name = isFirst ? node.name : nodeNames.fresh(node.name.isEmpty ? "\(node.opType)_\(index)" : node.name)
      let source = try SourceNode(node, name: name, opset: opset)
      guard let rule = ImportRule.known[source.type] else { throw source.unsupported("\(source.type) is not supported") }
      try rule.check(source)
      do { try rule.apply(&self, source) } catch var failure as Failure {
        if failure.node == nil { failure.node = source.name }
        throw failure
      }
    }
    try addOutputs()
  }

  private mutating func addOutputs() throws {
    guard !proto.output.isEmpty else { throw Failure(.malformedFile, "the graph has no outputs") }
    var seen: Set<String> = []
    for output in proto.output {
      guard !output.name.isEmpty, seen.insert(output.name).inserted else {
        throw Failure(.malformedFile, "an output of the graph has no name, or the name of another ('\(output.name)')")
      }
      let id = try value(output.name, for: "the graph's outputs")
      if graph[id].constant != nil {
        // The output's name stays with the output; the constant behind it takes another.
        if graph[id].name == output.name { graph[id].name = valueNames.fresh(output.name + "_value") }
        graph.outputs.append(try add(.identity, [id], named: output.name))
      } else if graph[id].name != output.name {
        graph.outputs.append(try add(.identity, [id], named: output.name))
      } else {
        graph.outputs.append(id)
      }
    }
  }
}

// MARK: What rules use
extension ONNXImporter {
  /// The value of that name; an initializer is decoded when it is first asked for.
  mutating func value(_ name: String, for reader: String) throws -> ValueID {
    if let id = known[name] { return id }
    guard let initializer = initializers[name] else {
      throw Failure(.malformedFile, "\(reader) reads '\(name)', which nothing makes")
    }
    let id = graph.addValue(name, constant: try initializer.weight(decoder))
    known[name] = id
    return id
  }

  /// The input at `position`, nil where it is left out.
  mutating func input(_ node: SourceNode, _ position: Int) throws -> ValueID? {
    guard node.hasInput(position) else { return nil }
    return try value(node.inputs[position], for: "node '\(node.name)'")
  }

  mutating func requiredInput(_ node: SourceNode, _ position: Int) throws -> ValueID {
    guard let id = try input(node, position) else { throw node.malformed("\(node.type) needs input \(position)") }
    return id
  }

  mutating func inputs(_ node: SourceNode) throws -> [ValueID?] {
    var inputs: [ValueID?] = []
    for position in node.inputs.indices { inputs.append(try input(node, position)) }
    return inputs
  }

  /// The constant behind a value, where it is one.
  func constant(_ id: ValueID?) -> Weight? { id.flatMap { graph[$0].constant } }

  /// The shape of a value, where what is read so far tells it. Each call is linear in the graph, so there are few of them.
  mutating func shape(of id: ValueID) -> [Dim]? {
    guard inferencesLeft > 0 else { return nil }
    inferencesLeft -= 1
    var typed = graph
    return (try? typed.inferTypes()).flatMap { typed[id].type?.shape }
  }

  /// Whether anything reads the node's output at `position`.
  func isUsed(_ node: SourceNode, output position: Int) -> Bool {
    node.outputs.indices.contains(position) && !node.outputs[position].isEmpty && used.contains(node.outputs[position])
  }

  /// Adds the node that makes the outputs of `node`, all or the first `count` of them.
  mutating func emit(_ op: Operator, _ node: SourceNode, _ inputs: [ValueID?], _ attributes: [String: Attribute], outputs count: Int? = nil)
  {
    var outputs: [ValueID] = []
    for name in node.outputs.prefix(count ?? node.outputs.count) {
      let id = graph.addValue(name.isEmpty ? valueNames.fresh("\(node.name)_unused") : name)
      if !name.isEmpty { known[name] = id }
      outputs.append(id)
    }
    graph.nodes.append(Node(op, name: node.name, inputs: inputs, outputs: outputs, attributes: Attributes(attributes)))
  }

  /// Adds a further node of ours with one new value.
  mutating func add(_ op: Operator, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], stem: String) throws -> ValueID {
    try add(op, inputs, attributes, named: valueNames.fresh(stem))
  }

  private mutating func add(
    _ op: Operator, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], named name: String
  ) throws -> ValueID {
    // A node, its value and their names in the tables.
    try decoder.budget.take(1024 + 4 * name.utf8.count, for: "the nodes of the graph")
    let id = graph.addValue(name)
    graph.nodes.append(
      Node(op, name: nodeNames.fresh(name), inputs: inputs, outputs: [id], attributes: Attributes(attributes)))
    return id
  }

  /// Makes the first output of `node` another name of an existing value.
  mutating func alias(_ node: SourceNode, _ id: ValueID) { known[node.outputs[0]] = id }

  /// Makes the first output of `node` a constant.
  mutating func define(_ node: SourceNode, _ weight: Weight) {
    known[node.outputs[0]] = graph.addValue(node.outputs[0], constant: weight)
  }

  mutating func integers(_ values: [Int], stem: String) throws -> ValueID {
    graph.addConstant(valueNames.fresh(stem), try Tensor(.s64, [values.count], values.map { Int64($0) }))
  }

  mutating func scalar(_ value: Float, stem: String) throws -> ValueID {
    graph.addConstant(valueNames.fresh(stem), try Tensor([], [value]))
  }

  mutating func constant(_ tensor: Tensor, stem: String) -> ValueID { graph.addConstant(valueNames.fresh(stem), tensor) }

  mutating func constant(_ weight: Weight, stem: String) -> ValueID { graph.addValue(valueNames.fresh(stem), constant: weight) }
}
