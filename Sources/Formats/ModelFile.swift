import Graph
import Tensors

/// A model on disk or in memory, in either format, told apart by its first bytes.
///
/// Bytes enter here and become a `Graph`; a `Graph` leaves here as bytes. The weights of a read graph may borrow the
/// file's mapping, which their `Storage` keeps alive.
package enum ModelFile {
  package enum Format: Sendable { case nsk, onnx }

  /// Reads the file at `path`. ONNX external data is looked for beside the file.
  package static func read(path: String) throws -> Graph {
    throw Failure(.internal, "not there yet")
  }

  /// Reads a model from memory that `storage` keeps alive. `directory` is where external data may be, nil: nowhere.
  package static func read(_ storage: Storage, directory: String? = nil) throws -> Graph {
    throw Failure(.internal, "not there yet")
  }

  /// The bytes of `graph` in `format`.
  package static func encode(_ graph: Graph, as format: Format) throws -> [UInt8] {
    throw Failure(.internal, "not there yet")
  }

  /// Writes `graph` to `path` (format by extension: .nsk or .onnx). A failure leaves a file that was there as it was.
  package static func write(_ graph: Graph, to path: String) throws {
    throw Failure(.internal, "not there yet")
  }
}
