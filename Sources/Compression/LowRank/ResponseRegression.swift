import Tensors

/// Reduced-rank regression of what a layer (or one of its groups) shall make on what it reads, in the coordinates u = Vᵀ·x of its matrix
/// W = U·S·Vᵀ, where rank-deficient weights and moments do no harm: M of rank k minimizing E‖z − M·u − b‖² + ε‖M − U·S‖².
///
/// Without responses the moments of u are the identity, and M is the truncated singular value decomposition.
struct ResponseRegression {
  /// Outputs, and coordinates: at most the matrix's rank.
  let outputs: Int
  let size: Int
  private let svd: SVD
  /// What coordinates are multiplied by, so that their squares neither overflow nor vanish, and the singular values are divided by.
  private let unit: Double
  private let values: [Double]
  /// L, lower triangular, of E[u·uᵀ] + ε = L·Lᵀ; row-major.
  private let factor: Cholesky
  /// The responses' coordinates [size, pitch], centred; nil without responses.
  private(set) var coordinates: Tensor?
  private(set) var coordinateMeans: [Double]
  /// E[(z − y)·uᵀ], outputs × size: what the layer shall make besides what it does; nil: nothing.
  private var correction: [Double]?
  /// Descending: what ranks 1, 2, … keep of it, and all there is.
  private(set) var energies: [Double] = []
  private(set) var total = 0.0
  /// Row i: the i-th direction in the coordinates that L makes uncorrelated.
  private var directions: [Double] = []

  /// Singular values below this share of the largest one are rounding errors of f32 weights.
  private static let noise = 3e-7

  /// - svd: of the matrix, as many values as shall count.
  /// - squares: ‖W‖², what is left out of `svd` included.
  /// - responses: see `Rows`; nil: none.
  /// - means: whether a bias follows, so that only deviations from the means count.
  init(_ svd: SVD, squares: Double, rows: ResponseRows?, damping: Double, multiply: MatrixProducts) throws {
    self.svd = svd
    outputs = svd.rows
    let largest = svd.values.first ?? 0
    size = max(svd.values.prefix { $0 > largest * Self.noise }.count, min(svd.count, 1))
    coordinateMeans = [Double](repeating: 0, count: size)
    var gram = [Double](repeating: 0, count: size * size)
    var ridge = 1.0, unit = 1.0
    total = squares
    if let rows {
      // u = S⁻¹·Uᵀ·y.
      var map = [Float](repeating: 0, count: size * outputs)
      for i in 0..<size where svd.values[i] > 0 {
        var mean = 0.0
        for j in 0..<outputs {
          map[i * outputs + j] = Float(svd.left[j * svd.count + i] * (largest / svd.values[i]))
          mean += svd.left[j * svd.count + i] * rows.offsets[j]
        }
        coordinateMeans[i] = mean / svd.values[i]
      }
      let scaled = try multiply.multiply(try Tensor([size, outputs], map), by: rows.made)
      let greatest = scaled.elements(as: Float.self).reduce(Float(0)) { max($0, $1.magnitude) }
      let u = greatest > 0 ? try scaled.scaled(byPowerOfTwo: -Int(greatest.exponent)) : scaled
      // The coordinates were multiplied by the largest value and divided by this.
      if greatest > 0, largest > 0 { unit = largest / Double(sign: .plus, exponent: Int(greatest.exponent), significand: 1) }
      for i in 0..<size { coordinateMeans[i] *= unit }
      coordinates = u
      let products = try multiply.multiply(u, byTransposed: u).floats()
      var trace = 0.0
      for i in 0..<size {
        for j in 0..<size { gram[i * size + j] = Double(products[i * size + j]) / Double(rows.count) }
        trace += gram[i * size + i]
      }
      let mean = trace / Double(max(size, 1))
      guard mean.isFinite else { throw Failure(.notFinite, "the moments of a layer's sums overflow") }
      ridge = mean > 0 ? mean * max(damping * rows.scarcity(size), 1e-7) : 1
      total = rows.power + ridge * (squares / unit / unit)
      if let difference = rows.difference {
        let cross = try multiply.multiply(difference, byTransposed: u).floats()
        correction = cross.map { Double($0) / Double(rows.count) }
      }
    }
    self.unit = unit
    values = svd.values.map { $0 / unit }
    for i in 0..<size { gram[i * size + i] += ridge }
    guard let factor = Cholesky(gram, size: size) else {
      throw Failure(.notFinite, "the moments of a layer's sums cannot be factored")
    }
    self.factor = factor
    try solve()
  }

  /// Takes other targets: E[(z − y)·uᵀ].
  mutating func retarget(_ cross: [Float], count: Int) throws {
    correction = cross.map { Double($0) / Double(count) }
    try solve()
  }

  /// B = U·S·L + D·L⁻ᵀ, of which the leading directions on the right are what a rank keeps.
  private func image() -> [Double] {
    var image = [Double](repeating: 0, count: outputs * size)
    image.withUnsafeMutableBufferPointer { image in
      factor.factor.withUnsafeBufferPointer { l in
        guard let out = image.baseAddress, let l = l.baseAddress else { return }
        for row in 0..<outputs {
          let target = out + row * size
          for i in 0..<size {
            let weight = svd.left[row * svd.count + i] * values[i]
            // Row i of L ends at its diagonal.
            for j in 0...i { target[j] += weight * l[i * size + j] }
          }
          guard let correction else { continue }
          let added = forward(Array(correction[row * size..<(row + 1) * size]), l)
          for j in 0..<size { target[j] += added[j] }
        }
      }
    }
    return image
  }

  /// L⁻¹·b
  private func forward(_ b: [Double], _ l: UnsafePointer<Double>) -> [Double] {
    var x = b
    x.withUnsafeMutableBufferPointer { x in
      guard let x = x.baseAddress else { return }
      for i in 0..<size { x[i] = (x[i] - dot(l + i * size, x, i)) / l[i * size + i] }
    }
    return x
  }

  /// L⁻ᵀ·b
  private func backward(_ b: ArraySlice<Double>) -> [Double] {
    var x = Array(b)
    factor.factor.withUnsafeBufferPointer { l in
      for i in (0..<size).reversed() {
        let value = x[i] / l[i * size + i]
        x[i] = value
        for j in 0..<i { x[j] -= l[i * size + j] * value }
      }
    }
    return x
  }

  private mutating func solve() throws {
    let image = image()
    var inner = [Double](repeating: 0, count: size * size)
    inner.withUnsafeMutableBufferPointer { inner in
      image.withUnsafeBufferPointer { image in
        guard let g = inner.baseAddress, let b = image.baseAddress else { return }
        for row in 0..<outputs {
          let b = b + row * size
          for i in 0..<size where b[i] != 0 { for j in 0..<size { g[i * size + j] += b[i] * b[j] } }
        }
      }
    }
    let eigen = try SymmetricEigen(inner, size: size)
    energies = eigen.values.map { max($0, 0) }
    directions = eigen.vectors
  }

  /// The share of the energy that each rank from 1 on keeps.
  var kept: [Double] {
    var sum = 0.0
    let all = max(total, energies.reduce(0, +))
    return energies.map { value in
      sum += value
      return all > 0 ? min(sum / all, 1) : 1
    }
  }

  /// The two factors of M: rank × size on what is read, and outputs × rank.
  func factors(_ rank: Int) -> (first: [Double], second: [Double]) {
    let image = image()
    var first: [Double] = []
    var second = [Double](repeating: 0, count: outputs * rank)
    for k in 0..<rank {
      let direction = directions[k * size..<(k + 1) * size]
      first += backward(direction)
      let start = direction.startIndex
      for row in 0..<outputs {
        var sum = 0.0
        for i in 0..<size { sum += image[row * size + i] * direction[start + i] }
        second[row * rank + k] = sum
      }
    }
    return (first, second)
  }

  /// The first factor on what the layer reads: rank × columns of the matrix.
  /// Large ones by f32 products, which err by less than storing the factor in f32 and its neighbour does.
  func expanded(_ first: [Double], rank: Int, multiply: MatrixProducts) throws -> [Double] {
    let columns = svd.columns
    if Double(rank) * Double(size) * Double(columns) > 2e8 {
      let right = try Tensor(.f32, [size, columns]) { bytes in
        let out = bytes.bindMemory(to: Float.self)
        for index in 0..<size * columns { out[index] = Float(svd.right[index]) }
      }
      // As large as its largest element: what the rows are multiplied by may be far from 1.
      let largest = first.reduce(0) { max($0, $1.magnitude) }, scale = largest > 0 ? largest : 1
      let left = try Tensor([rank, size], first.map { Float($0 / scale) })
      let product = try multiply.multiply(left, by: right), made = product.elements(as: Float.self)
      let all = scale * unit
      return [Double](unsafeUninitializedCapacity: rank * columns) { out, count in
        for index in 0..<rank * columns { out[index] = Double(made[index]) * all }
        withExtendedLifetime(product) {}
        count = rank * columns
      }
    }
    var out = [Double](repeating: 0, count: rank * columns)
    out.withUnsafeMutableBufferPointer { out in
      svd.right.withUnsafeBufferPointer { right in
        guard let out = out.baseAddress, let right = right.baseAddress else { return }
        for row in 0..<rank {
          for i in 0..<size {
            let weight = first[row * size + i] * unit, from = right + i * columns, to = out + row * columns
            for j in 0..<columns { to[j] += weight * from[j] }
          }
        }
      }
    }
    return out
  }
}

extension Tensor {
  fileprivate func scaled(byPowerOfTwo exponent: Int) throws -> Tensor {
    // Two steps: the factor alone may lie beyond what a Float holds.
    let (half, rest) = (Float(sign: .plus, exponent: exponent / 2, significand: 1), exponent - exponent / 2)
    let other = Float(sign: .plus, exponent: rest, significand: 1)
    return try Tensor(shape, elements(as: Float.self).map { $0 * half * other })
  }
}
