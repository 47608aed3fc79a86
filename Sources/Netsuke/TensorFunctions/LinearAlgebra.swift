import Compression
import Tensors

/// Linear algebra in double precision on the caller's memory: row-major matrices, of which nothing is written where something is wrong.
package enum LinearAlgebra {
  /// a = left · diag(values) · right.
  package static func singularValues(
    _ a: UnsafeBufferPointer<Double>, rows: Int, columns: Int, left: UnsafeMutableBufferPointer<Double>,
    values: UnsafeMutableBufferPointer<Double>, right: UnsafeMutableBufferPointer<Double>
  ) throws {
    let svd = try SVD(Array(a), rows: rows, columns: columns)
    copy(svd.left, to: left)
    copy(svd.values, to: values)
    copy(svd.right, to: right)
  }

  /// Descending values; row i of `vectors` is the eigenvector of value i.
  package static func eigenvalues(
    _ a: UnsafeBufferPointer<Double>, size: Int, values: UnsafeMutableBufferPointer<Double>, vectors: UnsafeMutableBufferPointer<Double>
  ) throws {
    let found = try SymmetricEigen(symmetric(a, size), size: size)
    copy(found.values, to: values)
    copy(found.vectors, to: vectors)
  }

  /// The lower triangular factor.
  package static func cholesky(_ a: UnsafeBufferPointer<Double>, size: Int, factor: UnsafeMutableBufferPointer<Double>) throws {
    guard let found = Cholesky(try symmetric(a, size), size: size) else {
      throw Failure(.invalidArgument, "the matrix is not positive definite")
    }
    for row in 0..<size {
      for column in 0..<size { factor[row * size + column] = column <= row ? found.factor[row * size + column] : 0 }
    }
  }

  /// The least squares solution of least norm.
  /// - Returns: the rank of `a`.
  package static func leastSquares(
    _ a: UnsafeBufferPointer<Double>, rows: Int, columns: Int, _ b: UnsafeBufferPointer<Double>, count: Int,
    into x: UnsafeMutableBufferPointer<Double>
  ) throws -> Int {
    let decomposed = try HouseholderQR(Array(a), rows: rows, columns: columns, pivoting: true)
    copy(try decomposed.leastSquares(Array(b), count: count), to: x)
    return decomposed.rank(Double(max(rows, columns)) * 0x1p-52)
  }

  /// The matrix that the lower triangle says, the other one not read.
  private static func symmetric(_ a: UnsafeBufferPointer<Double>, _ size: Int) throws -> [Double] {
    var matrix = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...row {
        let value = a[row * size + column]
        guard value.isFinite else { throw Failure(.notFinite, "the matrix is \(value) at [\(row)][\(column)]") }
        matrix[row * size + column] = value
        matrix[column * size + row] = value
      }
    }
    return matrix
  }

  private static func copy(_ source: [Double], to target: UnsafeMutableBufferPointer<Double>) {
    for (index, value) in source.enumerated() where target.indices.contains(index) { target[index] = value }
  }
}
