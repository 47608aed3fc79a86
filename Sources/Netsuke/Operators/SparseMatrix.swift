import KernelContract
import Tensors

/// A matrix in CSR form, as the sparse kernels read it.
struct SparseMatrix: Sendable {
  let rows: Int
  let columns: Int
  private let values: Storage
  private let columnIndices: Storage
  private let rowStarts: Storage

  /// The elements of the row-major `dense` that are not zero.
  init(rows: Int, columns: Int, _ dense: UnsafeBufferPointer<Float>) throws {
    let nonzeros = dense.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    guard nonzeros <= Int(Int32.max), columns <= Int(Int32.max) else {
      throw Failure(.unsupported, "a sparse matrix of \(nonzeros) elements is too large")
    }
    self.rows = rows
    self.columns = columns
    var starts: [UInt32] = [], indices: [UInt32] = [], kept: [Float] = []
    starts.reserveCapacity(rows + 1)
    indices.reserveCapacity(nonzeros)
    kept.reserveCapacity(nonzeros)
    for row in 0..<rows {
      starts.append(UInt32(kept.count))
      for column in 0..<columns where dense[row * columns + column] != 0 {
        indices.append(UInt32(column))
        kept.append(dense[row * columns + column])
      }
    }
    starts.append(UInt32(kept.count))
    values = try Storage.of(kept)
    columnIndices = try Storage.of(indices)
    rowStarts = try Storage.of(starts)
  }

  var byteCount: Int { values.byteCount + columnIndices.byteCount + rowStarts.byteCount }

  /// This matrix times `width` dense columns.
  func product(width: Int, bias: UnsafePointer<Float>, _ epilogue: Epilogue) -> SpmmF32Descriptor {
    SpmmF32Descriptor(
      rows: rows, columns: width, depth: columns, values: values.pointer(Float.self), columnIndices: columnIndices.pointer(UInt32.self),
      rowStarts: rowStarts.pointer(UInt32.self), bias: bias, epilogue: epilogue)
  }
}
