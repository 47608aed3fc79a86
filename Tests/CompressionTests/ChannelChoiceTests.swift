import Compression
import Testing

/// The pure algorithms that choose channels, against figures worked out by hand.
@Suite struct ChannelChoiceTests {
  private func moments(_ gram: [[Double]], _ targets: [Double]) -> ContributionMoments {
    ContributionMoments(gram: gram.flatMap { $0 }, targets: targets)
  }

  @Test func greedyRemovalSeesWhatCancels() {
    // Alone 1 costs 0.9, 0 and 2 cost 1. After 1 the cost of 2 is 2·(−0.9) + 1 = −0.8, that of 0 stays 1.
    let cancelling = moments([[1, 0, 0], [0, 0.9, -0.9], [0, -0.9, 1]], [1, 0, 0.1])
    #expect(GreedyRemoval.order(cancelling, candidates: [0, 1, 2]) == [1, 2, 0])
    #expect(GreedyRemoval.order(cancelling, candidates: [0, 2]) == [0, 2])
    // Equal costs: the first.
    #expect(GreedyRemoval.order(moments([[1, 0], [0, 1]], [1, 1]), candidates: [1, 0]) == [1, 0])
  }

  @Test func scalesAreLeastSquares() {
    // Kept 0 and 1 of three: [2 1; 1 2]·s = [3, 3] has s = [1, 1]; with targets [3, 0], s = [2, −1].
    let gram = [[2.0, 1, 5], [1, 2, 5], [5, 5, 50]]
    for (targets, scales) in [([3.0, 3, 0], [1.0, 1]), ([3, 0, 0], [2, -1])] {
      let found = GreedyRemoval.scales(moments(gram, targets), kept: [0, 1], damping: 0)
      // The least ridge that there is moves them by less than 1e-8.
      #expect(zip(found, scales).allSatisfy { abs($0 - $1) < 1e-7 })
    }
  }

  @Test func lassoShrinksIndependentChannels() {
    let path = LassoPath(moments([[1, 0, 0], [0, 2, 0], [0, 0, 1]], [3, -2, 1]))
    var beta = [0.0, 0, 0]
    path.solve(1.5, from: &beta)
    // S(3, 1.5) = 1.5, S(−2, 1.5)/2 = −0.25, S(1, 1.5) = 0.
    #expect(beta == [1.5, -0.25, 0])
    #expect(path.greatestPenalty == 3)
  }

  @Test func lassoSolvesCorrelatedChannels() {
    let path = LassoPath(moments([[1, 0.5], [0.5, 1]], [1, 0.9]))
    var beta = [1.0, 1]
    path.solve(0.2, from: &beta)
    // Both positive: [1 ½; ½ 1]·β = [0.8, 0.7].
    #expect(abs(beta[0] - 0.6) < 1e-5 && abs(beta[1] - 0.4) < 1e-5)
    path.solve(0.95, from: &beta)
    #expect(abs(beta[0] - 0.05) < 1e-9 && beta[1] == 0)
  }

  @Test func lassoFindsThePenalty() {
    let count = 40
    let gram = (0..<count).map { i in (0..<count).map { i == $0 ? 1.0 : 0 } }
    let path = LassoPath(moments(gram, (0..<count).map { Double($0 * 7 % count + 1) }))
    for kept in [1, 5, 20, 39] {
      let beta = path.solution(keeping: kept)
      let nonzero = beta.count { $0 != 0 }
      #expect(nonzero >= kept && nonzero * 10 <= kept * 11)
      // Independent channels: the largest targets stay.
      let least = beta.indices.filter { beta[$0] != 0 }.map { path.moments.targets[$0] }.min() ?? 0
      #expect(beta.indices.allSatisfy { beta[$0] != 0 || path.moments.targets[$0] < least })
    }
    #expect(LassoPath(moments([[0]], [0])).solution(keeping: 1) == [1])
  }

  @Test func infiniteSelectionSumsPaths() {
    #expect(InfiniteSelection.ranks([3, 1, 3, 2]) == [2.5, 0, 2.5, 1])
    // Two features of equal spread that rise together: edges ½·1 + ½·0 = ½ everywhere (with itself a feature is as alike), so every row
    // sums to 1, r = 0.9, and Σ_k 0.9ᵏ = 9.
    let together = InfiniteSelection.energies([[0, 0], [1, 1], [2, 2]], features: 2, limit: 8)
    #expect(together.allSatisfy { abs($0 - 9) < 1e-9 })
    // A feature that varies more and alone is worth more.
    let rows = [[0.0, 0, 5], [1, 1, 0], [2, 2, 4], [3, 3, 1]]
    let energies = InfiniteSelection.energies(rows, features: 3, limit: 8)
    #expect(energies[2] > energies[0] && abs(energies[0] - energies[1]) < 1e-12)
    #expect(InfiniteSelection.energies(rows, features: 3, limit: 2) == [1, 1, 1])
    #expect(InfiniteSelection.energies([], features: 2, limit: 8) == [1, 1])
  }
}
