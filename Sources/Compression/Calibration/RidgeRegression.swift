import Tensors

/// Least squares on second moments: W minimizing E‖y − W·x‖² + ‖(W − prior)·R‖², R² = ridge on the diagonal.
package enum RidgeRegression {
  /// What is added to the diagonal of a Gram matrix: `damping` × its mean, and next to nothing for inputs that never vary, so that it
  /// can be factored.
  package static func ridge(_ gram: [Double], size: Int, damping: Double) -> Double {
    var trace = 0.0
    for i in 0..<size { trace += max(gram[i * size + i], 0) }
    let mean = size > 0 ? trace / Double(size) : 0
    return max(mean * damping, mean * 1e-9, .leastNormalMagnitude * 0x1p64)
  }

  /// The solution for every row of `cross`, rows × size, row-major; the prior where the matrix is singular all the same.
  ///
  /// - gram: size × size, `cross`: rows × size, both of the same moments, centred or not.
  /// - prior: what the weights are drawn to by the ridge: those before, or zeros.
  package static func solve(gram: [Double], cross: [Double], prior: [Double], size: Int, ridge: Double) -> [Double] {
    guard size > 0, gram.count == size * size, cross.count == prior.count, cross.count % size == 0 else { return prior }
    var matrix = gram
    for i in 0..<size { matrix[i * size + i] += ridge }
    return solve(Cholesky(matrix, size: size), cross: cross, prior: prior, ridge: ridge)
  }

  /// The same with the factor of the Gram matrix, ridge included; the prior for nil.
  package static func solve(_ factor: Cholesky?, cross: [Double], prior: [Double], ridge: Double) -> [Double] {
    guard let factor, factor.size > 0, cross.count == prior.count, cross.count % factor.size == 0 else { return prior }
    let size = factor.size
    var weights = zip(cross, prior).map { $0 + ridge * $1 }
    weights.withUnsafeMutableBufferPointer { out in
      guard let base = out.baseAddress else { return }
      for row in 0..<out.count / size { factor.solve(base + row * size) }
    }
    return weights.allSatisfy(\.isFinite) ? weights : prior
  }
}
