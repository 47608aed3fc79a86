import Graph
import Tensors

extension ExportRule {
  /// An operator with an activation fused behind it: two nodes, the value between them under a new name.
  static let activated = ExportRule { exporter, node in
    let activation = try Activation(node.attributes)
    let attributes = node.attributes.values.filter { !$0.key.hasPrefix("activation") }
    guard activation != .none else { return try exporter.write(node, attributes) }
    let output = exporter.graph[node.outputs[0]].name
    let between = exporter.fresh("\(output)_linear")
    exporter.append(node.op.rawValue, try exporter.names(node.inputs), [between], name: node.name, attributes)
    try exporter.write(activation, between, output)
  }
}

extension ONNXExporter {
  mutating func write(_ activation: Activation, _ input: String, _ output: String) throws {
    switch activation {
    case .none: break
    case .relu: add("Relu", [input], output, node: output)
    case .clip(let low, let high):
      var inputs = [input, "", ""]
      if low > -.infinity { inputs[1] = try initializer(Tensor([], [low]), stem: "\(output)_min") }
      if high < .infinity { inputs[2] = try initializer(Tensor([], [high]), stem: "\(output)_max") }
      while inputs.last == "" { inputs.removeLast() }
      add("Clip", inputs, output, node: output)
    case .leakyRelu(let alpha): add("LeakyRelu", [input], output, node: output, ["alpha": .float(alpha)])
    case .hardSigmoid(let alpha, let beta):
      add("HardSigmoid", [input], output, node: output, ["alpha": .float(alpha), "beta": .float(beta)])
    case .hardSwish: add("HardSwish", [input], output, node: output)
    case .sigmoid: add("Sigmoid", [input], output, node: output)
    case .tanh: add("Tanh", [input], output, node: output)
    }
  }
}
