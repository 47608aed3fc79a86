import Graph
import Tensors

/// How one operator of the graph is written. Most are ONNX's own and go over as they are; the others are listed in `special`.
struct ExportRule: Sendable {
  let apply: @Sendable (inout ONNXExporter, Node) throws -> Void

  static let special: [Operator: ExportRule] = [
    .conv: activated, .gemm: activated, .add: activated, .averagePool: averagePool, .cast: cast, .channelShuffle: channelShuffle,
    .resize: resize, .winogradConv: winogradConv,
    .quantizeLinear: quantizeLinear, .dequantizeLinear: dequantizeLinear,
  ]

  static let same = ExportRule { exporter, node in try exporter.write(node, node.attributes.values) }

  /// Dilated average pooling came with opset 19.
  private static let averagePool = ExportRule { exporter, node in
    if try node.attributes.ints("dilations")?.contains(where: { $0 != 1 }) ?? false {
      exporter.require(opset: 19)
      try exporter.write(node, node.attributes.values)
    } else {
      try exporter.write(node, node.attributes.values.filter { $0.key != "dilations" })
    }
  }

  /// `saturate` is about 8-bit floats, which the graph does not have.
  private static let cast = ExportRule { exporter, node in try exporter.write(node, node.attributes.values.filter { $0.key != "saturate" })
  }

  /// A result type that no zero point says is said by a zero point.
  private static let quantizeLinear = ExportRule { exporter, node in
    var inputs = try exporter.names(node.inputs)
    let dtype = exporter.graph[node.outputs[0]].type?.dtype ?? .u8
    if dtype == .u16 || dtype == .s16 { exporter.require(opset: 21) }
    if inputs.count == 2, dtype != .u8 {
      let shape = exporter.graph[try node.requiredInput(1)].type?.shape?.fixed ?? []
      inputs.append(try exporter.initializer(Tensor(dtype, shape) { _ in }, stem: "\(node.name)_zero_point"))
    }
    let attributes = node.attributes.values.filter { $0.key == "axis" }
    exporter.append("QuantizeLinear", inputs, [exporter.graph[node.outputs[0]].name], name: node.name, attributes)
  }

  private static let dequantizeLinear = ExportRule { exporter, node in
    let dtype = exporter.graph[try node.requiredInput(0)].type?.dtype
    if dtype == .u16 || dtype == .s16 { exporter.require(opset: 21) }
    try exporter.write(node, node.attributes.values)
  }
}

extension ONNXExporter {
  /// Writes the node under its own operator, inputs and outputs.
  mutating func write(_ node: Node, _ attributes: [String: Attribute]) throws {
    append(node.op.rawValue, try names(node.inputs), node.outputs.map { graph[$0].name }, name: node.name, attributes)
  }
}
