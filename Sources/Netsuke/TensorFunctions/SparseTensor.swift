import KernelContract
import Tensors

/// CSR matrices on the caller's memory.
package enum SparseTensor {
  /// Writes the elements of `dense` that are not zero, or only counts them where `columnIndices` and `values` are nil.
  /// - Throws: `shapeMismatch` where `capacity` is too small; nothing is written then.
  package static func compress(
    _ dense: UnsafeBufferPointer<Float>, rows: Int, columns: Int, rowOffsets: UnsafeMutablePointer<Int32>?,
    columnIndices: UnsafeMutablePointer<Int32>?, values: UnsafeMutablePointer<Float>?, capacity: Int
  ) throws -> Int {
    let nonzeros = dense.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    guard nonzeros <= Int(Int32.max), columns <= Int(Int32.max) else {
      throw Failure(.unsupported, "a sparse matrix of \(nonzeros) elements in \(columns) columns is too large")
    }
    guard columnIndices == nil || capacity >= nonzeros else {
      throw Failure(.shapeMismatch, "\(nonzeros) elements are not zero, and there is room for \(capacity)")
    }
    var stored = 0
    rowOffsets?[0] = 0
    for row in 0..<rows {
      for column in 0..<columns {
        let value = dense[row * columns + column]
        if value == 0 { continue }
        columnIndices?[stored] = Int32(column)
        values?[stored] = value
        stored += 1
      }
      rowOffsets?[row + 1] = Int32(stored)
    }
    return nonzeros
  }

  /// A CSR matrix of the caller's.
  package struct Matrix {
    package var rows: Int
    package var columns: Int
    package var rowOffsets: UnsafePointer<Int32>
    package var columnIndices: UnsafePointer<Int32>?
    package var values: UnsafePointer<Float>?

    package init(
      rows: Int, columns: Int, rowOffsets: UnsafePointer<Int32>, columnIndices: UnsafePointer<Int32>?, values: UnsafePointer<Float>?
    ) {
      self.rows = rows
      self.columns = columns
      self.rowOffsets = rowOffsets
      self.columnIndices = columnIndices
      self.values = values
    }

    /// - Throws: `invalidArgument` for offsets or indices that a product must not follow.
    func validate() throws {
      guard rows <= Int(Int32.max), columns <= Int(Int32.max) else { throw Failure(.unsupported, "the sparse matrix is too large") }
      guard rowOffsets[0] == 0 else { throw Failure(.invalidArgument, "row_offsets[0] must be 0, not \(rowOffsets[0])") }
      for row in 0..<rows where rowOffsets[row + 1] < rowOffsets[row] {
        throw Failure(.invalidArgument, "row_offsets must ascend; [\(row + 1)] is \(rowOffsets[row + 1]) behind \(rowOffsets[row])")
      }
      let count = Int(rowOffsets[rows])
      guard count > 0 else { return }
      guard let columnIndices, values != nil else { throw Failure(.invalidArgument, "column_indices or values is NULL") }
      for index in 0..<count where !(0..<columns).contains(Int(columnIndices[index])) {
        throw Failure(.invalidArgument, "column_indices[\(index)] is \(columnIndices[index]), and there are \(columns) columns")
      }
    }
  }

  /// c = a · b, the rows of b and c `ldb` and `ldc` elements apart.
  package static func multiply(
    _ a: Matrix, width: Int, _ b: UnsafePointer<Float>, ldb: Int, into c: UnsafeMutablePointer<Float>, ldc: Int
  ) throws {
    try a.validate()
    guard a.rows > 0, width > 0 else { return }
    // No element: any address will do.
    let nothing = UnsafePointer<Float>(c)
    var product = SpmmF32Descriptor(
      rows: a.rows, columns: width, depth: a.columns, values: a.values ?? nothing,
      columnIndices: UnsafePointer(OpaquePointer(a.columnIndices ?? a.rowOffsets)), rowStarts: UnsafePointer(OpaquePointer(a.rowOffsets)))
    product.rightRowStride = ldb
    product.outputRowStride = ldc
    let workspace = Workspace()
    try workspace.withBytes(StepRunner.stride(product.scratchBytes)) { scratch in
      try StepRunner(run: .alone, scratch: scratch, scratchStride: 0)(product, c, b)
    }
  }
}
