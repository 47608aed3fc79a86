import Compression
import Tensors

extension FactorizeTensor {
  /// Tucker-2: first [rank_in][c], core [rank_out][rank_in][kh][kw], last [n][rank_out]. Returns the relative error.
  package func tucker2(
    _ weights: UnsafeBufferPointer<Float>, _ filters: Filters, ranks: (input: Int, output: Int),
    first: UnsafeMutableBufferPointer<Float>, core: UnsafeMutableBufferPointer<Float>, last: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    try requireRank(ranks.input, atMost: filters.c, "rank_in")
    try requireRank(ranks.output, atMost: filters.n, "rank_out")
    let modes = try TuckerModes(try doubles(weights), outputs: filters.n, inputs: filters.c, taps: try taps(filters))
    let found = try TuckerFactors(modes, inputRank: ranks.input, outputRank: ranks.output, progress: progress)
    write(found.first, to: first)
    write(found.core, to: core)
    write(found.last, to: last)
    return max(1 - found.energy, 0).squareRoot()
  }

  /// The rank of a matrix under noise.
  package func rank(_ matrix: UnsafeBufferPointer<Float>, rows: Int, columns: Int) throws -> Int {
    let values = try LeadingSVD.decompose(
      try doubles(matrix), rows: rows, columns: columns, rank: min(rows, columns), multiply: multiply, progress: progress
    ).values
    return EmpiricalBayesRank.rank(values, rows: rows, columns: columns)
  }

  /// Each input channel's filters as `multiplier` ones: spatial [c][multiplier][kh][kw], pointwise [n][c][multiplier]. Returns the relative error.
  package func depthwise(
    _ weights: UnsafeBufferPointer<Float>, _ filters: Filters, multiplier: Int, spatial: UnsafeMutableBufferPointer<Float>,
    pointwise: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    let taps = try taps(filters)
    try requireRank(multiplier, atMost: min(filters.n, taps), "multiplier")
    let found = try DecoupledFilters(try doubles(weights), outputs: filters.n, inputs: filters.c, taps: taps)
    let factors = found.factors(rank: multiplier)
    write(factors.depthwise, to: spatial)
    write(factors.pointwise, to: pointwise)
    let energies = found.energies, all = energies.reduce(0, +)
    return all > 0 ? (energies.dropFirst(multiplier).reduce(0, +) / all).squareRoot() : 0
  }

  /// Sums of products of four vectors: first [rank][c], vertical [rank][kh], horizontal [rank][kw], last [n][rank]. Returns the relative error.
  package func cp(
    _ weights: UnsafeBufferPointer<Float>, _ filters: Filters, rank: Int, first: UnsafeMutableBufferPointer<Float>,
    vertical: UnsafeMutableBufferPointer<Float>, horizontal: UnsafeMutableBufferPointer<Float>, last: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    // So many terms give any kernel: one for each fibre along its longest mode.
    let fibres = try taps(filters) * filters.n * filters.c / (filters.shape.max() ?? 1)
    try requireRank(rank, atMost: min(fibres, 1 << 16))
    let found = try CanonicalPolyadic(try doubles(weights), extents: filters.shape, rank: rank, progress: progress)
    write(found.first, to: first)
    write(found.vertical, to: vertical)
    write(found.horizontal, to: horizontal)
    write(transposed(found.last, rows: rank, columns: filters.n), to: last)
    return found.relativeError
  }

  /// The cosine transform of each window of a bank [count][kh][kw], or back.
  package func cosine(
    _ windows: UnsafeBufferPointer<Float>, count: Int, kh: Int, kw: Int, isInverse: Bool, into out: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard windows.count > 0 else { return }
    // The basis has (kh·kw)² elements.
    guard kh * kw <= 1 << 12 else { throw Failure(.unsupported, "filters of \(kh)×\(kw) are too large; the limit is \(1 << 12) elements") }
    let basis = CosineBasis(height: kh, width: kw), elements = try doubles(windows)
    guard isInverse else { return write(basis.transform(elements), to: out) }
    // The basis is orthonormal: its transpose leads back.
    let back = transposed(basis.windows, rows: kh * kw, columns: kh * kw)
    write(product(elements, byTransposed: back, rows: count, columns: kh * kw, depth: kh * kw), to: out)
  }

  /// Taps of one filter.
  /// - Throws: `invalidArgument` for filters without elements.
  func taps(_ filters: Filters) throws -> Int {
    guard filters.shape.allSatisfy({ $0 > 0 }) else { throw Failure(.invalidArgument, "filters of \(filters.shape) have no elements") }
    return filters.kh * filters.kw
  }
}
