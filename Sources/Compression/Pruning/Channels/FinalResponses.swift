import Graph
import Tensors

/// Ranks the final responses of a network without labels: infinite feature selection (Roffo et al. 2015).
enum FinalResponses {
  /// More features than this are all ranked alike: their matrix would be too large.
  private static let maximumFeatures = 4096

  /// The importance of each of a group's channels at `value`; features of one channel are added up.
  static func rank(_ value: ValueID, _ member: PruningGroup.Member, channels: Int, _ context: ChannelContext) throws -> [Double] {
    let samples = try context.step.calibration()
    let runner = GraphRunner(context.graph, observing: [value], evaluator: context.step.evaluator)
    var rows: [[Double]] = []
    for index in 0..<samples.count {
      try context.step.progress("scoring channels", index, of: samples.count)
      guard let tensor = try runner.run(samples.sample(index)).observed.first, tensor.dtype == .f32,
        tensor.shape.indices.contains(member.axis), tensor.shape[member.axis] == member.extent
      else { return [Double](repeating: 1, count: channels) }
      let inner = tensor.shape[(member.axis + 1)...].reduce(1, *), outer = tensor.shape[..<member.axis].reduce(1, *)
      let elements = tensor.elements(as: Float.self)
      for row in 0..<outer {
        rows.append(
          (0..<member.extent).map { position in
            let first = (row * member.extent + position) * inner
            return elements[first..<first + inner].reduce(0.0) { $0 + Double($1) } / Double(max(inner, 1))
          })
      }
    }
    guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw Failure(.notFinite, "the value '\(context.graph[value].name)' is NaN or infinite on a calibration sample")
    }
    let energies = InfiniteSelection.energies(rows, features: member.extent, limit: maximumFeatures)
    var ranks = [Double](repeating: 0, count: channels)
    for (position, channel) in zip(member.positions, member.channels) { ranks[channel] += energies[position] }
    return ranks
  }
}

/// Infinite feature selection: features are nodes of a graph whose edges are strong where two features vary much and alike little; a feature's
/// energy is the sum over paths of every length that begin at it.
package enum InfiniteSelection {
  /// Of an edge, the share of the spread; the rest is that of the lacking correlation (0.5 in the paper).
  private static let mixture = 0.5
  /// Times the inverse spectral radius: how much a longer path counts.
  private static let reach = 0.9

  /// - rows: one observation each, of `features` numbers.
  /// - Returns: for each feature Σ_k (r·A)^k·1 = ((I − r·A)⁻¹ − I)·1, all equal where there are more than `limit` features.
  package static func energies(_ rows: [[Double]], features: Int, limit: Int) -> [Double] {
    guard features > 0, features <= limit, rows.count > 1 else { return [Double](repeating: 1, count: features) }
    let columns = (0..<features).map { feature in rows.map { $0[feature] } }
    let spreads = columns.map(deviation)
    let largest = max(spreads.max() ?? 0, .leastNormalMagnitude)
    // Spearman's correlation: that of the ranks.
    let ranks = columns.map { standardized(InfiniteSelection.ranks($0)) }
    var edges = [Double](repeating: 0, count: features * features)
    for i in 0..<features {
      for j in 0...i {
        var correlation = 0.0
        for k in rows.indices { correlation += ranks[i][k] * ranks[j][k] }
        let edge = mixture * max(spreads[i], spreads[j]) / largest + (1 - mixture) * (1 - min(correlation.magnitude, 1))
        edges[i * features + j] = edge
        edges[j * features + i] = edge
      }
    }
    // No entry is negative, so the largest row sum is at least the spectral radius.
    let radius = (0..<features).map { i in edges[i * features..<(i + 1) * features].reduce(0, +) }.max() ?? 0
    guard radius > 0, radius.isFinite else { return [Double](repeating: 1, count: features) }
    var matrix = edges.map { -$0 * reach / radius }
    for i in 0..<features { matrix[i * features + i] += 1 }
    guard let factor = Cholesky(matrix, size: features) else { return [Double](repeating: 1, count: features) }
    var energies = [Double](repeating: 1, count: features)
    energies.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { factor.solve(base) } }
    return energies.map { max($0 - 1, 0) }
  }

  private static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }

  /// Ranks from 0; equal values share the mean of theirs.
  package static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var begin = 0
    while begin < order.count {
      var end = begin + 1
      while end < order.count, values[order[end]] == values[order[begin]] { end += 1 }
      for place in begin..<end { ranks[order[place]] = Double(begin + end - 1) / 2 }
      begin = end
    }
    return ranks
  }

  /// About the mean, of length 1; zeros where all are equal.
  private static func standardized(_ values: [Double]) -> [Double] {
    let mean = values.reduce(0, +) / Double(values.count)
    let norm = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    return values.map { norm > 0 ? ($0 - mean) / norm : 0 }
  }
}
