import Graph
import Tensors

/// A k × k convolution as 1×1 to R₁ maps, k × k to R₂ maps, and 1×1 to its outputs.
struct LayerTucker: Factorization {
  struct Fit {
    /// nil: ranks as `RankChoice` says.
    var bayes: (weakening: Double, floor: Int)?
    var usesSamples = true
    var damping = 0.1
    var sweeps = 12
    var largest: Int?
  }

  let candidates: [FactorCandidate]
  private let modes: TuckerModes
  private let whitening: InputWhitening?
  private let fit: Fit

  /// - Returns: nil for layers that are no convolutions with a window, or that are grouped.
  init?(_ site: FactorSite, fit: Fit) throws {
    let shape = site.layer.shape
    guard site.layer.op == .conv, shape.count == 4, site.layer.groups == 1, shape[2] * shape[3] > 1 else { return nil }
    self.fit = fit
    let (n, c, taps) = (shape[0], shape[1], shape[2] * shape[3])
    whitening = fit.usesSamples ? try InputWhitening.channels(site, damping: fit.damping) : nil
    var kernel = try site.matrix().elements.map(Double.init)
    if let whitening {
      let rows = transposedTaps(kernel, n, c, taps)
      kernel = transposedTaps(whitening.apply(rows), n, taps, c)
    }
    let modes = try TuckerModes(kernel, outputs: n, inputs: c, taps: taps)
    self.modes = modes
    func forms(_ input: Int, _ output: Int) -> [FactorShape] {
      [
        FactorShape([input, c, 1, 1]), FactorShape([output, input, shape[2], shape[3]], axes: [0, 1]), FactorShape([n, output, 1, 1]),
      ]
    }
    let energies = modes.energies()
    func candidate(_ input: Int, _ output: Int) -> FactorCandidate {
      FactorCandidate(ranks: [input, output], forms: forms(input, output), energy: energies[output * (c + 1) + input])
    }
    if let bayes = fit.bayes {
      func rank(_ mode: SymmetricEigen, _ columns: Int) -> Int {
        let values = mode.values.map { max($0, 0).squareRoot() }
        let found = EmpiricalBayesRank.rank(Array(values.prefix(columns)), rows: mode.size, columns: columns)
        let weak = Double(mode.size) - bayes.weakening * Double(mode.size - found)
        let rank = max(Int(weak.rounded()), bayes.floor, 1)
        // As the kernels' blocks are.
        return min(rank < 16 ? rank : (rank + 7) / 8 * 8, mode.size)
      }
      candidates = [candidate(rank(modes.inputMode, n * taps), rank(modes.outputMode, c * taps))]
      return
    }
    func levels(_ count: Int) -> [Int] {
      let extra = fit.largest.map { [min($0, count)] } ?? []
      return Set((1...count).filter { $0 < 16 || $0 % 8 == 0 || $0 == count } + extra).sorted()
    }
    // From the smallest pair, the mode grows that gains more energy for what it costs.
    let (inputs, outputs) = (levels(c), levels(n))
    var (i, o) = (0, 0), path = [candidate(inputs[0], outputs[0])]
    while i + 1 < inputs.count || o + 1 < outputs.count, let last = path.last {
      let macs = site.geometry.macs(last.forms)
      func gain(_ next: FactorCandidate) -> Double {
        (next.energy - last.energy) / Double(max(site.geometry.macs(next.forms) - macs, 1))
      }
      let wider = i + 1 < inputs.count ? candidate(inputs[i + 1], outputs[o]) : nil
      let longer = o + 1 < outputs.count ? candidate(inputs[i], outputs[o + 1]) : nil
      let takesInput = wider.map { wide in longer.map { gain(wide) >= gain($0) } ?? true } ?? false
      if takesInput { i += 1 } else { o += 1 }
      guard let next = takesInput ? wider : longer else { break }
      path.append(next)
    }
    candidates = path
  }

  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer {
    let factors = try TuckerFactors(
      modes, inputRank: candidate.ranks[0], outputRank: candidate.ranks[1], sweeps: fit.sweeps, progress: site.step.progress)
    let first = whitening?.undo(factors.first) ?? factors.first
    // The kernel's size goes to the last factor, by a power of two: squares of what the core makes stay within f32.
    let largest = factors.core.reduce(0) { max($0, $1.magnitude) }
    let size = largest > 0 ? Double(sign: .plus, exponent: Int(largest.exponent), significand: 1) : 1
    let stages = try zip(candidate.forms, [first, factors.core.map { $0 / size }, factors.last.map { $0 * size }]).map {
      try FactorStage($0, $1.map(Float.init))
    }
    guard fit.usesSamples else { return FactoredLayer(stages) }
    return try RefitLast(damping: fit.damping).apply(FactoredLayer(stages), at: site)
  }
}

/// [n, a, b] → [n, b, a]
func transposedTaps(_ x: [Double], _ n: Int, _ a: Int, _ b: Int) -> [Double] {
  var out = [Double](repeating: 0, count: x.count)
  for i in 0..<n { for j in 0..<a { for t in 0..<b { out[(i * b + t) * a + j] = x[(i * a + j) * b + t] } } }
  return out
}
