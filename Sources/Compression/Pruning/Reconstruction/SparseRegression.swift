import Tensors

/// Least squares with zeros: the matrix Z of a given share of zeros, for which Σ over rows of z·A·zᵀ − 2·t·zᵀ is small, for any targets t.
///
/// The zeros are found by the alternating directions method with a share that grows (Boyd et al. 2011, section 9.1; for pruning Boža
/// 2024), the values on what stays by conjugate gradients. All of it is products with one matrix, in coordinates in which A has a
/// diagonal of ones.
package struct SparseRegression {
  private let size: Int
  private let multiply: MatrixProducts
  /// √ of A's diagonal.
  private let scale: [Float]
  /// A in scaled coordinates.
  private let matrix: Tensor
  /// (A + 1)⁻¹ in scaled coordinates.
  private let inverse: Tensor

  /// How long to look for zeros, and for values.
  package enum Effort: Sendable {
    /// As long as it pays.
    case full
    /// Half as long or less: enough to see how much a layer loses, or which of its sums are cut off.
    case rough

    var iterations: Int { self == .full ? 20 : 12 }
    var conjugateSteps: Int { self == .full ? 30 : 10 }
  }

  /// - gram: A, size × size, positive definite (a ridge added), row-major.
  /// - Returns: nil where A is not positive definite to rounding, or out of the range of f32.
  package init?(gram: [Double], size: Int, multiply: MatrixProducts) throws {
    guard size > 0, gram.count == size * size else { return nil }
    let root = (0..<size).map { gram[$0 * size + $0].squareRoot() }
    guard root.allSatisfy({ $0 > 1e-18 && $0 < 1e18 }) else { return nil }
    var scaled = gram
    for i in 0..<size { for j in 0..<size { scaled[i * size + j] /= root[i] * root[j] } }
    matrix = try Tensor([size, size], scaled.map { Float($0) })
    for i in 0..<size { scaled[i * size + i] += 1 }
    guard let factor = Cholesky(scaled, size: size) else { return nil }
    inverse = try Tensor([size, size], factor.inverse().map { Float($0) })
    self.size = size
    self.multiply = multiply
    scale = root.map { Float($0) }
  }

  /// The best Z on the way: zeros by `pattern`, values by least squares.
  ///
  /// - targets: t, rows × size.
  /// - start: where to begin: rows × size, such as the weights before.
  /// - allowed: elements that may stay (1); the others are zero from the beginning.
  /// - share: of zeros, see `ZeroPattern.fill`.
  /// - effort: how long to look.
  /// - check: called between iterations; throws to stop.
  package func solve(
    targets: [Double], start: [Float], allowed: [UInt8], pattern: ZeroPattern, _ layout: ZeroPattern.Columns, share: Double,
    effort: Effort = .full, check: () throws -> Void
  ) throws -> (values: [Float], mask: [UInt8]) {
    guard targets.count == start.count, start.count == allowed.count, start.count % size == 0 else {
      throw Failure(.internal, "\(targets.count) targets for \(start.count) weights")
    }
    let rows = start.count / size
    let targets = targets.indices.map { Float(targets[$0] / Double(scale[$0 % size])) }
    var x = start.indices.map { start[$0] * scale[$0 % size] }
    var mask = allowed
    guard share > 0 || pattern != .elements else {
      return (try unscaled(valuesOn(allowed, targets, from: x, effort, check)), allowed)
    }
    var offset = [Float](repeating: 0, count: x.count)
    var step = [Float](repeating: 0, count: x.count)
    for iteration in 0..<effort.iterations {
      try check()
      // The share of zeros follows a cubic (Zhu and Gupta 2017), and is all there at three quarters of the way.
      let progress = min(1, Double(iteration + 1) / (0.75 * Double(effort.iterations)))
      let rest = (1 - progress) * (1 - progress) * (1 - progress)
      for index in x.indices { x[index] = allowed[index] == 0 ? 0 : x[index] + offset[index] }
      let reached = pattern.hasShare ? share * (1 - rest) : 1 - rest
      try pattern.fill(&mask, values: x, rows: rows, layout, share: reached)
      for index in x.indices {
        let kept = mask[index] == 0 ? 0 : x[index]
        offset[index] = x[index] - kept
        step[index] = targets[index] + kept - offset[index]
      }
      x = try product(step, inverse)
    }
    for index in x.indices { x[index] = allowed[index] == 0 ? 0 : x[index] + offset[index] }
    try pattern.fill(&mask, values: x, rows: rows, layout, share: pattern.hasShare ? share : 1)
    for index in mask.indices where allowed[index] == 0 { mask[index] = 0 }
    return (try unscaled(valuesOn(mask, targets, from: x, effort, check)), mask)
  }

  /// z·A·zᵀ of each row.
  package func forms(_ values: [Float]) throws -> [Double] {
    let scaled = values.indices.map { values[$0] * scale[$0 % size] }
    let image = try product(scaled, matrix)
    return (0..<values.count / size).map { Self.inner(scaled, $0, image, size) }
  }

  /// Conjugate gradients for all rows at once, each on what stays of it.
  private func valuesOn(
    _ mask: [UInt8], _ targets: [Float], from start: [Float], _ effort: Effort, _ check: () throws -> Void
  ) throws -> [Float] {
    let rows = start.count / size
    let keep = mask.map { $0 == 0 ? Float(0) : 1 }
    var x = zip(start, keep).map { $0 * $1 }
    let image = try product(x, matrix)
    var residual = x.indices.map { (targets[$0] - image[$0]) * keep[$0] }
    var direction = residual
    var norms = (0..<rows).map { Self.inner(residual, $0, residual, size) }
    for _ in 0..<effort.conjugateSteps {
      try check()
      let image = try product(direction, matrix)
      for row in 0..<rows where norms[row] > 0 {
        let range = row * size..<(row + 1) * size
        var curvature = 0.0
        for index in range { curvature += Double(direction[index]) * Double(image[index]) }
        guard curvature > 0 else { continue }
        let length = Float(norms[row] / curvature)
        for index in range {
          x[index] += length * direction[index]
          residual[index] -= length * image[index] * keep[index]
        }
        let next = Self.inner(residual, row, residual, size)
        let turn = Float(next / norms[row])
        // Rounding has the last word below this; going on would only add noise.
        norms[row] = next > 1e-14 * max(Self.inner(x, row, x, size), 1e-30) ? next : 0
        for index in range { direction[index] = residual[index] + turn * direction[index] }
      }
      if norms.allSatisfy({ $0 == 0 }) { break }
    }
    return x
  }

  private static func inner(_ a: [Float], _ row: Int, _ b: [Float], _ size: Int) -> Double {
    var sum = 0.0
    for index in row * size..<(row + 1) * size { sum += Double(a[index]) * Double(b[index]) }
    return sum
  }

  private func product(_ values: [Float], _ symmetric: Tensor) throws -> [Float] {
    try multiply.multiply(Tensor([values.count / size, size], values), by: symmetric).floats()
  }

  private func unscaled(_ values: [Float]) throws -> [Float] {
    let result = values.indices.map { values[$0] / scale[$0 % size] }
    guard result.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "reconstruction gave a value that is not finite") }
    return result
  }
}

extension ZeroPattern {
  /// Whether the share of zeros is free; `ratio` says it itself.
  var hasShare: Bool {
    if case .ratio = self { false } else { true }
  }
}
