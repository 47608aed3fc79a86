import Graph
import Tensors

extension ImportRule {
  /// Clip: bounds are attributes before opset 11 and inputs since.
  static let clip = ImportRule("Clip", inputs: 1...3, attributes: ["min", "max"]) { importer, node in
    var inputs = try importer.inputs(node)
    guard node.has("min") || node.has("max") else {
      importer.emit(.clip, node, inputs, [:])
      return
    }
    guard node.opset < 11, inputs.count == 1 else { throw node.malformed("Clip has its bounds as attributes in opset \(node.opset)") }
    for (bound, present) in [("min", true), ("max", node.has("max"))] where present {
      inputs.append(try node.float(bound).map { try importer.scalar($0, stem: "\(node.name)_\(bound)") })
    }
    importer.emit(.clip, node, inputs, [:])
  }
}
