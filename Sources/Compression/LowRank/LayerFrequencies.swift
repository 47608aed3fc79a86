import Graph
import Tensors

/// A k × k convolution as the responses of shared windows, depthwise, and a sparse 1×1 of them.
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

  /// Shares of the coefficients that may be kept.
  private static let levels = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1]

  /// - Returns: nil for layers that are no convolutions with a window, or that are grouped.
  init?(_ site: FactorSite, fit: Fit) throws {
    let shape = site.layer.shape
    guard site.layer.op == .conv, shape.count == 4, site.layer.groups == 1, shape[2] * shape[3] > 1 else { return nil }
    let coding = try FrequencyCoding(site.matrix().elements.map(Double.init), extents: shape, centres: fit.centres)
    (self.coding, self.fit) = (coding, fit)
    guard coding.count > 0 else {
      candidates = []
      return
    }
    let shares = Self.levels.map { Int($0 * Double(coding.count)) }.map { $0 < 16 || $0 == coding.count ? $0 : $0 / 8 * 8 }
    let counts = Set(shares + (fit.largest.map { [$0] } ?? [])).filter { $0 > 0 && $0 <= coding.count }.sorted()
    candidates = zip(counts, coding.energies(counts)).map { count, energy in
      let atoms = coding.usedAtoms(count).count
      let windows = FactorShape([shape[1] * atoms, 1, shape[2], shape[3]], groups: shape[1], axes: [0, 1])
      var product = FactorShape([shape[0], shape[1] * atoms, 1, 1])
      product.density = Double(count) / Double(product.count)
      // A code and a gap for each coefficient, or a bit for each place.
      let bits = fit.bits ?? 32
      let stored = min(count * (bits + 8), count * bits + product.count) / 8 + (fit.bits == nil ? 0 : shape[0] * 8)
      return FactorCandidate(ranks: [count], forms: [windows, product], energy: energy, storedBytes: windows.count * 4 + stored)
    }
  }

  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer {
    let (atoms, matrix) = coding.sparse(candidate.ranks[0], soft: fit.isSoft)
    let windows = atoms.flatMap { coding.atoms[$0 * coding.taps..<($0 + 1) * coding.taps] }.map(Float.init)
    let shared = (0..<coding.inputs).flatMap { _ in windows }
    return FactoredLayer([
      try FactorStage(candidate.forms[0], shared), FactorStage(candidate.forms[1], weight: try stored(matrix.map(Float.init), candidate)),
    ])
  }

  func trial(_ candidate: FactorCandidate) throws -> [FactorStage] {
    var random = Xorshift64()
    let matrix = coding.sparse(candidate.ranks[0], soft: false).matrix
    return [
      try FactorStage(filling: candidate.forms[0], &random),
      FactorStage(candidate.forms[1], weight: try stored(matrix.map(Float.init), candidate)),
    ]
  }

  /// In the smallest form: zeros left out, symmetric codes with a scale for each output where bits are asked for.
  private func stored(_ matrix: [Float], _ candidate: FactorCandidate) throws -> Weight {
    let shape = candidate.forms[1].shape
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
