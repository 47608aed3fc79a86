/// ThiNet's greedy choice (Luo et al. 2017, algorithm 1) on second moments: the set T of removed channels grows by the channel that keeps
/// E(Σ_{c∈T} z_c)² smallest. A pick takes O(C): each channel's sum over T is kept up to date.
package enum GreedyRemoval {
  /// `candidates` in the order in which they go; of equal ones the first.
  package static func order(_ moments: ContributionMoments, candidates: [Int]) -> [Int] {
    let count = moments.count
    // For each channel Σ_{d∈T} gram[c][d].
    var sums = [Double](repeating: 0, count: count)
    var left = candidates
    var order: [Int] = []
    order.reserveCapacity(left.count)
    while !left.isEmpty {
      var best = 0
      var least = Double.infinity
      for (place, channel) in left.enumerated() {
        let cost = 2 * sums[channel] + moments.gram[channel * count + channel]
        if cost < least { (best, least) = (place, cost) }
      }
      let channel = left.remove(at: best)
      order.append(channel)
      for other in left { sums[other] += moments.gram[other * count + channel] }
    }
    return order
  }

  /// The factors for the kept channels' contributions that come closest to the targets (ŵ of the paper), in the order of `kept`.
  package static func scales(_ moments: ContributionMoments, kept: [Int], damping: Double) -> [Double] {
    let count = moments.count
    let gram = kept.flatMap { row in kept.map { moments.gram[row * count + $0] } }
    return RidgeRegression.solve(
      gram: gram, cross: kept.map { moments.targets[$0] }, prior: [Double](repeating: 1, count: kept.count), size: kept.count,
      ridge: RidgeRegression.ridge(gram, size: kept.count, damping: damping))
  }
}
