import Graph
import Tensors

/// A k × k convolution as a vertical one to `rank` maps for each group, and a horizontal one from them.
struct SpatialFactors: Factorization {
  let candidates: [FactorCandidate]
  private let filters: [SeparableFilters]
  private let refit: RefitLast?

  /// - refit: fits the second one to the samples; nil: not.
  /// - Returns: nil for a layer that is no convolution with a window of more than one row and column.
  init?(_ site: FactorSite, refit: RefitLast?, largest: Int? = nil) throws {
    let layer = site.layer
    guard layer.op == .conv, layer.shape.count == 4, layer.shape[2] > 1, layer.shape[3] > 1 else { return nil }
    let groups = layer.groups, shape = [layer.shape[0] / groups] + layer.shape.dropFirst()
    let elements = try site.matrix().elements.map(Double.init), count = shape.reduce(1, *)
    let leading = max(largest ?? 0, min(shape[1] * shape[2], shape[0] * shape[3]) / 2 + 1)
    let filters = try (0..<groups).map {
      try SeparableFilters(
        Array(elements[$0 * count..<($0 + 1) * count]), shape: shape, leading: leading, multiply: site.multiply,
        progress: site.step.progress)
    }
    let all = filters.reduce(0) { $0 + $1.squares }, kept = filters.map(\.kept)
    candidates = (1...max(filters[0].svd.count, 1)).map { rank in
      let sum = zip(filters, kept).reduce(0) { $0 + $1.0.squares * $1.1[rank - 1] }
      return FactorCandidate(
        ranks: [rank],
        forms: [
          FactorShape([rank * groups, shape[1], shape[2], 1], groups: groups, axes: [0]),
          FactorShape([layer.shape[0], rank, 1, shape[3]], groups: groups, axes: [1]),
        ], energy: all > 0 ? min(sum / all, 1) : 1)
    }
    self.filters = filters
    self.refit = refit
  }

  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer {
    let pairs = filters.map { $0.pair(rank: candidate.ranks[0]) }
    let stages = [
      try FactorStage(candidate.forms[0], pairs.flatMap(\.first)), try FactorStage(candidate.forms[1], pairs.flatMap(\.second)),
    ]
    return try refit?.apply(FactoredLayer(stages), at: site) ?? FactoredLayer(stages)
  }
}
