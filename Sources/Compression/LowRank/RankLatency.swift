import Graph
import Tensors

/// Measured milliseconds of layers at some of their ranks: a look-up table of this machine.
struct RankLatency {
  /// Shares of a layer's multiply-accumulates that are measured.
  private static let levels = [0.1, 0.25, 0.45, 0.7]

  /// - Throws: `recipe` where times cannot be taken.
  static func costs(_ entries: [RankEntry], _ trial: FactorTrial) throws -> RankCosts {
    guard let costs = try table(entries, trial) else {
      throw Failure(.recipe, "\(trial.step.path).target_ms: times cannot be measured here; use target_macs or target_bytes")
    }
    return costs
  }

  /// nil where times cannot be taken.
  static func table(_ entries: [RankEntry], _ trial: FactorTrial) throws -> RankCosts? {
    var points = entries.map { _ in [(macs: Double, time: Double)]() }
    let rows: [[FactorCandidate?]] = levels.map { level in
      entries.map { entry in entry.able.last { Double(entry.macs($0)) <= level * Double(entry.macs) } ?? entry.able.first }
    }
    guard let measured = try trial.measure(rows + [entries.map { _ in nil }]) else { return nil }
    for (row, times) in zip(rows + [entries.map { _ in nil }], measured) {
      for (index, entry) in entries.enumerated() {
        guard let time = times.layers[index].map(MeasureTimes.median) else { continue }
        let macs = Double(entry.macs(row[index]))
        // Less work never takes longer.
        if let last = points[index].last, macs <= last.macs {
          points[index][points[index].count - 1].time = time
        } else {
          points[index].append((macs, row[index] == nil ? time : max(time, points[index].last?.time ?? 0)))
        }
      }
    }
    let table = points
    let whole = MeasureTimes.median(measured[measured.count - 1].totals)
    let own = table.reduce(0) { $0 + ($1.last?.time ?? 0) }
    return RankCosts(fixed: max(whole - own, 0)) { index, candidate in
      let points = table[index]
      guard let candidate else { return points.last?.time ?? 0 }
      // The last point is the layer as it is, which other kernels compute.
      let macs = Double(entries[index].macs(candidate)), factored = points.count > 1 ? Array(points.dropLast()) : points
      guard let end = factored.last else { return 0 }
      var before = (macs: 0.0, time: 0.0)
      for point in factored {
        if macs <= point.macs { return before.time + (point.time - before.time) * (macs - before.macs) / max(point.macs - before.macs, 1) }
        before = point
      }
      return end.time * macs / max(end.macs, 1)
    }
  }
}
