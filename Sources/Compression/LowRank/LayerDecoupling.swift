import Graph
import Tensors

/// A k × k convolution as a depthwise one with some filters for each channel, and a 1×1.
struct LayerDecoupling: Factorization {
  let candidates: [FactorCandidate]
  /// By group.
  private let filters: [DecoupledFilters]
  /// By input channel; empty without samples.
  private let whitenings: [InputWhitening?]
  private let refit: RefitLast?

  /// - refit: fits the 1×1 to the samples; nil: samples are not used.
  /// - Returns: nil for layers that are no convolutions with a window, or depthwise already.
  init?(_ site: FactorSite, refit: RefitLast?) throws {
    let shape = site.layer.shape, groups = site.layer.groups
    guard site.layer.op == .conv, shape.count == 4, shape[1] > 1, shape[2] * shape[3] > 1 else { return nil }
    let (outputs, inputs, taps) = (shape[0] / groups, shape[1], shape[2] * shape[3])
    let moments = refit == nil ? nil : try site.targets?.moments(site.layer, in: site.graph)?.fitted
    var kernel = try site.matrix().elements.map(Double.init)
    var whitenings: [InputWhitening?] = []
    if let moments, let refit {
      for group in 0..<groups {
        let all = moments.gram(group: group, centred: true), width = inputs * taps
        for channel in 0..<inputs {
          let part = (0..<taps * taps).map { all[(channel * taps + $0 / taps) * width + channel * taps + $0 % taps] }
          let whitening = InputWhitening(part, size: taps, damping: refit.damping)
          whitenings.append(whitening)
          guard let whitening else { continue }
          let starts = (0..<outputs).map { ((group * outputs + $0) * inputs + channel) * taps }
          let turned = whitening.apply(starts.flatMap { kernel[$0..<$0 + taps] })
          for (n, start) in starts.enumerated() { kernel.replaceSubrange(start..<start + taps, with: turned[n * taps..<(n + 1) * taps]) }
        }
      }
    }
    let count = outputs * inputs * taps
    let filters = try (0..<groups).map {
      try DecoupledFilters(Array(kernel[$0 * count..<($0 + 1) * count]), outputs: outputs, inputs: inputs, taps: taps)
    }
    (self.filters, self.whitenings, self.refit) = (filters, whitenings, refit)
    let energies = (0..<filters[0].largest).map { rank in filters.reduce(0) { $0 + $1.energies[rank] } }
    let all = energies.reduce(0, +)
    var kept = 0.0
    candidates = energies.enumerated().map { index, energy in
      kept += energy
      return FactorCandidate(
        ranks: [index + 1],
        forms: [
          FactorShape([inputs * groups * (index + 1), 1, shape[2], shape[3]], groups: inputs * groups, axes: [0, 1]),
          FactorShape([shape[0], inputs * (index + 1), 1, 1], groups: groups),
        ], energy: all > 0 ? min(kept / all, 1) : 1)
    }
  }

  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer {
    let rank = candidate.ranks[0], pairs = filters.map { $0.factors(rank: rank) }
    var depthwise = pairs.flatMap(\.depthwise)
    let size = rank * filters[0].taps
    for (channel, whitening) in whitenings.enumerated() {
      guard let whitening else { continue }
      let range = channel * size..<(channel + 1) * size
      depthwise.replaceSubrange(range, with: whitening.undo(Array(depthwise[range])))
    }
    let factored = FactoredLayer([
      try FactorStage(candidate.forms[0], depthwise.map(Float.init)),
      try FactorStage(candidate.forms[1], pairs.flatMap(\.pointwise).map(Float.init)),
    ])
    return try refit?.apply(factored, at: site) ?? factored
  }
}
