import Tensors

/// The leading singular values and vectors of a large matrix: a random sketch finds their range, power iterations sharpen it, and a small
/// problem is solved exactly (Halko, Martinsson and Tropp 2011). Large products go through the evaluator's f32 kernels.
package enum RandomizedSVD {
  /// - matrix: f32, [m, n]; besides it, memory is that of some 6 · (rank + 16) · max(m, n) doubles.
  /// - rank: no more than min(m, n) are found.
  /// - powerIterations: more of them tell values apart that differ little.
  /// - Returns: `rank` values and vectors, and ‖A − UΣVᵀ‖ / ‖A‖ (Frobenius) of what was found, measured on the matrix.
  /// - Throws: `notFinite` for NaN or infinite elements; `cancelled`.
  package static func leading(
    _ matrix: Tensor, rank: Int, multiply: MatrixProducts, seed: UInt64 = 0, powerIterations: Int = 2,
    progress: ProgressReporter = ProgressReporter(nil)
  ) throws -> (svd: SVD, relativeError: Double) {
    guard matrix.dtype == .f32, matrix.shape.count == 2, rank > 0 else {
      throw Failure(
        .invalidArgument, "rank \(rank) of a matrix \(matrix.dtype.name)\(matrix.shape): needs an f32 matrix and a rank from 1 on")
    }
    let (m, n) = (matrix.shape[0], matrix.shape[1]), short = min(m, n), rank = min(rank, short)
    let size = try norm(matrix)
    // Small, or most of the values wanted: everything at once costs no more.
    if short <= 128 || 2 * (rank + 16) >= short {
      let all = try SVD(matrix.elements(as: Float.self).map(Double.init), rows: m, columns: n)
      let tail = all.values.dropFirst(rank).reduce(0) { $0 + ($1 / size.scale) * ($1 / size.scale) }
      return (all.truncated(to: rank), size.squares > 0 ? (tail / size.squares).squareRoot() : 0)
    }
    let sketch = Sketch(matrix, multiply: multiply, vectors: min((rank + 16 + 7) / 8 * 8, short), scale: 1 / size.scale)
    let steps = 2 * powerIterations + 3
    func tell(_ done: Int) throws { try progress("randomized SVD", done, of: steps) }
    try tell(0)
    var random = SplitMix64(seed: seed)
    var near = try sketch.toShort(try sketch.random(&random))
    for iteration in 0..<powerIterations {
      try tell(1 + 2 * iteration)
      let far = try sketch.toLong(try sketch.orthonormal(near))
      try tell(2 + 2 * iteration)
      near = try sketch.toShort(try sketch.scaledRows(far))
    }
    try tell(steps - 2)
    let basis = try sketch.orthonormal(near)
    let image = try sketch.toLong(basis)
    try tell(steps - 1)
    let svd = try sketch.solve(basis, image, rank: rank, scale: size.scale)
    let kept = svd.values.reduce(0) { $0 + ($1 / size.scale) * ($1 / size.scale) }
    var share = size.squares > 0 ? max(1 - kept / size.squares, 0) : 0
    // A difference of f32 sums says nothing of small errors: those are measured on random vectors.
    if share < 2e-5, size.squares > 0 { share = try sketch.residual(svd, &random, scale: size.scale) / size.squares }
    try tell(steps)
    return (svd, share.squareRoot())
  }

  /// A power of two about the largest element, and Σ (element / scale)².
  private static func norm(_ matrix: Tensor) throws -> (scale: Double, squares: Double) {
    let elements = matrix.elements(as: Float.self)
    var largest: Float = 0, sum: Float = 0
    for x in elements {
      largest = max(largest, x.magnitude)
      // NaN and infinity leave a trace in 0·x, zeros do not.
      sum += x * 0
    }
    guard sum == 0, largest.isFinite else {
      throw Failure(.notFinite, "the matrix of \(matrix.shape[0]) × \(matrix.shape[1]) has elements that are NaN or infinite")
    }
    guard largest > 0 else { return (1, 0) }
    let scale = Double(sign: .plus, exponent: Int(largest.exponent), significand: 1)
    var squares = 0.0
    for x in elements { squares += (Double(x) / scale) * (Double(x) / scale) }
    withExtendedLifetime(matrix) {}
    return (scale, squares)
  }
}

extension SVD {
  /// The first values and vectors.
  package func truncated(to rank: Int) -> SVD {
    let (k, kept) = (count, min(max(rank, 0), count))
    guard kept < k else { return self }
    var thin = [Double](repeating: 0, count: rows * kept)
    for row in 0..<rows { for column in 0..<kept { thin[row * kept + column] = left[row * k + column] } }
    return SVD(rows: rows, columns: columns, left: thin, values: Array(values.prefix(kept)), right: Array(right.prefix(kept * columns)))
  }
}
