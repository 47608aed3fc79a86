import Graph
import Tensors

extension ImportRule {
  /// BatchNormalization with running statistics. Opset 7 and 8 could normalize each pixel on its own (`spatial` 0), 14 and later can
  /// train; neither is supported, and the further outputs of training must not be used.
  static let batchNormalization = ImportRule(
    "BatchNormalization", inputs: 5...5, outputs: 1...5, attributes: ["epsilon", "spatial", "training_mode"],
    ignored: ["momentum", "is_test"]
  ) { importer, node in
    guard try node.int("spatial", default: 1) != 0 else {
      throw node.unsupported("BatchNormalization with spatial=0 is not supported")
    }
    guard try node.int("training_mode", default: 0) == 0 else {
      throw node.unsupported("BatchNormalization is in training mode; export the model for inference (model.eval())")
    }
    for position in 1..<5 where importer.isUsed(node, output: position) {
      throw node.unsupported("output \(position) of BatchNormalization ('\(node.outputs[position])') is used; it is there in training only")
    }
    importer.emit(.batchNormalization, node, try importer.inputs(node), try importer.attributes(node, ["epsilon"]), outputs: 1)
  }
}
