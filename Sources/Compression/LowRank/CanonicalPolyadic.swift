import Tensors

/// A kernel [outputs, inputs, height, width] as Σ over r of last_r ∘ first_r ∘ vertical_r ∘ horizontal_r (CP; Lebedev et al. 2015), by
/// alternating least squares. Squared norms of the factors are penalized, strongly at first, so that terms do not grow against each other
/// (Phan et al. 2019): best approximations without that need not exist.
package struct CanonicalPolyadic {
  package let rank: Int
  /// Row-major, one row for each term: [rank, outputs], [rank, inputs], [rank, height], [rank, width].
  package private(set) var last: [Double]
  package private(set) var first: [Double]
  package private(set) var vertical: [Double]
  package private(set) var horizontal: [Double]
  /// ‖K − K̂‖ / ‖K‖
  package private(set) var relativeError = 1.0
  /// Σ of the terms' squared norms / ‖K‖²: about 1 for terms that do not cancel each other.
  package private(set) var growth = 0.0

  package struct Options {
    /// What squared norms of the factors count at the end, the kernel's norm being 1.
    package var penalty = 1e-6
    package var starts = 3
    /// Of the best start, at most.
    package var sweeps = 100
    package var seed: UInt64 = 0

    package init() {}
  }

  /// - Throws: `notFinite`; `invalidArgument` where elements, extents and rank do not fit; `cancelled`.
  package init(
    _ kernel: [Double], extents: [Int], rank: Int, options: Options = Options(), progress: ProgressReporter = ProgressReporter(nil)
  ) throws {
    guard extents.count == 4, extents.allSatisfy({ $0 > 0 }), rank > 0, rank <= 1 << 16,
      try Tensor.checkedByteCount(.f64, extents) == kernel.count * 8
    else {
      throw Failure(.invalidArgument, "\(kernel.count) elements are not a kernel of \(extents) with terms of rank \(rank)")
    }
    let scale = try PowerOfTwo(scaling: kernel, rows: extents[0], columns: kernel.count / extents[0])
    let scaled = scale.scaled(kernel)
    let norm = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
    self.rank = rank
    (last, first) = ([Double](repeating: 0, count: rank * extents[0]), [Double](repeating: 0, count: rank * extents[1]))
    (vertical, horizontal) = ([Double](repeating: 0, count: rank * extents[2]), [Double](repeating: 0, count: rank * extents[3]))
    guard norm > 0 else {
      relativeError = 0
      return
    }
    let sweep = PolyadicSweep(scaled.map { $0 / norm }, extents: extents)
    let (starts, trial) = (max(options.starts, 1), options.starts > 1 ? min(8, options.sweeps) : 0)
    var best: (terms: PolyadicSweep.Terms, error: Double)?
    for start in 0..<starts {
      var terms = try sweep.start(start, rank: rank, seed: options.seed)
      var error = 1.0
      for round in 0..<trial {
        try progress("CP: start \(start + 1)", round, of: trial)
        error = sweep.improve(&terms, penalty: Self.penalty(round, options.penalty))
      }
      if best.map({ error < $0.error }) ?? true { best = (terms, error) }
    }
    guard var (terms, error) = best else { return }
    for round in trial..<max(options.sweeps, trial) {
      try progress("CP: alternating", round, of: options.sweeps)
      let now = sweep.improve(&terms, penalty: Self.penalty(round, options.penalty))
      let isAnnealed = Self.penalty(round, options.penalty) <= options.penalty
      if isAnnealed, error - now < 1e-6 * error || now < 1e-14 {
        error = now
        break
      }
      error = now
    }
    relativeError = max(error, 0).squareRoot()
    growth = terms.growth
    last = scale.restored(terms.modes[0].map { $0 * norm })
    (first, vertical, horizontal) = (terms.modes[1], terms.modes[2], terms.modes[3])
  }

  private static func penalty(_ round: Int, _ end: Double) -> Double {
    var value = 1e-3
    for _ in 0..<min(round, 200) { value *= 0.7 }
    return max(value, end)
  }
}
