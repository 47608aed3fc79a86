import Tensors

/// The eigenvalues and eigenvectors of a symmetric matrix: Householder's tridiagonal form, then QL iterations with implicit shifts (Wilkinson
/// and Reinsch 1971; Golub and Van Loan 2013, section 8.3). Values are right to a few roundings of the largest one.
package struct SymmetricEigen {
  package let size: Int
  /// Descending.
  package let values: [Double]
  /// Row-major, size × size: row i is the eigenvector of value i, and the rows are orthonormal.
  package let vectors: [Double]

  /// - matrix: row-major; only its lower triangle is read, but all of it shall be finite.
  /// - Throws: `notFinite` for NaN or infinite elements.
  package init(_ matrix: [Double], size: Int) throws {
    let scale = try PowerOfTwo(scaling: matrix, rows: size, columns: size)
    self.size = size
    guard size > 0 else { (values, vectors) = ([], []); return }
    var reduced = scale.scaled(matrix)
    var diagonal = [Double](repeating: 0, count: size), beside = diagonal
    let basis = Self.tridiagonalize(&reduced, size, &diagonal, &beside)
    var panels = RowPanels(basis, rows: size, columns: size)
    try Self.iterate(&diagonal, &beside, &panels)
    let order = diagonal.indices.sorted { diagonal[$0] == diagonal[$1] ? $0 < $1 : diagonal[$0] > diagonal[$1] }
    values = scale.restored(order.map { diagonal[$0] })
    vectors = panels.matrix(rowsInOrder: order)
  }

  /// A = Q·T·Qᵀ from the last row up; T's diagonal, and beside[i] = T[i][i − 1].
  /// - Returns: Qᵀ.
  private static func tridiagonalize(_ matrix: inout [Double], _ n: Int, _ diagonal: inout [Double], _ beside: inout [Double]) -> [Double] {
    var scales = [Double](repeating: 0, count: n), product = scales, basis = [Double](repeating: 0, count: n * n)
    matrix.withUnsafeMutableBufferPointer { matrix in
      product.withUnsafeMutableBufferPointer { product in
        guard let a = matrix.baseAddress, let w = product.baseAddress else { return }
        for i in stride(from: n - 1, through: 1, by: -1) {
          let v = a + i * n
          diagonal[i] = v[i]
          guard let (beta, scale) = Reflector.make(v, v + (i - 1), i) else {
            beside[i] = v[i - 1]
            continue
          }
          (beside[i], scales[i]) = (beta, scale)
          // w = scale·A·v of the leading part, whose lower triangle is there; then A −= v·wᵀ + w·vᵀ.
          for r in 0..<i {
            let row = a + r * n
            w[r] = dot(row, v, r) + row[r] * v[r]
            addMultiple(v[r], of: row, to: w, r)
          }
          let half = scale * scale * dot(w, v, i) / 2
          for r in 0..<i { w[r] = scale * w[r] - half * v[r] }
          for r in 0..<i {
            let row = a + r * n, (x, y) = (-v[r], -w[r])
            addMultiple(x, of: w, to: row, r + 1)
            addMultiple(y, of: v, to: row, r + 1)
          }
        }
        diagonal[0] = a[0]
        basis.withUnsafeMutableBufferPointer { basis in
          guard let q = basis.baseAddress else { return }
          for i in 0..<n { q[i * n + i] = 1 }
          for i in 1..<max(n, 1) where scales[i] != 0 {
            let v = a + i * n
            for r in 0..<i { addMultiple(-scales[i] * dot(q + r * n, v, i), of: v, to: q + r * n, i) }
          }
        }
      }
    }
    return basis
  }

  private static func iterate(_ d: inout [Double], _ beside: inout [Double], _ panels: inout RowPanels) throws {
    let n = d.count
    var e = Array(beside.dropFirst()) + [0]
    var sweeps = RotationSweeps()
    let norm = zip(d, e).reduce(0) { max($0, $1.0.magnitude + $1.1.magnitude) }
    // Far below what rounding does to any value, and above what never goes away.
    let nothing = norm * 0x1p-64
    var left = 60 * n + 60
    for l in 0..<n {
      while true {
        var m = l
        while m < n - 1, e[m].magnitude > max(0x1p-52 * (d[m].magnitude + d[m + 1].magnitude), nothing) { m += 1 }
        if m == l { break }
        e[m] = 0
        left -= 1
        guard left > 0 else { throw Failure(.internal, "the eigenvalues of a matrix of \(n) × \(n) do not converge") }
        var g = (d[l + 1] - d[l]) / (2 * e[l])
        let root = g.magnitude > 0x1p60 ? g.magnitude : (g * g + 1).squareRoot()
        g = d[m] - d[l] + e[l] / (g + (g < 0 ? -root : root))
        var (c, s, p) = (1.0, 1.0, 0.0), i = m - 1
        sweeps.begin(at: m, step: -1)
        while i >= l {
          let (f, b) = (s * e[i], c * e[i])
          let r = (f * f + g * g).squareRoot()
          e[i + 1] = r
          guard r > 0 else {
            // Splits here.
            d[i + 1] -= p
            e[m] = 0
            break
          }
          (s, c) = (f / r, g / r)
          g = d[i + 1] - p
          let t = (d[i] - g) * s + 2 * c * b
          p = s * t
          d[i + 1] = g + p
          g = c * t - b
          sweeps.rotate(c, s)
          i -= 1
        }
        if i < l {
          d[l] -= p
          e[l] = g
          e[m] = 0
        }
        if sweeps.count > 32 * n { sweeps.apply(to: &panels) }
      }
    }
    sweeps.apply(to: &panels)
  }
}

/// Householder's reflection I − scale·v·vᵀ that takes x to β·e.
enum Reflector {
  /// Makes v of the `count` elements at x, in their place, for the unit vector of the element at `kept`.
  /// - Returns: nil where all but that element vanish.
  static func make(_ x: UnsafeMutablePointer<Double>, _ kept: UnsafeMutablePointer<Double>, _ count: Int) -> (beta: Double, scale: Double)?
  {
    let alpha = kept.pointee
    kept.pointee = 0
    let rest = dot(x, x, count)
    kept.pointee = alpha
    guard rest > 0x1p-1000 else { return nil }
    let norm = (rest + alpha * alpha).squareRoot()
    let beta = alpha < 0 ? norm : -norm
    kept.pointee = alpha - beta
    return (beta, 1 / (norm * (norm + alpha.magnitude)))
  }
}
