import Tensors

/// The singular value decomposition of a tall matrix by way of a bidiagonal one.
enum Bidiagonal {
  /// - matrix: m × n, m ≥ n ≥ 1, row-major, its largest element about 1.
  /// - Returns: the left vectors as rows (n × m), the values in descending order, the right vectors as rows (n × n).
  static func decompose(_ matrix: [Double], _ m: Int, _ n: Int) throws -> ([Double], [Double], [Double]) {
    var a = matrix
    var diagonal = [Double](repeating: 0, count: n), beside = diagonal
    var scales = (left: diagonal, right: diagonal)
    // Left reflection vectors, each a row of n × m.
    var reflections = [Double](repeating: 0, count: n * m)
    reduce(&a, m, n, &diagonal, &beside, &reflections, &scales)
    var lefts = RowPanels(accumulate(reflections, m, n, scales.left, offset: 0), rows: n, columns: m)
    var rights = RowPanels(accumulate(a, n, n, scales.right, offset: 1), rows: n, columns: n)
    reflections = []
    a = []
    try BidiagonalIteration.run(&diagonal, &beside, &lefts, &rights)
    let order = diagonal.indices.sorted {
      diagonal[$0].magnitude == diagonal[$1].magnitude ? $0 < $1 : diagonal[$0].magnitude > diagonal[$1].magnitude
    }
    var right = rights.matrix(rowsInOrder: order)
    for (place, index) in order.enumerated() where diagonal[index] < 0 {
      for j in place * n..<(place + 1) * n { right[j] = -right[j] }
    }
    return (lefts.matrix(rowsInOrder: order), order.map { diagonal[$0].magnitude }, right)
  }

  /// A = Q·B·Pᵀ, B upper bidiagonal: beside[i] = B[i][i + 1]. The vectors that reflect rows stay in `a`, row k's from k + 1 on.
  private static func reduce(
    _ matrix: inout [Double], _ m: Int, _ n: Int, _ diagonal: inout [Double], _ beside: inout [Double], _ reflections: inout [Double],
    _ scales: inout (left: [Double], right: [Double])
  ) {
    var sums = [Double](repeating: 0, count: n)
    matrix.withUnsafeMutableBufferPointer { matrix in
      sums.withUnsafeMutableBufferPointer { sums in
        reflections.withUnsafeMutableBufferPointer { reflections in
          guard let a = matrix.baseAddress, let w = sums.baseAddress, let q = reflections.baseAddress else { return }
          for k in 0..<n {
            let u = q + k * m, row = a + k * n, width = n - k - 1
            for i in k..<m { u[i] = a[i * n + k] }
            var left = 0.0
            diagonal[k] = u[k]
            if let (beta, scale) = Reflector.make(u + k, u + k, m - k) {
              (diagonal[k], left) = (beta, scale)
              scales.left[k] = scale
            }
            guard width > 0 else { continue }
            for j in 0..<width { w[j] = 0 }
            if left != 0 { for i in k..<m { addMultiple(left * u[i], of: a + i * n + k + 1, to: w, width) } }
            // Row k first: it says how the columns are reflected; then both reflections at once, row by row.
            let v = row + k + 1
            if left != 0 { addMultiple(-u[k], of: w, to: v, width) }
            beside[k] = v[0]
            var right = 0.0
            if let (beta, scale) = Reflector.make(v, v, width) {
              (beside[k], right) = (beta, scale)
              scales.right[k] = scale
            }
            for i in k + 1..<max(m, k + 1) {
              let x = a + i * n + k + 1
              if left != 0 { addMultiple(-u[i], of: w, to: x, width) }
              if right != 0 { addMultiple(-right * dot(x, v, width), of: v, to: x, width) }
            }
          }
        }
      }
    }
  }

  /// The first n columns of the product of the reflections as rows: count × length, vector k being row k of `vectors` from k + offset on.
  private static func accumulate(_ vectors: [Double], _ length: Int, _ count: Int, _ scales: [Double], offset: Int) -> [Double] {
    var basis = [Double](repeating: 0, count: count * length)
    for j in 0..<count { basis[j * length + j] = 1 }
    basis.withUnsafeMutableBufferPointer { basis in
      vectors.withUnsafeBufferPointer { vectors in
        guard let q = basis.baseAddress, let all = vectors.baseAddress else { return }
        for k in stride(from: count - 1, through: 0, by: -1) where scales[k] != 0 {
          let first = k + offset, v = all + k * length + first
          for j in first..<count {
            let x = q + j * length + first
            addMultiple(-scales[k] * dot(x, v, length - first), of: v, to: x, length - first)
          }
        }
      }
    }
    return basis
  }
}
