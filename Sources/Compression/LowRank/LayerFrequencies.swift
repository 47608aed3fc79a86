import Graph
import Tensors

/// A k × k convolution as the responses of shared windows, depthwise, and a sparse 1×1 of them. Windows that are all cosines are those of one
/// axis after those of the other where that pays (from 7 × 7 on), for each channel k of k × 1, and for each of these k of 1 × k.
struct LayerFrequencies: Factorization {
  struct Fit {
    var centres = 0
    /// Of the product's codes; nil: f32.
    var bits: Int?
    var isSoft = false
    /// A number of coefficients that is asked for.
    var largest: Int?
  }

  let candidates: [FactorCandidate]
  private let coding: FrequencyCoding
  private let fit: Fit
  /// The layer's weight's extents.
  private let kernel: [Int]

  /// Shares of the coefficients that may be kept.
  private static let levels = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1]

  /// - Returns: nil for layers that are no convolutions with a window, or that are grouped.
  init?(_ site: FactorSite, fit: Fit) throws {
    let shape = site.layer.shape
    guard site.layer.op == .conv, shape.count == 4, site.layer.groups == 1, shape[2] * shape[3] > 1 else { return nil }
    let coding = try FrequencyCoding(site.matrix().elements.map(Double.init), extents: shape, centres: fit.centres)
    (self.coding, self.fit, kernel) = (coding, fit, shape)
    guard coding.count > 0 else {
      candidates = []
      return
    }
    let shares = Self.levels.map { Int($0 * Double(coding.count)) }.map { $0 < 16 || $0 == coding.count ? $0 : $0 / 8 * 8 }
    let counts = Set(shares + (fit.largest.map { [$0] } ?? [])).filter { $0 > 0 && $0 <= coding.count }.sorted()
    candidates = zip(counts, coding.energies(counts)).map { count, energy in
      let windows = Self.windows(coding.usedAtoms(count), shape)
      var product = FactorShape([shape[0], windows[windows.count - 1].outputs, 1, 1])
      product.density = Double(count) / Double(product.count)
      // A code and a gap for each coefficient, or a bit for each place.
      let bits = fit.bits ?? 32
      let stored = min(count * (bits + 8), count * bits + product.count) / 8 + (fit.bits == nil ? 0 : shape[0] * 8)
      return FactorCandidate(
        ranks: [count], forms: windows + [product], energy: energy,
        storedBytes: windows.reduce(0) { $0 + $1.count } * 4 + stored)
    }
  }

  /// Whether windows are cosines along one axis after the other: how many of each; nil where they are taken whole.
  private static func frequencies(_ atoms: [Int], _ shape: [Int]) -> (vertical: Int, horizontal: Int)? {
    let taps = shape[2] * shape[3]
    guard shape[2] > 1, shape[3] > 1, atoms.allSatisfy({ $0 < taps }) else { return nil }
    // As many of each axis as there are to the last one that is used: low ones mostly are.
    let (vertical, horizontal) = ((atoms.map { $0 / shape[3] }.max() ?? 0) + 1, (atoms.map { $0 % shape[3] }.max() ?? 0) + 1)
    let apart = vertical * shape[2] + vertical * horizontal * shape[3]
    // Products of windows along one axis take several times as long: less is computed for what is loaded and stored.
    return 5 * apart < atoms.count * taps ? (vertical, horizontal) : nil
  }

  private static func windows(_ atoms: [Int], _ shape: [Int]) -> [FactorShape] {
    let inputs = shape[1]
    guard let (vertical, horizontal) = frequencies(atoms, shape) else {
      return [FactorShape([inputs * atoms.count, 1, shape[2], shape[3]], groups: inputs, axes: [0, 1])]
    }
    return [
      FactorShape([inputs * vertical, 1, shape[2], 1], groups: inputs, axes: [0]),
      FactorShape([inputs * vertical * horizontal, 1, 1, shape[3]], groups: inputs * vertical, axes: [1]),
    ]
  }

  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer {
    let count = candidate.ranks[0], shape = site.layer.shape
    func shared(_ windows: [Double], times: Int) -> [Float] { (0..<times).flatMap { _ in windows.map(Float.init) } }
    let product = FactorStage(form(candidate), weight: try stored(matrix(count, soft: fit.isSoft, shape), candidate))
    guard let (vertical, horizontal) = Self.frequencies(coding.usedAtoms(count), shape) else {
      let windows = coding.usedAtoms(count).flatMap { coding.atoms[$0 * coding.taps..<($0 + 1) * coding.taps] }
      return FactoredLayer([try FactorStage(candidate.forms[0], shared(windows, times: coding.inputs)), product])
    }
    let basis = CosineBasis(height: shape[2], width: shape[3])
    return FactoredLayer([
      try FactorStage(candidate.forms[0], shared(Array(basis.vertical.prefix(vertical * shape[2])), times: coding.inputs)),
      try FactorStage(
        candidate.forms[1], shared(Array(basis.horizontal.prefix(horizontal * shape[3])), times: coding.inputs * vertical)),
      product,
    ])
  }

  /// The form of the product, last in the chain.
  private func form(_ candidate: FactorCandidate) -> FactorShape { candidate.forms[candidate.forms.count - 1] }

  /// The product's elements, in the order of the windows that there are.
  private func matrix(_ count: Int, soft: Bool, _ shape: [Int]) -> [Float] {
    let (atoms, sparse) = coding.sparse(count, soft: soft)
    guard let (vertical, horizontal) = Self.frequencies(atoms, shape) else { return sparse.map(Float.init) }
    let width = vertical * horizontal
    var out = [Float](repeating: 0, count: coding.outputs * coding.inputs * width)
    for filter in 0..<coding.outputs * coding.inputs {
      for (place, atom) in atoms.enumerated() {
        out[filter * width + atom / shape[3] * horizontal + atom % shape[3]] = Float(sparse[filter * atoms.count + place])
      }
    }
    return out
  }

  func trial(_ candidate: FactorCandidate) throws -> [FactorStage] {
    var random = Xorshift64()
    let matrix = matrix(candidate.ranks[0], soft: false, kernel)
    return try candidate.forms.dropLast().map { try FactorStage(filling: $0, &random) }
      + [FactorStage(form(candidate), weight: try stored(matrix, candidate))]
  }

  /// In the smallest form: zeros left out, symmetric codes with a scale for each output where bits are asked for.
  private func stored(_ matrix: [Float], _ candidate: FactorCandidate) throws -> Weight {
    let shape = form(candidate).shape
    guard let bits = fit.bits else { return try Weight(Tensor(shape, matrix)).compacted() }
    guard matrix.allSatisfy(\.isFinite) else {
      throw Failure(.notFinite, "factorize.dct: the weights are so large that their coefficients are not finite")
    }
    let limit = Float(1 << (bits - 1) - 1), width = matrix.count / shape[0]
    var scales = [Float](repeating: 1, count: shape[0])
    var codes = [Int8](repeating: 0, count: matrix.count)
    for row in 0..<shape[0] {
      let range = row * width..<(row + 1) * width
      let largest = matrix[range].reduce(0) { max($0, $1.magnitude) }
      if largest > 0 { scales[row] = max(largest / limit, .leastNormalMagnitude) }
      for index in range { codes[index] = Int8(max(min((matrix[index] / scales[row]).rounded(.toNearestOrEven), limit), -limit)) }
    }
    let quantization = try AffineQuantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: 0, bits: bits)
    return try Weight(shape: shape, elements: .affine(codes: Tensor(.s8, shape, codes), quantization), arrangement: .dense).compacted()
  }
}
