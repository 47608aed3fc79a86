import Tensors

/// A·P = Q·R by Householder reflections, with column pivoting where asked for (Golub and Van Loan 2013, sections 5.2 and 5.4).
package struct HouseholderQR {
  package let rows: Int
  package let columns: Int
  /// Column j of A·P is column permutation[j] of A.
  package private(set) var permutation: [Int]
  /// min(rows, columns)
  package let steps: Int
  private let scale: PowerOfTwo
  /// Column after column: reflection vectors from the diagonal down, R above it. Scaled.
  private var columnsOfFactor: [Double]
  private var diagonal: [Double]
  private var scales: [Double]

  /// - matrix: row-major.
  /// - Throws: `notFinite` for NaN or infinite elements.
  package init(_ matrix: [Double], rows: Int, columns: Int, pivoting: Bool = false) throws {
    scale = try PowerOfTwo(scaling: matrix, rows: rows, columns: columns)
    (self.rows, self.columns, steps) = (rows, columns, min(rows, columns))
    permutation = Array(0..<columns)
    columnsOfFactor = transposed(scale.scaled(matrix), rows: rows, columns: columns)
    diagonal = [Double](repeating: 0, count: steps)
    scales = diagonal
    reduce(pivoting)
  }

  private mutating func reduce(_ pivoting: Bool) {
    let (m, n, steps) = (rows, columns, steps)
    var permutation = permutation, diagonal = diagonal, scales = scales
    defer { (self.permutation, self.diagonal, self.scales) = (permutation, diagonal, scales) }
    columnsOfFactor.withUnsafeMutableBufferPointer { buffer in
      guard let a = buffer.baseAddress, m > 0 else { return }
      var norms = pivoting ? (0..<n).map { dot(a + $0 * m, a + $0 * m, m) } : [], fresh = norms
      for k in 0..<steps {
        if pivoting, let best = norms.indices[k...].max(by: { norms[$0] < norms[$1] || (norms[$0] == norms[$1] && $0 > $1) }), best != k {
          for i in 0..<m { (a[k * m + i], a[best * m + i]) = (a[best * m + i], a[k * m + i]) }
          permutation.swapAt(k, best)
          norms.swapAt(k, best)
          fresh.swapAt(k, best)
        }
        let v = a + k * m + k, length = m - k
        if let (beta, factor) = Reflector.make(v, v, length) {
          (diagonal[k], scales[k]) = (beta, factor)
          for j in k + 1..<max(n, k + 1) {
            let x = a + j * m + k
            addMultiple(-factor * dot(v, x, length), of: v, to: x, length)
          }
        } else {
          diagonal[k] = v.pointee
        }
        guard pivoting else { continue }
        for j in k + 1..<max(n, k + 1) {
          let top = a[j * m + k]
          norms[j] -= top * top
          // What is left of a difference is rounding: the norm anew.
          if norms[j] <= fresh[j] * 1e-7 {
            norms[j] = dot(a + j * m + k + 1, a + j * m + k + 1, m - k - 1)
            fresh[j] = norms[j]
          }
        }
      }
    }
  }

  /// R, steps × columns, row-major.
  package var upper: [Double] {
    var r = [Double](repeating: 0, count: steps * columns)
    for k in 0..<steps {
      r[k * columns + k] = diagonal[k]
      for j in k + 1..<max(columns, k + 1) { r[k * columns + j] = columnsOfFactor[j * rows + k] }
    }
    return scale.restored(r)
  }

  /// The first `steps` columns of Q, rows × steps, row-major.
  package var thinQ: [Double] {
    var q = [Double](repeating: 0, count: steps * rows)
    for j in 0..<steps { q[j * rows + j] = 1 }
    q.withUnsafeMutableBufferPointer { q in
      guard let base = q.baseAddress else { return }
      for k in stride(from: steps - 1, through: 0, by: -1) { for j in k..<steps { reflect(k, base + j * rows) } }
    }
    return transposed(q, rows: steps, columns: rows)
  }

  /// x ← Q·x, or Qᵀ·x, of `rows` elements.
  package func applyQ(_ x: UnsafeMutablePointer<Double>, transposed: Bool) {
    if transposed {
      for k in 0..<steps { reflect(k, x) }
    } else {
      for k in stride(from: steps - 1, through: 0, by: -1) { reflect(k, x) }
    }
  }

  private func reflect(_ k: Int, _ x: UnsafeMutablePointer<Double>) {
    guard scales[k] != 0 else { return }
    columnsOfFactor.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let v = base + k * rows + k
      addMultiple(-scales[k] * dot(v, x + k, rows - k), of: v, to: x + k, rows - k)
    }
  }
}
