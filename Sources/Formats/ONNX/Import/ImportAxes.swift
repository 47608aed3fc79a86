import Graph
import Tensors

extension ImportRule {
  /// ReduceMean: axes are an attribute before opset 18.
  static let reduceMean = ImportRule(
    "ReduceMean", inputs: 1...2, attributes: ["axes", "keepdims", "noop_with_empty_axes"]
  ) { importer, node in
    importer.emit(
      .reduceMean, node, try importer.withAxes(node, inputSince: 18), try importer.attributes(node, ["keepdims", "noop_with_empty_axes"]))
  }

  /// Squeeze: axes are an attribute before opset 13.
  static let squeeze = ImportRule("Squeeze", inputs: 1...2, attributes: ["axes"]) { importer, node in
    importer.emit(.squeeze, node, try importer.withAxes(node, inputSince: 13), [:])
  }

  /// Unsqueeze: axes are an attribute before opset 13.
  static let unsqueeze = ImportRule("Unsqueeze", inputs: 1...2, attributes: ["axes"]) { importer, node in
    let inputs = try importer.withAxes(node, inputSince: 13)
    guard inputs.count == 2 else { throw node.malformed("Unsqueeze needs axes") }
    importer.emit(.unsqueeze, node, inputs, [:])
  }
}

extension ONNXImporter {
  /// The inputs, the axes among them even where the file has them as an attribute.
  mutating func withAxes(_ node: SourceNode, inputSince opset: Int) throws -> [ValueID?] {
    var inputs = try inputs(node)
    guard let axes = try node.ints("axes") else { return inputs }
    guard node.opset < opset, inputs.count == 1 else {
      throw node.malformed("\(node.type) has its axes as an attribute in opset \(node.opset)")
    }
    inputs.append(try integers(axes, stem: "\(node.name)_axes"))
    return inputs
  }
}
