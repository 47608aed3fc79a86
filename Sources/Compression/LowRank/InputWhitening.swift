import Graph
import Tensors

/// How a layer's input channels vary together on the samples: with W·L instead of W, errors of the weights count as what they do to the
/// outputs (L·Lᵀ being the channels' second moments).
struct InputWhitening {
  private let factor: Cholesky
  let size: Int

  /// - moments: size × size, of channels or of one channel's taps.
  /// - damping: of their mean that is added to each.
  /// - Returns: nil where they say nothing.
  init?(_ moments: [Double], size: Int, damping: Double) {
    var matrix = moments
    let ridge = RidgeRegression.ridge(moments, size: size, damping: max(damping, 1e-6))
    for i in 0..<size { matrix[i * size + i] += ridge }
    guard let factor = Cholesky(matrix, size: size) else { return nil }
    (self.factor, self.size) = (factor, size)
  }

  /// rows · L, each row of `size` elements.
  func apply(_ rows: [Double]) -> [Double] {
    // Above the diagonal lies what has no meaning.
    var upper = [Double](repeating: 0, count: size * size)
    for i in 0..<size { for j in 0...i { upper[j * size + i] = factor.factor[i * size + j] } }
    return product(rows, byTransposed: upper, rows: rows.count / max(size, 1), columns: size, depth: size)
  }

  /// rows · L⁻¹
  func undo(_ rows: [Double]) -> [Double] {
    var rows = rows
    rows.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for start in stride(from: 0, to: buffer.count, by: max(size, 1)) { factor.solveUpper(base + start) }
    }
    return rows
  }

  /// The second moments of a convolution's input channels, about their means, averaged over the taps; nil where no samples tell them.
  static func channels(_ site: FactorSite, damping: Double) throws -> InputWhitening? {
    guard let moments = try site.targets?.moments(site.layer, in: site.graph)?.fitted else { return nil }
    let inputs = site.layer.shape[1], taps = site.layer.shape.dropFirst(2).reduce(1, *), width = inputs * taps
    let all = moments.gram(group: 0, centred: true)
    var sums = [Double](repeating: 0, count: inputs * inputs)
    for i in 0..<inputs {
      for j in 0..<inputs { for t in 0..<taps { sums[i * inputs + j] += all[(i * taps + t) * width + j * taps + t] / Double(taps) } }
    }
    return InputWhitening(sums, size: inputs, damping: damping)
  }
}
