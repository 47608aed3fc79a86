import Graph
import SwiftProtobuf
import Tensors

/// Reads ONNX models of opsets 7 to 22 into graphs.
package enum ONNXReader {
  package static let opsets = 7...22

  /// The graph of the model in `storage`, in the form of opset 18 with parameters as inputs (docs/architecture.md).
  ///
  /// Weights are copied out of `storage`, which may go afterwards. `directory` is where external data may be, nil: nowhere.
  /// - Throws: `malformedFile` naming the tensor or node and, where it is known, the byte; `unsupported` listing every operator
  ///   that is not known.
  package static func read(_ storage: Storage, directory: String? = nil) throws -> Graph {
    let budget = MemoryBudget(fileBytes: storage.byteCount)
    let model = try decode(storage.bytes, budget)
    guard model.hasGraph else {
      throw Failure(.malformedFile, storage.byteCount == 0 ? "the file is empty" : "the file is no ONNX model: it has no graph")
    }
    let opset = try opset(of: model)
    try requireKnownOperators(model.graph)
    let decoder = TensorDecoder(file: storage.bytes, budget: budget, external: ExternalData(directory: directory, budget: budget))
    var importer = try ONNXImporter(model.graph, opset: opset, decoder: decoder)
    try importer.run()
    var graph = importer.graph
    graph.metadata = metadata(of: model)
    graph.compact()
    withExtendedLifetime(storage) {}
    return graph
  }

  private static func decode(_ file: UnsafeRawBufferPointer, _ budget: MemoryBudget) throws -> Onnx_ModelProto {
    let thin = try ThinModel(file: file, budget: budget)
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    do { return try Onnx_ModelProto(serializedBytes: thin.bytes, options: options) } catch {
      throw Failure(.malformedFile, "the file is no ONNX model: \(error)")
    }
  }

  private static func opset(of model: Onnx_ModelProto) throws -> Int {
    let versions = model.opsetImport.filter { isStandard($0.domain) }.map(\.version)
    guard let version = versions.max() else {
      throw Failure(.malformedFile, "the ONNX model does not say which operator set it uses")
    }
    guard let opset = Int(exactly: version), opsets.contains(opset) else {
      let range = "\(opsets.lowerBound) to \(opsets.upperBound)"
      throw Failure(.unsupported, "the ONNX model uses opset \(version); opsets \(range) are read, export or convert it to one of them")
    }
    return opset
  }

  static func isStandard(_ domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }

  /// What an operator is called here: with its domain, where that is not ONNX's own.
  static func type(of node: Onnx_NodeProto) -> String { isStandard(node.domain) ? node.opType : "\(node.domain)::\(node.opType)" }

  /// One error for all operators that are not known, each with the nodes that use it.
  private static func requireKnownOperators(_ graph: Onnx_GraphProto) throws {
    var order: [String] = []
    var nodes: [String: [String]] = [:]
    for (index, node) in graph.node.enumerated() where ImportRule.known[type(of: node)] == nil {
      let type = type(of: node)
      if nodes[type] == nil { order.append(type) }
      nodes[type, default: []].append(node.name.isEmpty ? "node \(index)" : "'\(node.name)'")
    }
    guard !order.isEmpty else { return }
    let list = order.map { "\($0) (\(nodes[$0, default: []].joined(separator: ", ")))" }.joined(separator: "; ")
    let operators = order.count == 1 ? "an operator that is" : "\(order.count) operators that are"
    throw Failure(.unsupported, "the ONNX model uses \(operators) not supported: \(list)")
  }

  private static func metadata(of model: Onnx_ModelProto) -> [String: String] {
    var metadata: [String: String] = [:]
    for entry in model.metadataProps { metadata[entry.key] = entry.value }
    if !model.producerName.isEmpty {
      metadata["producer"] = model.producerVersion.isEmpty ? model.producerName : "\(model.producerName) \(model.producerVersion)"
    }
    return metadata
  }
}
