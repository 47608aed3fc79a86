extension HouseholderQR {
  /// How many diagonal elements of R exceed `tolerance` times the first: the numerical rank where the columns were pivoted.
  package func rank(_ tolerance: Double) -> Int {
    let r = upper
    let first = steps > 0 ? r[0].magnitude : 0
    return (0..<steps).prefix { r[$0 * columns + $0].magnitude > tolerance * first }.count
  }

  /// The X of least norm among those that minimise ‖A·X − B‖ by column, by a complete orthogonal decomposition; factor A with pivoting.
  ///
  /// - right: B, rows × count, row-major.
  /// - tolerance: of the rank; nil: rounding's, max(rows, columns) · 2⁻⁵².
  /// - Returns: X, columns × count, row-major.
  package func leastSquares(_ right: [Double], count: Int, tolerance: Double? = nil) throws -> [Double] {
    let scale = try PowerOfTwo(scaling: right, rows: rows, columns: count)
    let rank = rank(tolerance ?? Double(max(rows, columns)) * 0x1p-52)
    guard rank > 0, count > 0 else { return [Double](repeating: 0, count: columns * count) }
    // A·P = Q₁·R, and the r rows of R that count are Tᵀ·Zᵀ with Rᵀ = Z·T: X = P·Z·T⁻ᵀ·Q₁ᵀ·B.
    var r = upper
    r.removeLast((steps - rank) * columns)
    let trailing = try HouseholderQR(transposed(r, rows: rank, columns: columns), rows: columns, columns: rank)
    let t = trailing.upper
    let sides = transposed(scale.scaled(right), rows: rows, columns: count)
    var solution = [Double](repeating: 0, count: columns * count)
    var b = [Double](repeating: 0, count: rows), z = [Double](repeating: 0, count: columns)
    for column in 0..<count {
      for i in 0..<rows { b[i] = sides[column * rows + i] }
      b.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { applyQ(base, transposed: true) } }
      for j in 0..<columns { z[j] = 0 }
      for i in 0..<rank {
        var rest = b[i]
        for k in 0..<i { rest -= t[k * rank + i] * z[k] }
        z[i] = rest / t[i * rank + i]
      }
      z.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { trailing.applyQ(base, transposed: false) } }
      for j in 0..<columns { solution[permutation[j] * count + column] = z[j] }
    }
    return scale.restored(solution)
  }
}
