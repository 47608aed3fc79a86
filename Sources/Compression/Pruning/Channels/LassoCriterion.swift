/// `lasso`: the channels to which a LASSO over all channels' contributions to the layers behind gives no weight go (He et al. 2017).
///
/// λ is found by halving until between C′ and 1.1·C′ channels are left; of those the ones with the smallest contributions go, down to C′.
struct LassoCriterion: ChannelCriterion {
  let name = "lasso"
  let needsCalibration = true
  let judgesContributions = true

  func scores(_ contributions: ContributionMoments, candidates: [Int], kept: Int) -> [Double] {
    let beta = LassoPath(contributions).solution(keeping: kept)
    return (0..<contributions.count).map { channel in
      let size = max(contributions.gram[channel * contributions.count + channel], 0).squareRoot()
      // Of those without weight, the ones that would contribute least go first.
      return beta[channel] == 0 ? -1 / (1 + size) : beta[channel].magnitude * size
    }
  }
}
