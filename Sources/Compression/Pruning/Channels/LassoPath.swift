/// LASSO on second moments: β minimizing ½·βᵀGβ − bᵀβ + λ·‖β‖₁, by coordinate descent (He et al. 2017 use it to choose channels).
package struct LassoPath {
  package let moments: ContributionMoments
  /// Sweeps over all coordinates for one λ at most.
  package static let maximumSweeps = 200
  /// Halvings of the interval of λ at most.
  private static let maximumHalvings = 40

  package init(_ moments: ContributionMoments) { self.moments = moments }

  /// The λ from which on every β is zero.
  package var greatestPenalty: Double { moments.targets.reduce(0) { max($0, $1.magnitude) } }

  /// Improves `beta` until no coordinate changes by more than 1e-6 of the largest.
  package func solve(_ penalty: Double, from beta: inout [Double]) {
    let count = moments.count
    guard count > 0, beta.count == count else { return }
    // b − Gβ
    var rest = moments.targets
    for d in 0..<count where beta[d] != 0 { for c in 0..<count { rest[c] -= moments.gram[d * count + c] * beta[d] } }
    for _ in 0..<LassoPath.maximumSweeps {
      var (largest, change) = (0.0, 0.0)
      for c in 0..<count {
        let square = moments.gram[c * count + c]
        let old = beta[c]
        let pull = rest[c] + square * old
        let new = square > 0 ? max(pull.magnitude - penalty, 0) * (pull < 0 ? -1 : 1) / square : 0
        largest = max(largest, new.magnitude)
        guard new != old else { continue }
        change = max(change, (new - old).magnitude)
        beta[c] = new
        moments.gram.withUnsafeBufferPointer { gram in
          rest.withUnsafeMutableBufferPointer { rest in for d in 0..<count { rest[d] -= gram[c * count + d] * (new - old) } }
        }
      }
      if change <= largest * 1e-6 { return }
    }
  }

  /// The solution that keeps at least `kept` and at most 1.1 × `kept` channels, found by halving the interval of λ; where no λ does, the
  /// one with the fewest channels that are still enough.
  package func solution(keeping kept: Int) -> [Double] {
    var best = [Double](repeating: 1, count: moments.count)
    var (low, high) = (0.0, greatestPenalty)
    guard high > 0, high.isFinite else { return best }
    var start = best
    for _ in 0..<LassoPath.maximumHalvings {
      let middle = (low + high) / 2
      var beta = start
      solve(middle, from: &beta)
      let nonzero = beta.count { $0 != 0 }
      if nonzero >= kept {
        (low, best, start) = (middle, beta, beta)
        if nonzero * 10 <= kept * 11 { return best }
      } else {
        high = middle
      }
    }
    return best
  }
}
