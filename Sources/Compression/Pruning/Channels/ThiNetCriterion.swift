/// `thinet`: the channels whose joint contribution to the layers behind is smallest go, found greedily (Luo et al. 2017).
///
/// Where a reader has a bias, contributions are taken about their means: the bias makes up for those.
struct ThiNetCriterion: ChannelCriterion {
  let name = "thinet"
  let needsCalibration = true
  let judgesContributions = true

  func scores(_ contributions: ContributionMoments, candidates: [Int], kept: Int) -> [Double] {
    var scores = [Double](repeating: 0, count: contributions.count)
    for (place, channel) in GreedyRemoval.order(contributions, candidates: candidates).enumerated() { scores[channel] = Double(place) }
    return scores
  }
}
