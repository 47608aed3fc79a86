import Graph
import Tensors

extension ImportRule {
  /// Conv, of one or two spatial dimensions.
  static let convolution: ImportRule = {
    let attributes: Set<String> = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"]
    return ImportRule("Conv", inputs: 2...3, attributes: attributes) { importer, node in
      let inputs = try importer.inputs(node)
      let rank = importer.constant(inputs[1]).map(\.shape.count)
      try requireSpatialRank(node, weightRank: rank)
      importer.emit(.conv, node, inputs, try importer.attributes(node, attributes))
    }
  }()

  /// MaxPool without its second output; `storage_order` is about that one only.
  static let maxPool: ImportRule = {
    let attributes: Set<String> = ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides"]
    return ImportRule("MaxPool", inputs: 1...1, outputs: 1...2, attributes: attributes, ignored: ["storage_order"]) { importer, node in
      guard !importer.isUsed(node, output: 1) else {
        throw node.unsupported("the indices of MaxPool ('\(node.outputs[1])') are used; only its values are computed")
      }
      try requireSpatialRank(node)
      importer.emit(.maxPool, node, try importer.inputs(node), try importer.attributes(node, attributes), outputs: 1)
    }
  }()

  static let averagePool: ImportRule = {
    let attributes: Set<String> = ["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"]
    return ImportRule("AveragePool", inputs: 1...1, attributes: attributes) { importer, node in
      try requireSpatialRank(node)
      importer.emit(.averagePool, node, try importer.inputs(node), try importer.attributes(node, attributes))
    }
  }()

  private static func requireSpatialRank(_ node: SourceNode, weightRank: Int? = nil) throws {
    let spatial = try node.ints("kernel_shape")?.count ?? weightRank.map { $0 - 2 }
    guard (1...2).contains(spatial ?? 2) else {
      throw node.unsupported("\(node.type) over \(spatial ?? 0) spatial dimensions is not supported, only over 1 and 2")
    }
  }
}
