import Graph
import Tensors

extension ImportRule {
  /// Slice: starts, ends and axes are attributes before opset 10.
  static let slice = ImportRule("Slice", inputs: 1...5, attributes: ["starts", "ends", "axes"]) { importer, node in
    var inputs = try importer.inputs(node)
    if node.opset < 10 {
      guard inputs.count == 1, let starts = try node.ints("starts"), let ends = try node.ints("ends") else {
        throw node.malformed("Slice needs the attributes starts and ends in opset \(node.opset)")
      }
      inputs.append(try importer.integers(starts, stem: "\(node.name)_starts"))
      inputs.append(try importer.integers(ends, stem: "\(node.name)_ends"))
      if let axes = try node.ints("axes") { inputs.append(try importer.integers(axes, stem: "\(node.name)_axes")) }
    } else if node.has("starts") || !node.hasInput(2) {
      throw node.malformed("Slice needs starts and ends as inputs in opset \(node.opset)")
    }
    importer.emit(.slice, node, inputs, [:])
  }

  /// Split: sizes are an attribute before opset 13; where no sizes are given the parts are equal, which opset 18 says by their number.
  static let split = ImportRule(
    "Split", inputs: 1...2, outputs: 1...(1 << 16), attributes: ["axis", "split", "num_outputs"]
  ) { importer, node in
    var inputs = try importer.inputs(node)
    var attributes = try importer.attributes(node, ["axis"])
    if let sizes = try node.ints("split") {
      guard node.opset < 13, inputs.count == 1 else { throw node.malformed("Split has its sizes as an attribute in opset \(node.opset)") }
      inputs.append(try importer.integers(sizes, stem: "\(node.name)_split"))
    }
    if inputs.count == 1 {
      let parts = try node.int("num_outputs", default: node.outputs.count)
      guard parts == node.outputs.count else { throw node.malformed("Split says num_outputs \(parts) and has \(node.outputs.count)") }
      attributes["num_outputs"] = .int(parts)
    } else if node.has("num_outputs") {
      throw node.malformed("Split has both sizes and num_outputs")
    }
    importer.emit(.split, node, inputs, attributes)
  }

  /// Reshape: an attribute `shape` is left from before opset 5 in files that say a later one.
  static let reshape = ImportRule("Reshape", inputs: 1...2, attributes: ["allowzero", "shape"]) { importer, node in
    var inputs = try importer.inputs(node)
    if inputs.count == 1 {
      guard let shape = try node.ints("shape") else { throw node.malformed("Reshape needs a shape") }
      inputs.append(try importer.integers(shape, stem: "\(node.name)_shape"))
    }
    importer.emit(.reshape, node, inputs, try importer.attributes(node, ["allowzero"]))
  }

  /// Pad: pads and value are attributes before opset 11.
  static let pad = ImportRule("Pad", inputs: 1...4, attributes: ["mode", "pads", "value"]) { importer, node in
    var inputs = try importer.inputs(node)
    if node.opset < 11 {
      guard inputs.count == 1, let pads = try node.ints("pads") else {
        throw node.malformed("Pad needs the attribute pads in opset \(node.opset)")
      }
      inputs.append(try importer.integers(pads, stem: "\(node.name)_pads"))
      if let value = try node.float("value") { inputs.append(try importer.scalar(value, stem: "\(node.name)_value")) }
    } else if node.has("pads") || !node.hasInput(1) {
      throw node.malformed("Pad needs pads as an input in opset \(node.opset)")
    }
    importer.emit(.pad, node, inputs, try importer.attributes(node, ["mode"]))
  }
}
