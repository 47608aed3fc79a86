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

  /// Replaces b by A⁻¹·b.
  package func solve(_ b: UnsafeMutablePointer<Double>) {
    factor.withUnsafeBufferPointer { buffer in
      guard let l = buffer.baseAddress else { return }
      for i in 0..<size { b[i] = (b[i] - dot(l + i * size, b, i)) / l[i * size + i] }
      for i in stride(from: size - 1, through: 0, by: -1) {
        // Lᵀ by columns: row i of L holds what x[i] adds to the equations before it.
        let row = l + i * size
        b[i] /= row[i]
        let x = b[i]
        for j in 0..<i { b[j] -= row[j] * x }
      }
    }
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

/// Σ a·b in eight interleaved sums: the order is fixed, so the result is the same everywhere.
@inline(__always)
func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var sums = SIMD8<Double>.zero
  let whole = count & ~7
  var index = 0
  while index < whole {
    let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Double>.self)
    let y = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Double>.self)
    sums += x * y
    index += 8
  }
  var sum = sums.sum()
  while index < count {
    sum += a[index] * b[index]
    index += 1
  }
  return sum
}
