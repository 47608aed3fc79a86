import Graph
import Tensors

/// A layer as a matrix of outputs × what one position reads, and as two: the first has the layer's window and `rank` outputs (for each
/// group), the second is pointwise.
///
/// Without samples the factors are the truncated singular value decomposition. With them they minimize the error of what the layer makes
/// (the second moments of what it reads are the metric), its targets being the original network's sums while its inputs are those of the
/// network factorized so far (Zhang et al. 2016, sections 3.1 to 3.3).
struct MatrixFactors: Factorization {
  /// How factors are fitted.
  struct Fit {
    var usesSamples = true
    /// Whether inputs come from the network that is factorized so far.
    var isAsymmetric = true
    /// Whether what the activation behind the layer cuts off need not be met.
    var isNonlinear = false
    var damping = 0.1
  }

  let candidates: [FactorCandidate]
  private let svds: [SVD]
  private let squares: [Double]
  private let fit: Fit
  /// Of the original network, where factors are not fitted to the changed one.
  private let responses: Responses?

  /// How many singular values are looked for in large matrices.
  private static let usualLeading = 512

  /// - largest: a rank that is asked for.
  /// - Returns: nil for a layer that has no two factors.
  init?(_ site: FactorSite, fit: Fit, largest: Int? = nil) throws {
    let matrix = try site.matrix()
    let (groups, rows, width) = (matrix.groups, matrix.rowsPerGroup, matrix.width)
    guard min(rows, width) > 1 else { return nil }
    let responses = fit.usesSamples ? try Self.responses(site) : nil
    let bias = try site.graph.bias(of: site.layer)
    var (svds, squares, kept, totals) = ([SVD](), [Double](), [[Double]](), [Double]())
    for group in 0..<groups {
      // Large ones take memory: one group is not copied.
      let elements = groups == 1 ? matrix.elements : Array(matrix.elements[group * rows * width..<(group + 1) * rows * width])
      do {
        svds.append(
          try LeadingSVD.decompose(
            elements, rows: rows, columns: width, rank: largest ?? Self.usualLeading, multiply: site.multiply,
            progress: site.step.progress))
      } catch var failure as Failure {
        failure.node = failure.node ?? site.layer.name
        throw failure
      }
      squares.append(elements.reduce(0) { $0 + Double($1) * Double($1) })
      let part = try responses.map {
        try ResponseRows($0, channels: group * rows..<(group + 1) * rows, bias: bias, centred: site.graph.canSetBias(site.layer))
      }
      let regression = try ResponseRegression(
        svds[group], squares: squares[group], rows: part, damping: fit.damping, multiply: site.multiply)
      kept.append(regression.kept)
      totals.append(regression.total)
    }
    let all = totals.reduce(0, +)
    let size = kept.map(\.count).max() ?? 0
    candidates = (1...max(size, 1)).map { rank in
      let energy = zip(kept, totals).reduce(0) { $0 + $1.1 * ($1.0.isEmpty ? 1 : $1.0[min(rank, $1.0.count) - 1]) }
      return FactorCandidate(ranks: [rank], forms: Self.forms(site, rank: rank), energy: all > 0 ? min(energy / all, 1) : 1)
    }
    self.svds = svds
    self.squares = squares
    self.fit = fit
    self.responses = fit.isAsymmetric ? nil : responses
  }

  static func forms(_ site: FactorSite, rank: Int) -> [FactorShape] {
    let extents = site.extents, groups = site.layer.groups, spatial = max(extents.count - 2, 0)
    return [
      FactorShape([rank * groups] + extents.dropFirst(), groups: groups, axes: Array(0..<spatial)),
      FactorShape([extents[0], rank] + [Int](repeating: 1, count: spatial), groups: groups),
    ]
  }

  /// Nothing for layers whose sums are not W·x + b.
  private static func responses(_ site: FactorSite) throws -> Responses? {
    guard let targets = site.targets else { return nil }
    guard try site.graph.hasPlainSums(site.layer), site.layer.op == .matMul || site.graph.canSetBias(site.layer),
      let responses = try targets.responses(site.layer, in: site.graph)
    else {
      site.step.ledger.note("'\(site.layer.name)' was factorized by its weights alone: its sums are not W·x + b of what samples give")
      return nil
    }
    return responses
  }

  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer {
    let rank = candidate.ranks[0], groups = svds.count
    let (rows, width) = (svds[0].rows, svds[0].columns)
    let responses = fit.usesSamples ? try self.responses ?? Self.responses(site) : nil
    let old = try site.graph.bias(of: site.layer), centred = site.graph.canSetBias(site.layer)
    var (first, second, bias) = ([Float](), [Float](), [Float]())
    for group in 0..<groups {
      let channels = group * rows..<(group + 1) * rows
      let part = try responses.map { try ResponseRows($0, channels: channels, bias: old, centred: centred) }
      var regression = try ResponseRegression(
        svds[group], squares: squares[group], rows: part, damping: fit.damping, multiply: site.multiply)
      let kept = min(rank, regression.size)
      var shift = part?.lack ?? []
      if fit.isNonlinear, centred, let part, let responses, let range = try ActiveRange(site.graph.nodes[site.layer.node]) {
        shift = try NonlinearResponses(responses, channels: channels, part, range).fit(
          &regression, rank: kept, multiply: site.multiply, progress: site.step.progress, phase: "fitting: \(site.layer.name)")
      }
      let factors = regression.factors(kept)
      let pair = BalancedPair(
        try regression.expanded(factors.first, rank: kept, multiply: site.multiply), factors.second, rows: rows, rank: kept, columns: width,
        paddedTo: rank)
      first += pair.first
      second += pair.second
      guard let part else { continue }
      // The means of what is wanted less those of what the factors make: E[z] − M·E[u].
      for row in 0..<rows {
        var made = 0.0
        for k in 0..<kept {
          var inner = 0.0
          for i in 0..<regression.size { inner += factors.first[k * regression.size + i] * regression.coordinateMeans[i] }
          made += factors.second[row * kept + k] * inner
        }
        bias.append(Float(Double(old[channels.lowerBound + row]) + part.offsets[row] + shift[row] - made))
      }
    }
    return FactoredLayer(
      [try FactorStage(candidate.forms[0], first), try FactorStage(candidate.forms[1], second)],
      bias: responses != nil && centred ? bias : nil)
  }
}

/// Two factors of one matrix in which both have a share of what is large: what is quantized later gains by it, and nothing overflows.
package struct BalancedPair {
  /// rank × columns, and rows × rank; zeros beyond the rank that there is.
  package var first: [Float] = []
  package var second: [Float] = []

  package init(_ a: [Double], _ b: [Double], rows: Int, rank: Int, columns: Int, paddedTo padded: Int) {
    var scales = [Double](repeating: 1, count: rank)
    for k in 0..<rank {
      let left = Self.norm((0..<rows).lazy.map { b[$0 * rank + k] }), right = Self.norm(a[k * columns..<(k + 1) * columns])
      if left > 0, right > 0 { scales[k] = (left / right).squareRoot() }
    }
    first = [Float](repeating: 0, count: padded * columns)
    second = [Float](repeating: 0, count: rows * padded)
    for k in 0..<rank {
      for column in 0..<columns { first[k * columns + column] = Float(a[k * columns + column] * scales[k]) }
      for row in 0..<rows { second[row * padded + k] = Float(b[row * rank + k] / scales[k]) }
    }
  }

  private static func norm(_ values: some Sequence<Double>) -> Double {
    let largest = values.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else { return 0 }
    return largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
  }
}

extension Graph {
  /// What is added to the layer's sums, one element for each output channel; zeros where nothing of that form is.
  func bias(of layer: Layer) throws -> [Float] {
    let channels = layer.shape[layer.outputAxis]
    guard layer.op != .matMul, let values = try constant(nodes[layer.node], 2), values.dtype == .f32 else {
      return [Float](repeating: 0, count: channels)
    }
    let floats = values.floats()
    return floats.count == channels ? floats : [Float](repeating: floats.count == 1 ? floats[0] : 0, count: channels)
  }
}
