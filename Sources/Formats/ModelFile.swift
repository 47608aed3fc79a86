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
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    do { return try read(try FileAccess.load(path), directory: folder) } catch var failure as Failure {
      if failure.status != .notFound, failure.status != .inputOutput { failure.message = "'\(path)': " + failure.message }
      throw failure
    }
  }

  /// Reads a model from memory that `storage` keeps alive. `directory` is where external data may be, nil: nowhere.
  package static func read(_ storage: Storage, directory: String? = nil) throws -> Graph {
    guard storage.byteCount > 0 else { throw Failure(.malformedFile, "the file is empty; an ONNX or .nsk model is needed", byteOffset: 0) }
    if NSKReader.matches(storage.bytes) { return try NSKReader.read(storage) }
    do { return try ONNXReader.read(storage, directory: directory) } catch var failure as Failure {
      // A file that goes wrong in its first bytes was hardly ever a network.
      if failure.status == .malformedFile, let offset = failure.byteOffset, offset < 16 {
        failure.message = "this is neither a .nsk file nor an ONNX model, or one whose beginning is damaged: " + failure.message
      }
      throw failure
    }
  }

  /// The bytes of `graph` in `format`.
  package static func encode(_ graph: Graph, as format: Format) throws -> [UInt8] {
    switch format {
    case .nsk: try NSKWriter.encode(graph)
    case .onnx: try ONNXWriter.encode(graph)
    }
  }

  /// Writes `graph` to `path` (format by extension: .nsk or .onnx). A failure leaves a file that was there as it was.
  package static func write(_ graph: Graph, to path: String) throws {
    let format: Format
    switch path.split(separator: "/").last?.split(separator: ".", omittingEmptySubsequences: false).last?.lowercased() {
    case "nsk": format = .nsk
    case "onnx": format = .onnx
    default: throw Failure(.invalidArgument, "'\(path)' must end in .nsk or .onnx, which is how the format is chosen")
    }
    try encode(graph, as: format).withUnsafeBytes { try FileAccess.replace(path, with: $0) }
  }
}
