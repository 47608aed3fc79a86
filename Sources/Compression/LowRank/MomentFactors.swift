import Tensors

/// The best two factors of a matrix W for inputs x whose second moments are known: left · right of rank k minimising E‖(W − left·right)·x‖².
///
/// With E[x·xᵀ] = L·Lᵀ that is ‖W·L − left·right·L‖², whose least comes of the leading left singular vectors U of W·L: left = U, right = Uᵀ·W.
/// Nothing is divided by L, so that moments may lack rank.
package struct MomentFactors {
  /// rows × rank, orthonormal columns; and rank × columns; row-major.
  package let left: [Double]
  package let right: [Double]
  /// √(E‖(W − left·right)·x‖² / E‖W·x‖²); 0 where the outputs vanish.
  package let error: Double

  /// - matrix: rows × columns.
  /// - moments: columns × columns, of which the lower triangle is read; nil: the identity.
  /// - Throws: `invalidArgument` for moments that are not positive semidefinite to rounding, `unsupported` for more than
  ///   `LayerMoments.maximumWidth` columns of them, `notFinite`.
  package init(
    _ matrix: [Double], rows: Int, columns: Int, moments: [Double]?, rank: Int, multiply: MatrixProducts, progress: ProgressReporter
  ) throws {
    let weighted = try moments.map { try Self.weighted(matrix, rows: rows, columns: columns, moments: $0) } ?? matrix
    let squares = weighted.reduce(0) { $0 + $1 * $1 }
    let svd = try LeadingSVD.decompose(weighted, rows: rows, columns: columns, rank: rank, multiply: multiply, progress: progress)
    let kept = min(rank, svd.count)
    var (left, right) = ([Double](repeating: 0, count: rows * rank), [Double](repeating: 0, count: rank * columns))
    for row in 0..<rows { for k in 0..<kept { left[row * rank + k] = svd.left[row * svd.count + k] } }
    if moments == nil {
      for k in 0..<kept { for column in 0..<columns { right[k * columns + column] = svd.values[k] * svd.right[k * columns + column] } }
    } else {
      right = product(
        transposed(left, rows: rows, columns: rank), byTransposed: transposed(matrix, rows: rows, columns: columns), rows: rank,
        columns: columns, depth: rows)
    }
    let found = svd.values.prefix(kept).reduce(0) { $0 + $1 * $1 }
    // Below rounding of the sum, what is left is summed itself where it is known.
    let rest = svd.count == min(rows, columns) ? svd.values.dropFirst(kept).reduce(0) { $0 + $1 * $1 } : max(squares - found, 0)
    error = squares > 0 ? (rest / squares).squareRoot() : 0
    self.left = left
    self.right = right
  }

  private static func weighted(_ matrix: [Double], rows: Int, columns: Int, moments: [Double]) throws -> [Double] {
    guard columns <= LayerMoments.maximumWidth else {
      throw Failure(.unsupported, "moments of \(columns) inputs are too many; the limit is \(LayerMoments.maximumWidth)")
    }
    guard moments.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "the moments hold elements that are not finite") }
    let diagonal = (0..<columns).map { moments[$0 * columns + $0] }
    guard diagonal.allSatisfy({ $0 >= 0 }) else {
      throw Failure(.invalidArgument, "the moments have a negative diagonal element; they are those of E[x·xᵀ]")
    }
    let largest = diagonal.max() ?? 0
    guard largest > 0 else { return [Double](repeating: 0, count: matrix.count) }
    // Rounding of the moments, times their number, may make the least eigenvalues negative.
    var scaled = moments.map { $0 / largest }
    for index in 0..<columns { scaled[index * columns + index] += Double(columns) * 0x1p-46 }
    guard let factor = Cholesky(scaled, size: columns)?.factor else {
      throw Failure(.invalidArgument, "the moments are not positive semidefinite; they are those of E[x·xᵀ]")
    }
    var upper = [Double](repeating: 0, count: columns * columns)
    for i in 0..<columns { for j in 0...i { upper[j * columns + i] = factor[i * columns + j] } }
    return product(matrix, byTransposed: upper, rows: rows, columns: columns, depth: columns)
  }
}
