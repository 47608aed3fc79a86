/// Product of two run-time f32 matrices with batches: `out[b][i][j] = Σ left[b][i][k] · right[b][k][j]`; strides transpose and broadcast.
///
/// Buffers: output, left, right.
package struct MatMulF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.matMulF32

  package var rows: Int
  package var columns: Int
  package var depth: Int
  package var leftRowStride: Int
  package var leftColumnStride: Int
  package var rightRowStride: Int
  package var rightColumnStride: Int
  package var outputRowStride: Int
  package var batchExtents: Six
  package var outputBatchStrides: Six
  package var leftBatchStrides: Six
  package var rightBatchStrides: Six
  package var epilogue: Epilogue
  /// Columns of one task, a multiple of 16.
  package var columnBlock: Int

  /// Dense row-major matrices; transposed operands are stored the other way round.
  /// - Returns: nil where more than six batch dimensions remain after joining.
  package init?(
    rows: Int, columns: Int, depth: Int, transposesLeft: Bool = false, transposesRight: Bool = false, batchExtents: [Int] = [],
    outputBatchStrides: [Int] = [], leftBatchStrides: [Int] = [], rightBatchStrides: [Int] = [], epilogue: Epilogue = .none
  ) {
    guard let joined = coalesce(batchExtents, [outputBatchStrides, leftBatchStrides, rightBatchStrides]) else { return nil }
    self.rows = rows
    self.columns = columns
    self.depth = depth
    (leftRowStride, leftColumnStride) = transposesLeft ? (1, rows) : (depth, 1)
    (rightRowStride, rightColumnStride) = transposesRight ? (1, depth) : (columns, 1)
    outputRowStride = columns
    self.batchExtents = joined.extents
    self.outputBatchStrides = joined.strides[0]
    self.leftBatchStrides = joined.strides[1]
    self.rightBatchStrides = joined.strides[2]
    self.epilogue = epilogue
    columnBlock = 16 * max(1, min(4, blocks(columns, of: 16)))
  }

  package var columnBlocks: Int { blocks(columns, of: columnBlock) }
  package var taskCount: Int { rows == 0 ? 0 : batchExtents.product * columnBlocks }
  /// Row pointers, a bias of zeros, and the packed columns of a task.
  package var scratchBytes: Int { 64 + 64 + 4 * depth * columnBlock }
}

/// Product of a constant sparse matrix in CSR with a dense one: `out[i][j] = f(Σ values · right[column][j] + bias[i])`.
///
/// Strides place the dense matrices: row-major right-hand sides have `rightColumnStride` 1; a batch of vectors stored one after the other
/// has
/// `rightRowStride` 1. Buffers: output, right.
package struct SpmmF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.spmmF32

  package var rows: Int
  package var columns: Int
  /// Rows of the right-hand side.
  package var depth: Int
  /// Stored elements, row by row.
  package var values: UnsafePointer<Float>
  /// The column of each, less than `depth`, ascending in a row.
  package var columnIndices: UnsafePointer<UInt32>
  /// `rows` + 1 positions in `values`.
  package var rowStarts: UnsafePointer<UInt32>
  /// `rows` values, or nil for none.
  package var bias: UnsafePointer<Float>?
  package var epilogue: Epilogue
  package var rightRowStride: Int
  package var rightColumnStride: Int
  package var outputRowStride: Int
  package var outputColumnStride: Int

  /// Row-major dense matrices unless strides are set afterwards.
  package init(
    rows: Int, columns: Int, depth: Int, values: UnsafePointer<Float>, columnIndices: UnsafePointer<UInt32>,
    rowStarts: UnsafePointer<UInt32>,
    bias: UnsafePointer<Float>? = nil, epilogue: Epilogue = .none
  ) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.values = values
    self.columnIndices = columnIndices
    self.rowStarts = rowStarts
    self.bias = bias
    self.epilogue = epilogue
    rightRowStride = columns
    rightColumnStride = 1
    outputRowStride = columns
    outputColumnStride = 1
  }

  /// Columns of one panel of work.
  package static var panel: Int { 32 }
  /// Rows of one task where there is one panel only.
  package static var rowBlock: Int { 64 }
  /// A panel of the right-hand side is copied out where its columns are strided, or where its rows lie far apart and are read often.
  package var copiesPanels: Bool { columns > 1 && (rightColumnStride != 1 || (rightRowStride > 2 * Self.panel && rows >= 32)) }
  package var rowBlocks: Int { columns <= Self.panel && !copiesPanels ? blocks(rows, of: Self.rowBlock) : min(rows, 1) }
  package var taskCount: Int { blocks(columns, of: Self.panel) * rowBlocks }
  package var scratchBytes: Int { copiesPanels ? 4 * depth * Self.panel + 64 : 0 }
}
