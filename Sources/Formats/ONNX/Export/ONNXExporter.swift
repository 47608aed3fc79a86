import FoundationEssentials
import Graph
import Tensors

/// Turns a graph with inferred types into ONNX's form, node by node.
struct ONNXExporter {
  let graph: Graph
  private(set) var proto = Onnx_GraphProto()
  /// The lowest opset that has everything written so far.
  private(set) var opset = 18
  private var valueNames: NameSet
  private var nodeNames: NameSet
  /// Constants that are written already.
  private var written: Set<ValueID> = []
  private var bytes = 0

  init(_ graph: Graph) {
    self.graph = graph
    valueNames = NameSet(graph.values.lazy.map(\.name))
    nodeNames = NameSet(graph.nodes.lazy.map(\.name))
  }

  mutating func run() throws {
    proto.name = graph.name.isEmpty ? "graph" : graph.name
    for id in graph.inputs { proto.input.append(try info(id)) }
    for node in graph.nodes {
      let rule = ExportRule.special[node.op] ?? ExportRule.same
      try rule.apply(&self, node)
    }
    for id in graph.outputs {
      proto.output.append(try info(id))
      if graph[id].constant != nil, written.insert(id).inserted {
        // An output is made by a node; the constant behind it takes another name.
        let source = valueNames.fresh(graph[id].name + "_value")
        try write(id, named: source)
        add("Identity", [source], graph[id].name, node: graph[id].name)
      }
    }
  }

  private func info(_ id: ValueID) throws -> Onnx_ValueInfoProto {
    guard let type = graph[id].type else { throw Failure(.unsupported, "the type of '\(graph[id].name)' is not known") }
    return .with { info in
      info.name = graph[id].name
      info.type.tensorType.elemType = Int32(type.dtype.rawValue)
      guard let shape = type.shape else { return }
      info.type.tensorType.shape.dim = shape.map { dim in
        .with { if let value = dim.value { $0.dimValue = Int64(value) } else { $0.dimParam = dim.description } }
      }
    }
  }
}

// MARK: What rules use
extension ONNXExporter {
  mutating func require(opset least: Int) { opset = max(opset, least) }

  /// The name of a value; a constant is written when it is first asked for.
  mutating func name(_ id: ValueID?) throws -> String {
    guard let id else { return "" }
    if graph[id].constant != nil, !graph.outputs.contains(id), written.insert(id).inserted { try write(id, named: graph[id].name) }
    return graph[id].name
  }

  mutating func names(_ ids: [ValueID?]) throws -> [String] {
    var names: [String] = []
    for id in ids { names.append(try name(id)) }
    while names.last == "" { names.removeLast() }
    return names
  }

  mutating func fresh(_ stem: String) -> String { valueNames.fresh(stem) }

  /// Appends a node; `name` becomes unique.
  mutating func add(_ type: String, _ inputs: [String], _ output: String, node name: String, _ attributes: [String: Attribute] = [:]) {
    append(type, inputs, [output], name: nodeNames.fresh(name), attributes)
  }

  /// Appends a node under a name that is its own already.
  mutating func append(_ type: String, _ inputs: [String], _ outputs: [String], name: String, _ attributes: [String: Attribute]) {
    proto.node.append(
      .with {
        $0.opType = type
        $0.name = name
        $0.input = inputs
        $0.output = outputs
        $0.attribute = attributes.keys.sorted().compactMap { name in attributes[name].map { ONNXExporter.attribute(name, $0) } }
      })
  }

  /// Adds an initializer and returns its name.
  mutating func initializer(_ tensor: Tensor, stem: String) throws -> String {
    let name = valueNames.fresh(stem)
    try append(tensor, named: name)
    return name
  }

  private mutating func append(_ tensor: Tensor, named name: String) throws {
    bytes += tensor.byteCount
    guard bytes < ONNXWriter.maximumBytes else {
      throw Failure(.unsupported, "an ONNX file holds at most 2 GB and the weights need more; save the model as .nsk")
    }
    proto.initializer.append(ONNXExporter.tensor(tensor, name: name))
  }

  /// A constant: as it is, as codes with a DequantizeLinear, or dense where it is sparse.
  private mutating func write(_ id: ValueID, named name: String) throws {
    guard let weight = graph[id].constant else { return }
    guard bytes + weight.count < ONNXWriter.maximumBytes else {
      throw Failure(.unsupported, "an ONNX file holds at most 2 GB and the weights need more; save the model as .nsk")
    }
    guard let codes = try DenseCodes(weight) else { return try append(weight.decoded(), named: name) }
    if codes.quantization.group != nil { return try writeBlocks(codes, weight, named: name) }
    let parameters = codes.quantization
    let shape = parameters.axis == nil ? [] : [parameters.scales.count]
    let inputs = [
      try initializer(codes.codes, stem: "\(name)_quantized"),
      try initializer(Tensor(.f32, shape, parameters.scales), stem: "\(name)_scale"),
      try initializer(codes.zeroPoints(shape: shape), stem: "\(name)_zero_point"),
    ]
    add("DequantizeLinear", inputs, name, node: "\(name)_dequantize", parameters.axis.map { ["axis": .int($0)] } ?? [:])
  }

  /// Codes with scales for blocks of one axis, which opset 21 has for matrices; other weights dense.
  private mutating func writeBlocks(_ codes: DenseCodes, _ weight: Weight, named name: String) throws {
    guard let blocks = try codes.blocks() else { return try append(weight.decoded(), named: name) }
    require(opset: 21)
    let inputs = [
      try initializer(codes.codes, stem: "\(name)_quantized"), try initializer(blocks.scales, stem: "\(name)_scale"),
      try initializer(blocks.zeroPoints, stem: "\(name)_zero_point"),
    ]
    add(
      "DequantizeLinear", inputs, name, node: "\(name)_dequantize",
      ["axis": .int(blocks.group.axis), "block_size": .int(blocks.group.size)])
  }

  private static func attribute(_ name: String, _ value: Attribute) -> Onnx_AttributeProto {
    .with {
      $0.name = name
      switch value {
      case .int(let int): ($0.type, $0.i) = (.int, Int64(int))
      case .float(let float): ($0.type, $0.f) = (.float, float)
      case .string(let string): ($0.type, $0.s) = (.string, Data(string.utf8))
      case .ints(let ints): ($0.type, $0.ints) = (.ints, ints.map { Int64($0) })
      case .floats(let floats): ($0.type, $0.floats) = (.floats, floats)
      case .tensor(let value): ($0.type, $0.t) = (.tensor, tensor(value, name: ""))
      }
    }
  }

  private static func tensor(_ tensor: Tensor, name: String) -> Onnx_TensorProto {
    .with {
      $0.name = name
      // Our numbers for element types are ONNX's.
      $0.dataType = Int32(tensor.dtype.rawValue)
      $0.dims = tensor.shape.map { Int64($0) }
      $0.rawData = Data(tensor.bytes)
    }
  }
}
