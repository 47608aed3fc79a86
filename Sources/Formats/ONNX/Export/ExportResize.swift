import Graph
import Tensors

extension ExportRule {
  /// Resize of opset 18, which names the axes that its scales or sizes are for.
  static let resize = ExportRule { exporter, node in
    let scales = try node.attributes.floats("scales")
    var inputs = [try exporter.name(node.requiredInput(0)), ""]
    if let scales {
      inputs.append(try exporter.initializer(Tensor([2], scales), stem: "\(node.name)_scales"))
    } else {
      inputs += ["", try exporter.name(node.requiredInput(1))]
    }
    var attributes = node.attributes.values.filter { $0.key != "scales" }
    attributes["axes"] = .ints([2, 3])
    if try node.attributes.string("coordinate_transformation_mode", default: "") == "half_pixel_symmetric" { exporter.require(opset: 19) }
    exporter.append("Resize", inputs, [exporter.graph[node.outputs[0]].name], name: node.name, attributes)
  }
}
