import Tensors

/// Products of a large matrix with few vectors. Vectors are the rows of f32 tensors, on the matrix's short or long side.
struct Sketch {
  private let matrix: Tensor
  private let multiply: MatrixProducts
  private let vectors: Int
  /// What random vectors are multiplied by, so that products stay within f32.
  private let scale: Double
  private var rows: Int { matrix.shape[0] }
  private var columns: Int { matrix.shape[1] }
  private var isWide: Bool { rows <= columns }
  private var short: Int { min(rows, columns) }
  private var long: Int { max(rows, columns) }

  init(_ matrix: Tensor, multiply: MatrixProducts, vectors: Int, scale: Double) {
    (self.matrix, self.multiply, self.vectors, self.scale) = (matrix, multiply, vectors, scale)
  }

  /// Random vectors on the long side.
  func random(_ random: inout SplitMix64, count: Int? = nil, signs: Bool = false) throws -> Tensor {
    try Tensor(.f32, [count ?? vectors, long]) { bytes in
      for position in bytes.bindMemory(to: Float.self).indices {
        let x = random.unit() - 0.5
        bytes.storeBytes(of: signs ? (x < 0 ? -1 : 1) : Float(x), toByteOffset: position * 4, as: Float.self)
      }
    }
  }

  func toShort(_ vectors: Tensor) throws -> Tensor { isWide ? try forward(vectors) : try backward(vectors) }
  func toLong(_ vectors: Tensor) throws -> Tensor { isWide ? try backward(vectors) : try forward(vectors) }

  /// Rows of the matrix that are multiplied at a time: some 64 MB.
  private var panels: [Range<Int>] {
    let height = max(64, (1 << 24) / max(columns, 1))
    return stride(from: 0, to: rows, by: height).map { $0..<min($0 + height, rows) }
  }

  private func panel(_ range: Range<Int>) -> Tensor {
    Tensor(.f32, [range.count, columns], storage: matrix.storage, byteOffset: matrix.byteOffset + range.lowerBound * columns * 4)
  }

  /// A·x for every row x: [count, columns] → [count, rows].
  private func forward(_ vectors: Tensor) throws -> Tensor {
    let count = vectors.shape[0]
    return try Tensor(.f32, [count, rows]) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      for range in panels {
        let part = try multiply.multiply(panel(range), byTransposed: vectors)
        let made = part.elements(as: Float.self), factor = Float(scale)
        for vector in 0..<count {
          for row in range { out[vector * rows + row] = made[(row - range.lowerBound) * count + vector] * factor }
        }
        withExtendedLifetime(part) {}
      }
    }
  }

  /// Aᵀ·x for every row x: [count, rows] → [count, columns].
  private func backward(_ vectors: Tensor) throws -> Tensor {
    let count = vectors.shape[0]
    return try Tensor(.f32, [count, columns]) { bytes in
      let out = bytes.bindMemory(to: Float.self), given = vectors.elements(as: Float.self), factor = Float(scale)
      for range in panels {
        let part = try Tensor(.f32, [count, range.count]) { bytes in
          let part = bytes.bindMemory(to: Float.self)
          for vector in 0..<count {
            for (place, row) in range.enumerated() { part[vector * range.count + place] = given[vector * rows + row] }
          }
        }
        let product = try multiply.multiply(part, by: panel(range))
        let made = product.elements(as: Float.self)
        for index in 0..<count * columns { out[index] += made[index] * factor }
        withExtendedLifetime(product) {}
      }
      withExtendedLifetime(vectors) {}
    }
  }

  /// An orthonormal basis of the vectors' span.
  func orthonormal(_ vectors: Tensor) throws -> Tensor {
    let (count, length) = (vectors.shape[0], vectors.shape[1])
    let columns = transposed(vectors.elements(as: Float.self).map(Double.init), rows: count, columns: length)
    let basis = try HouseholderQR(columns, rows: length, columns: count).thinQ
    return try Tensor([count, length], transposed(basis, rows: length, columns: count).map(Float.init))
  }

  /// Every vector with a largest element of 1.
  func scaledRows(_ vectors: Tensor) throws -> Tensor {
    let length = vectors.shape[1]
    var elements = Array(vectors.elements(as: Float.self))
    for start in stride(from: 0, to: elements.count, by: max(length, 1)) {
      let largest = elements[start..<start + length].reduce(0) { max($0, $1.magnitude) }
      if largest > 0 { for index in start..<start + length { elements[index] /= largest } }
    }
    return try Tensor(vectors.shape, elements)
  }

  /// The decomposition of the matrix on the span of `basis` (short side), whose image on the long side is `image`.
  func solve(_ basis: Tensor, _ image: Tensor, rank: Int, scale: Double) throws -> SVD {
    let count = basis.shape[0]
    let squares = gram(image.elements(as: Float.self).map(Double.init), rows: count, depth: long)
    let eigen = try SymmetricEigen(squares, size: count)
    let turn = Array(eigen.vectors.prefix(rank * count))
    let q = basis.elements(as: Float.self).map(Double.init)
    // Rows: [rank, short] and [rank, long].
    let near = product(turn, byTransposed: transposed(q, rows: count, columns: short), rows: rank, columns: short, depth: count)
    let turned = try multiply.multiply(try Tensor([rank, count], turn.map(Float.init)), by: image)
    var far = turned.elements(as: Float.self).map(Double.init)
    var values = [Double](repeating: 0, count: rank)
    for i in 0..<rank {
      let norm = far[i * long..<(i + 1) * long].reduce(0) { $0 + $1 * $1 }.squareRoot()
      values[i] = norm
      if norm > 0 { for index in i * long..<(i + 1) * long { far[index] /= norm } }
    }
    // Vectors of values that f32 products do not tell from zero are no more orthogonal: made so.
    if let first = values.first, let last = values.last, last < 1e-3 * first || first == 0 {
      let factors = try HouseholderQR(transposed(far, rows: rank, columns: long), rows: long, columns: rank)
      let r = factors.upper
      far = transposed(factors.thinQ, rows: long, columns: rank)
      for i in 0..<rank where r[i * rank + i] < 0 { for index in i * long..<(i + 1) * long { far[index] = -far[index] } }
    }
    let order = values.indices.sorted { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }
    func inOrder(_ rows: [Double], _ length: Int) -> [Double] { order.flatMap { rows[$0 * length..<($0 + 1) * length] } }
    let (a, b) = (inOrder(near, short), inOrder(far, long))
    values = order.map { values[$0] * scale }
    return SVD(
      rows: rows, columns: columns, left: transposed(isWide ? a : b, rows: rank, columns: rows), values: values, right: isWide ? b : a)
  }

  /// An estimate of Σ of the squares of (A − UΣVᵀ) / scale: the mean of ‖(A − UΣVᵀ)·x‖² over vectors of random signs.
  func residual(_ svd: SVD, _ random: inout SplitMix64, scale: Double) throws -> Double {
    let probes = 16
    let signs = try self.random(&random, count: probes, signs: true)
    let made = try toShort(signs)
    let x = signs.elements(as: Float.self).map(Double.init), y = made.elements(as: Float.self)
    let (far, near) =
      isWide
      ? (svd.right, transposed(svd.left, rows: rows, columns: svd.count))
      : (transposed(svd.left, rows: rows, columns: svd.count), svd.right)
    var weights = product(x, byTransposed: far, rows: probes, columns: svd.count, depth: long)
    for i in weights.indices { weights[i] *= svd.values[i % svd.count] / scale }
    let modelled = product(
      weights, byTransposed: transposed(near, rows: svd.count, columns: short), rows: probes, columns: short, depth: svd.count)
    var sum = 0.0
    for i in modelled.indices { sum += (Double(y[i]) - modelled[i]) * (Double(y[i]) - modelled[i]) }
    return sum / Double(probes)
  }
}
