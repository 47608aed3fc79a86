import Graph
import Tensors

/// A k × k convolution as three: vertical, horizontal, and 1 × 1 (the three-dimensional decomposition of Zhang et al. 2016, section 3.5):
/// the first of two channel factors split in its turn.
struct SplitFactors: Factorization {
  let candidates: [FactorCandidate]
  private let pair: MatrixFactors
  private let fit: MatrixFactors.Fit

  /// - Returns: nil for a layer that is no convolution with a window of more than one row and column.
  init?(_ pair: MatrixFactors, fit: MatrixFactors.Fit, _ site: FactorSite) throws {
    guard let spatial = try SpatialFactors(site, refit: nil)?.candidates else { return nil }
    let groups = site.layer.groups, shape = site.layer.shape
    let whole = Double(site.geometry.macs([FactorShape(shape, groups: groups, axes: [0, 1])]))
    candidates = pair.candidates.compactMap { channels in
      let alone = Double(site.geometry.macs(channels.forms))
      // Both decompositions take the same share of the cost away.
      let wanted = alone * min(alone / whole, 1)
      let filters = channels.ranks[0]
      func forms(_ rank: Int) -> [FactorShape] {
        [
          FactorShape([rank * groups, shape[1], shape[2], 1], groups: groups, axes: [0]),
          FactorShape([filters * groups, rank, 1, shape[3]], groups: groups, axes: [1]), channels.forms[1],
        ]
      }
      let able = spatial.filter {
        $0.ranks[0] <= min(shape[1] * shape[2], filters * shape[3]) && ($0.ranks[0] < 16 || $0.ranks[0] % 8 == 0)
      }
      guard let best = able.last(where: { Double(site.geometry.macs(forms($0.ranks[0]))) <= wanted }) ?? able.first else { return nil }
      return FactorCandidate(ranks: [filters, best.ranks[0]], forms: forms(best.ranks[0]), energy: channels.energy * best.energy)
    }
    self.pair = pair
    self.fit = fit
  }

  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer {
    let groups = site.layer.groups, shape = site.layer.shape, filters = candidate.ranks[0], rank = candidate.ranks[1]
    let two = try pair.factor(FactorCandidate(ranks: [filters], forms: MatrixFactors.forms(site, rank: filters), energy: 1), at: site)
    let (first, second) = (try two.stages[0].weight.decoded().floats(), try two.stages[1].weight.decoded().floats())
    let inner = shape[1] * shape[2] * shape[3], outputs = shape[0] / groups
    var (vertical, horizontal) = ([Float](), [Float]())
    for group in 0..<groups {
      // A filter counts as much as what becomes of it.
      let importance = (0..<filters).map { filter in
        (0..<outputs).reduce(0.0) { sum, row in
          let value = Double(second[(group * outputs + row) * filters + filter])
          return sum + value * value
        }.squareRoot()
      }
      var bank = first[group * filters * inner..<(group + 1) * filters * inner].map(Double.init)
      for index in bank.indices { bank[index] *= importance[index / inner] }
      let separable = try SeparableFilters(
        bank, shape: [filters] + shape.dropFirst(), leading: rank, multiply: site.multiply, progress: site.step.progress)
      var pair = separable.pair(rank: rank)
      for filter in 0..<filters where importance[filter] > 0 {
        for index in filter * rank * shape[3]..<(filter + 1) * rank * shape[3] { pair.second[index] /= Float(importance[filter]) }
      }
      vertical += pair.first
      horizontal += pair.second
    }
    let stages = [try FactorStage(candidate.forms[0], vertical), try FactorStage(candidate.forms[1], horizontal), two.stages[1]]
    return try RefitLast(damping: fit.damping, isNonlinear: fit.isNonlinear).apply(FactoredLayer(stages, bias: two.bias), at: site)
  }
}
