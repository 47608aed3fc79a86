import Graph
import Tensors

/// Times of several graphs on one sample, taken in turns so that what disturbs the machine disturbs all of them alike.
struct MeasureTimes {
  /// One graph's milliseconds, each list one entry a round.
  struct Series {
    var total: [Double] = []
    var nodes: [String: [Double]] = [:]

    /// The medians, in all and by node.
    var medians: (total: Double, nodes: [String: Double]) { (MeasureTimes.median(total), nodes.mapValues(MeasureTimes.median)) }
  }

  static let rounds = 7
  /// Runs of one graph before its turn ends.
  static let runsPerRound = 3

  /// One series for each graph; nil, and a note in the ledger, where the evaluator cannot measure.
  static func interleaved(
    _ graphs: [any PreparedGraph], _ sample: [Tensor], _ progress: ProgressReporter, _ ledger: Ledger
  ) throws -> [Series]? {
    var series = [Series](repeating: Series(), count: graphs.count)
    for round in 0..<rounds {
      try progress("measuring", round, of: rounds)
      // Every other round backwards: no graph always runs on the heels of the same one.
      for index in round % 2 == 0 ? Array(graphs.indices) : graphs.indices.reversed() {
        let measured: (total: Double, nodes: [String: Double])
        do { measured = try graphs[index].measure(sample, rounds: runsPerRound) } catch let failure as Failure
          where failure.status == .unsupported
        {
          ledger.note("times were not measured: \(failure.message)")
          return nil
        }
        series[index].total.append(measured.total)
        for (node, milliseconds) in measured.nodes { series[index].nodes[node, default: []].append(milliseconds) }
      }
    }
    return series
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return 0 }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
