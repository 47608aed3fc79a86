import Graph
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A k × k convolution as 1×1 to R maps, depthwise k × 1 and 1 × k ones, and 1×1 to its outputs.
struct LayerPolyadic: Factorization {
  struct Fit {
    var options = CanonicalPolyadic.Options()
    var usesSamples = true
    var damping = 0.1
    /// The rank that is asked for; nil: energies are wanted of several.
    var rank: Int?
  }

  let candidates: [FactorCandidate]
  private let kernel: [Double]
  private let whitening: InputWhitening?
  private let fit: Fit

  /// Beyond this rank nothing is looked for: the chain gains little there, and fits take minutes.
  static let largestRank = 512
  /// Shares of the layer's multiply-accumulates at which short runs find energies.
  private static let levels = [0.06, 0.15, 0.35, 0.8]

  /// - Returns: nil for layers that are no convolutions with a window, or that are grouped.
  init?(_ site: FactorSite, fit: Fit) throws {
    let shape = site.layer.shape
    guard site.layer.op == .conv, shape.count == 4, site.layer.groups == 1, shape[2] * shape[3] > 1 else { return nil }
    self.fit = fit
    whitening = fit.usesSamples ? try InputWhitening.channels(site, damping: fit.damping) : nil
    var kernel = try site.matrix().elements.map(Double.init)
    let (n, c, taps) = (shape[0], shape[1], shape[2] * shape[3])
    if let whitening { kernel = transposedTaps(whitening.apply(transposedTaps(kernel, n, c, taps)), n, taps, c) }
    self.kernel = kernel
    func forms(_ rank: Int) -> [FactorShape] {
      [
        FactorShape([rank, c, 1, 1]), FactorShape([rank, 1, shape[2], 1], groups: rank, axes: [0]),
        FactorShape([rank, 1, 1, shape[3]], groups: rank, axes: [1]), FactorShape([n, rank, 1, 1]),
      ]
    }
    if let rank = fit.rank {
      // Its energy is not asked for.
      candidates = [FactorCandidate(ranks: [rank], forms: forms(rank), energy: 1)]
      return
    }
    let whole = Double(site.geometry.macs([FactorShape(shape, axes: [0, 1])])), one = Double(site.geometry.macs(forms(1)))
    var found: [(rank: Int, lost: Double)] = [(0, 1)]
    for level in Self.levels {
      let rank = Int(min(level * whole / max(one, 1), Double(Self.largestRank)))
      let rounded = max(rank < 16 ? rank : rank / 8 * 8, 1)
      guard let last = found.last, rounded > last.rank else { continue }
      var options = fit.options
      (options.starts, options.sweeps) = (1, 8)
      let short = try CanonicalPolyadic(kernel, extents: shape, rank: rounded, options: options, progress: site.step.progress)
      found.append((rounded, min(max(short.relativeError * short.relativeError, 1e-12), last.lost)))
    }
    // What is lost falls about exponentially between.
    let points = found
    candidates = (1...max(points[points.count - 1].rank, 1)).filter { $0 < 16 || $0 % 8 == 0 }.map { rank in
      let above = points.firstIndex { $0.rank >= rank } ?? points.count - 1, (low, high) = (points[max(above - 1, 0)], points[above])
      let share = Double(rank - low.rank) / Double(max(high.rank - low.rank, 1))
      let lost = exp(log(low.lost) * (1 - share) + log(high.lost) * share)
      return FactorCandidate(ranks: [rank], forms: forms(rank), energy: max(1 - lost, 0))
    }
  }

  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer {
    let shape = site.layer.shape, rank = candidate.ranks[0]
    let terms = try CanonicalPolyadic(kernel, extents: shape, rank: rank, options: fit.options, progress: site.step.progress)
    let first = whitening?.undo(terms.first) ?? terms.first, last = transposed(terms.last, rows: rank, columns: shape[0])
    let stages = try zip(candidate.forms, [first, terms.vertical, terms.horizontal, last]).map {
      try FactorStage($0, $1.map(Float.init))
    }
    if terms.growth > 100 {
      site.step.ledger.note(
        "'\(site.layer.name)': terms of its decomposition cancel each other (\(Int(min(terms.growth, 1e9))) times its energy); "
          + "raise the penalty or lower the rank")
    }
    guard fit.usesSamples else { return FactoredLayer(stages) }
    return try RefitLast(damping: fit.damping).apply(FactoredLayer(stages), at: site)
  }
}
