import FoundationEssentials
import Graph
import SwiftProtobuf
import Tensors

/// Writes graphs as ONNX models that other engines run: opset 18, or the first later one that has what the graph needs.
package enum ONNXWriter {
  /// A protocol-buffer message cannot be larger.
  static let maximumBytes = Int(Int32.max)

  /// The bytes of the model.
  ///
  /// Fused activations and channel shuffles become nodes of their own. Quantized weights stay small (integer codes and a
  /// DequantizeLinear); sparse ones become dense, because engines refuse ONNX's sparse initializers.
  /// - Throws: `unsupported` for more than 2 GB, and what type inference throws.
  package static func encode(_ graph: Graph) throws -> [UInt8] {
    var typed = graph
    try typed.inferTypes()
    var exporter = ONNXExporter(typed)
    try exporter.run()
    var model = Onnx_ModelProto()
    model.irVersion = exporter.opset > 20 ? 10 : 9
    model.producerName = "netsuke"
    model.opsetImport = [.with { $0.version = Int64(exporter.opset) }]
    model.graph = exporter.proto
    for key in graph.metadata.keys.sorted() where key != "producer" {
      model.metadataProps.append(
        .with {
          $0.key = key; $0.value = graph.metadata[key] ?? ""
        })
    }
    do { return try model.serializedBytes() } catch {
      throw Failure(.unsupported, "the model cannot be written as ONNX: \(error)")
    }
  }
}
