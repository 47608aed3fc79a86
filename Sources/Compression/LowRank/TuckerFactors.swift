import Tensors

/// A kernel [outputs, inputs, taps] as core ×₁ last ×₂ first: Tucker's decomposition along both channel modes, made better by alternating
/// between them (HOOI; De Lathauwer et al. 2000; Kim et al. 2016).
package struct TuckerFactors {
  /// [input rank, inputs], orthonormal rows.
  package let first: [Double]
  /// [output rank, input rank, taps]
  package let core: [Double]
  /// [outputs, output rank], orthonormal columns.
  package let last: [Double]
  /// The share of the kernel's squares that is kept.
  package let energy: Double

  /// - ranks: from 1 to the mode's extent; what is outside is brought inside.
  /// - sweeps: at most; they end when they gain no more.
  package init(
    _ modes: TuckerModes, inputRank: Int, outputRank: Int, sweeps: Int = 12, progress: ProgressReporter = ProgressReporter(nil)
  ) throws {
    let (n, c, taps) = (modes.outputs, modes.inputs, modes.taps)
    let a = min(max(inputRank, 1), c), b = min(max(outputRank, 1), n)
    let (kernel, turned) = (modes.kernel, modes.turned)
    let all = kernel.reduce(0) { $0 + $1 * $1 }
    var outer = Array(modes.outputMode.vectors.prefix(b * n)), inner = Array(modes.inputMode.vectors.prefix(a * c))
    // Where a mode stays whole nothing alternates: the other's directions are the best already.
    var (kept, left) = (-1.0, a == c || b == n ? 1 : max(sweeps, 1))
    while left > 0 {
      try progress("Tucker: alternating", sweeps - left, of: sweeps)
      left -= 1
      if a < c {
        let half = TuckerModes.project(kernel, outer, rank: b, count: n)
        let mode = try SymmetricEigen(gram(TuckerModes.swapped(half, b, c, taps), rows: c, depth: b * taps), size: c)
        inner = Array(mode.vectors.prefix(a * c))
      }
      guard b < n else { break }
      let half = TuckerModes.project(turned, inner, rank: a, count: c)
      let mode = try SymmetricEigen(gram(TuckerModes.swapped(half, a, n, taps), rows: n, depth: a * taps), size: n)
      outer = Array(mode.vectors.prefix(b * n))
      let now = mode.values.prefix(b).reduce(0, +)
      if now - kept <= 1e-6 * all { break }
      kept = now
    }
    let half = TuckerModes.project(turned, inner, rank: a, count: c)
    let core = TuckerModes.project(TuckerModes.swapped(half, a, n, taps), outer, rank: b, count: n)
    energy = all > 0 ? min(core.reduce(0) { $0 + $1 * $1 } / all, 1) : 1
    self.core = modes.scale.restored(core)
    first = inner
    last = transposed(outer, rows: b, columns: n)
  }
}
