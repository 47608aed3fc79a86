/// The factor L of a symmetric positive definite matrix A = L·Lᵀ, in double precision.
package struct Cholesky {
  package let size: Int
  /// Row-major; what lies above the diagonal has no meaning.
  package let factor: [Double]

  /// - matrix: row-major; only its lower triangle is read.
  /// - Returns: nil where a pivot is not positive (or not a number): the matrix is singular to rounding.
  package init?(_ matrix: [Double], size: Int) {
    guard size >= 0, matrix.count == size * size else { return nil }
    var lower = matrix
    let fits = lower.withUnsafeMutableBufferPointer { buffer -> Bool in
      guard let l = buffer.baseAddress else { return true }
      for i in 0..<size {
        let row = l + i * size
        for j in 0...i {
          let rest = row[j] - dot(row, l + j * size, j)
          if i == j {
            guard rest > 0, rest.isFinite else { return false }
            row[j] = rest.squareRoot()
          } else {
            row[j] = rest / l[j * size + j]
          }
        }
      }
      return true
    }
    guard fits else { return nil }
    self.size = size
    factor = lower
  }

  /// The factor of A + jitter·I, for matrices that are semidefinite but for rounding: jitter begins at next to nothing of the mean of the
  /// diagonal and grows tenfold until the factor exists.
  ///
  /// - Returns: nil where even the mean of the diagonal does not help: the matrix is far from semidefinite, or not finite.
  package static func jittered(_ matrix: [Double], size: Int) -> (factor: Cholesky, jitter: Double)? {
    guard size > 0, matrix.count == size * size else { return Cholesky(matrix, size: size).map { ($0, 0) } }
    var trace = 0.0
    for i in 0..<size { trace += max(matrix[i * size + i], 0) }
    // A matrix of zeros is semidefinite as well.
    let mean = max(trace / Double(size), .leastNormalMagnitude * 0x1p64)
    guard mean.isFinite else { return nil }
    var jitter = mean * 1e-14
    while jitter <= mean {
      var shifted = matrix
      for i in 0..<size { shifted[i * size + i] += jitter }
      if let factor = Cholesky(shifted, size: size) { return (factor, jitter) }
      jitter *= 10
    }
    return nil
  }

  /// Replaces b by L⁻¹·b.
  package func solveLower(_ b: UnsafeMutablePointer<Double>) {
    factor.withUnsafeBufferPointer { buffer in
      guard let l = buffer.baseAddress else { return }
      for i in 0..<size { b[i] = (b[i] - dot(l + i * size, b, i)) / l[i * size + i] }
    }
  }

  /// Replaces b by L⁻ᵀ·b.
  package func solveUpper(_ b: UnsafeMutablePointer<Double>) {
    factor.withUnsafeBufferPointer { buffer in
      guard let l = buffer.baseAddress else { return }
      for i in stride(from: size - 1, through: 0, by: -1) {
        // Lᵀ by columns: row i of L holds what x[i] adds to the equations before it.
        b[i] /= l[i * size + i]
        addMultiple(-b[i], of: l + i * size, to: b, i)
      }
    }
  }

  /// Replaces b by A⁻¹·b.
  package func solve(_ b: UnsafeMutablePointer<Double>) {
    solveLower(b)
    solveUpper(b)
  }

  /// A⁻¹, row-major, both triangles.
  package func inverse() -> [Double] {
    var inverse = [Double](repeating: 0, count: size * size)
    inverse.withUnsafeMutableBufferPointer { out in
      factor.withUnsafeBufferPointer { buffer in
        guard let l = buffer.baseAddress, let m = out.baseAddress else { return }
        // M = L⁻¹, its transpose kept in the upper triangle so that every sum runs along a row: Mᵀ[j][i] = M[i][j].
        for i in 0..<size {
          let scale = 1 / l[i * size + i]
          m[i * size + i] = scale
          for j in 0..<i { m[j * size + i] = -scale * dot(l + i * size + j, m + j * size + j, i - j) }
        }
        // A⁻¹ = Mᵀ·M, row by row; what a row still needs lies to its right and below.
        for i in 0..<size {
          for j in i..<size { m[i * size + j] = dot(m + i * size + j, m + j * size + j, size - j) }
        }
        for i in 0..<size { for j in 0..<i { m[i * size + j] = m[j * size + i] } }
      }
    }
    return inverse
  }
}
