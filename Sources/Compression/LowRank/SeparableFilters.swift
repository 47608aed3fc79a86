import Graph
import Tensors

/// A bank of filters [outputs, inputs, height, width] as vertical ones followed by horizontal ones. Of all banks of `rank` maps between
/// them the nearest comes of the singular values of the matrix [(input, y), (output, x)] (Tai et al. 2016).
package struct SeparableFilters {
  let shape: [Int]
  let svd: SVD
  let squares: Double

  /// - bank: row-major.
  /// - leading: how many singular values are looked for at most.
  package init(_ bank: [Double], shape: [Int], leading: Int, multiply: MatrixProducts, progress: ProgressReporter) throws {
    self.shape = shape
    let (outputs, inputs, height, width) = (shape[0], shape[1], shape[2], shape[3])
    let (rows, columns) = (inputs * height, outputs * width)
    var matrix = [Double](repeating: 0, count: rows * columns)
    for n in 0..<outputs {
      for row in 0..<rows {
        for x in 0..<width { matrix[row * columns + n * width + x] = bank[(n * rows + row) * width + x] }
      }
    }
    squares = matrix.reduce(0) { $0 + $1 * $1 }
    svd = try LeadingSVD.decompose(matrix, rows: rows, columns: columns, rank: leading, multiply: multiply, progress: progress)
  }

  /// The share of the squares that each rank from 1 on keeps.
  var kept: [Double] {
    var sum = 0.0
    return svd.values.map { value in
      sum += value * value
      return squares > 0 ? min(sum / squares, 1) : 1
    }
  }

  /// The relative error of a rank; exactly what is left out where all singular values are known.
  package func error(rank: Int) -> Double {
    guard squares > 0 else { return 0 }
    let (found, rows, columns) = (svd.values, shape[1] * shape[2], shape[0] * shape[3])
    let lost =
      found.count == min(rows, columns)
      ? found.dropFirst(rank).reduce(0) { $0 + $1 * $1 } : squares - found.prefix(rank).reduce(0) { $0 + $1 * $1 }
    return (max(lost, 0) / squares).squareRoot()
  }

  /// Vertical filters [rank, inputs, height, 1] and horizontal ones [outputs, rank, 1, width]; those beyond the values there are are zero.
  package func pair(rank: Int) -> BalancedPair {
    let (outputs, inputs, height, width) = (shape[0], shape[1], shape[2], shape[3])
    let (rows, columns, kept) = (inputs * height, outputs * width, min(rank, svd.count))
    var (vertical, horizontal) = ([Double](repeating: 0, count: kept * rows), [Double](repeating: 0, count: columns * kept))
    for k in 0..<kept {
      for row in 0..<rows { vertical[k * rows + row] = svd.left[row * svd.count + k] }
      for column in 0..<columns { horizontal[column * kept + k] = svd.right[k * columns + column] * svd.values[k] }
    }
    var pair = BalancedPair(vertical, horizontal, rows: columns, rank: kept, columns: rows, paddedTo: rank)
    // [(output, x), rank] → [output, rank, x].
    let flat = pair.second
    for n in 0..<outputs {
      for k in 0..<rank { for x in 0..<width { pair.second[(n * rank + k) * width + x] = flat[(n * width + x) * rank + k] } }
    }
    return pair
  }
}
