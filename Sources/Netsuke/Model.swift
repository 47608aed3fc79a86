import Formats
import Graph
import Passes
import Tensors

/// A network: a simplified graph, which carries the report of the compression that made it. Immutable and shareable.
package final class Model: Sendable {
  package let graph: Graph

  package init(_ graph: Graph) { self.graph = graph }

  /// Reads an .onnx or .nsk file. The weights of a .nsk file stay mapped as long as anything made from the model lives.
  package convenience init(path: String) throws {
    try self.init(imported: try ModelFile.read(path: path))
  }

  /// Reads a model from `bytes`, which are copied. ONNX external data is refused.
  package convenience init(copying bytes: UnsafeRawBufferPointer) throws {
    let storage = try Storage(byteCount: bytes.count) { $0.copyMemory(from: bytes) }
    try self.init(imported: try ModelFile.read(storage))
  }

  private convenience init(imported graph: Graph) throws {
    var graph = graph
    try Pipeline.simplify(&graph)
    self.init(graph)
  }

  /// Writes the model to `path`, in the format its extension says; a failure leaves an older file as it was. Zeros of weights take no room
  /// beyond a bit each in a .nsk file, whoever made them zero.
  package func save(to path: String) throws { try ModelFile.write(graph.withCompactWeights(), to: path) }

  /// The model as the bytes of a file; `format` as in netsuke.h: 1 .nsk, 2 .onnx.
  package func encoded(format: Int32) throws -> [UInt8] {
    switch format {
    case 1: return try ModelFile.encode(graph.withCompactWeights(), as: .nsk)
    case 2: return try ModelFile.encode(graph, as: .onnx)
    default: throw Failure(.invalidArgument, "there is no file format \(format); 1 is .nsk, 2 is .onnx")
    }
  }
}

/// What is known of a model's input or output before anything runs.
package struct PortDescription: Sendable {
  package let name: String
  /// 0 where it is not known.
  package let dtype: Int32
  /// nil where the rank is not known; -1 for an open extent.
  package let dims: [Int]?
}

extension Model {
  package var inputs: [PortDescription] { graph.inputs.map(describe) }
  package var outputs: [PortDescription] { graph.outputs.map(describe) }

  private func describe(_ id: ValueID) -> PortDescription {
    let value = graph[id]
    return PortDescription(
      name: value.name, dtype: value.type.map { Int32($0.dtype.rawValue) } ?? 0, dims: value.type?.shape?.map { $0.value ?? -1 })
  }
}
