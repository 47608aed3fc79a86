import Tensors

/// Singular values and vectors of a matrix: all of them, or of large matrices the leading ones.
package enum LeadingSVD {
  /// Matrices with more rows and columns than this are decomposed as far as some leading rank only.
  private static let largestWhole = 1024

  /// - elements: row-major.
  /// - rank: how many are wanted of a large matrix.
  package static func decompose(
    _ elements: [Double], rows: Int, columns: Int, rank: Int, multiply: MatrixProducts, progress: ProgressReporter
  ) throws -> SVD {
    guard min(rows, columns) > largestWhole else { return try SVD(elements, rows: rows, columns: columns) }
    return try leading(elements.map(Float.init), rows, columns, rank, multiply, progress)
  }

  /// The same of f32 elements, without a wider copy of a large matrix.
  static func decompose(
    _ elements: [Float], rows: Int, columns: Int, rank: Int, multiply: MatrixProducts, progress: ProgressReporter
  ) throws -> SVD {
    guard min(rows, columns) > largestWhole else { return try SVD(elements.map(Double.init), rows: rows, columns: columns) }
    return try leading(elements, rows, columns, rank, multiply, progress)
  }

  private static func leading(
    _ elements: [Float], _ rows: Int, _ columns: Int, _ rank: Int, _ multiply: MatrixProducts, _ progress: ProgressReporter
  ) throws -> SVD {
    try RandomizedSVD.leading(
      try Tensor([rows, columns], elements), rank: min(max(rank, 1), min(rows, columns)), multiply: multiply, progress: progress
    ).svd
  }
}
