import Graph
import Tensors

/// A constant of an ONNX graph that is not decoded yet.
enum Initializer {
  case dense(Onnx_TensorProto)
  case sparse(Onnx_SparseTensorProto)

  /// All initializers by name.
  static func table(_ graph: Onnx_GraphProto) throws -> [String: Initializer] {
    var table: [String: Initializer] = [:]
    func add(_ name: String, _ initializer: Initializer) throws {
      guard !name.isEmpty, table.updateValue(initializer, forKey: name) == nil else {
        throw Failure(.malformedFile, name.isEmpty ? "an initializer has no name" : "the initializer '\(name)' is there twice")
      }
    }
    for tensor in graph.initializer { try add(tensor.name, .dense(tensor)) }
    for tensor in graph.sparseInitializer { try add(tensor.values.name, .sparse(tensor)) }
    return table
  }

  func weight(_ decoder: TensorDecoder) throws -> Weight {
    switch self {
    case .dense(let proto): Weight(try decoder.tensor(proto, "initializer '\(proto.name)'"))
    case .sparse(let proto): try decoder.sparse(proto, "sparse initializer '\(proto.values.name)'")
    }
  }
}
