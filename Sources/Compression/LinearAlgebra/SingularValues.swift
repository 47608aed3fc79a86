import Tensors

/// A = U·Σ·Vᵀ, thin: bidiagonal form by Householder reflections (of R, where A has many more rows than columns), then Golub and Kahan's QR
/// iterations, with zero shifts where a value is next to nothing (Demmel and Kahan 1990). Values are right to a few roundings of the largest.
package struct SVD: Sendable {
  package let rows: Int
  package let columns: Int
  /// rows × k, k = min(rows, columns), row-major; its columns are orthonormal, also those of values that are zero.
  package let left: [Double]
  /// Descending, k of them.
  package let values: [Double]
  /// Vᵀ, k × columns, row-major; its rows are orthonormal.
  package let right: [Double]

  package var count: Int { values.count }

  package init(rows: Int, columns: Int, left: [Double], values: [Double], right: [Double]) {
    (self.rows, self.columns, self.left, self.values, self.right) = (rows, columns, left, values, right)
  }

  /// - matrix: row-major; any size, also without elements.
  /// - Throws: `notFinite` for NaN or infinite elements.
  package init(_ matrix: [Double], rows: Int, columns: Int) throws {
    let scale = try PowerOfTwo(scaling: matrix, rows: rows, columns: columns)
    (self.rows, self.columns) = (rows, columns)
    guard rows > 0, columns > 0 else { (left, values, right) = ([], [], []); return }
    let wide = rows < columns
    let tall = wide ? transposed(scale.scaled(matrix), rows: rows, columns: columns) : scale.scaled(matrix)
    let (m, n) = (max(rows, columns), min(rows, columns))
    // (n × m, n, n × n): the left vectors as rows.
    let (lefts, found, rights) = try m > n + n / 2 ? Self.throughQR(tall, m, n) : Bidiagonal.decompose(tall, m, n)
    values = scale.restored(found)
    left = transposed(wide ? rights : lefts, rows: n, columns: rows)
    right = wide ? lefts : rights
  }

  private static func throughQR(_ tall: [Double], _ m: Int, _ n: Int) throws -> ([Double], [Double], [Double]) {
    let factors = try HouseholderQR(tall, rows: m, columns: n)
    let (inner, values, rights) = try Bidiagonal.decompose(factors.upper, n, n)
    var lefts = [Double](repeating: 0, count: n * m)
    lefts.withUnsafeMutableBufferPointer { lefts in
      guard let base = lefts.baseAddress else { return }
      for row in 0..<n {
        for i in 0..<n { base[row * m + i] = inner[row * n + i] }
        factors.applyQ(base + row * m, transposed: false)
      }
    }
    return (lefts, values, rights)
  }
}
