import Graph
import Tensors

/// Takes the times of a network with some of its layers factorized: only forms matter for that, so it is known before any factors are
/// made what will pay.
struct FactorTrial {
  let graph: Graph
  let entries: [RankEntry]
  let step: StepContext
  /// What times are taken on.
  let sample: [Tensor]

  /// A layer is left as it is unless its factors take less than this share of its time.
  static let worthwhile = 0.97
  /// The same for the whole network.
  static let worthwhileInAll = 0.99

  struct Times {
    /// Milliseconds of the whole network by round.
    var totals: [Double]
    /// The same by entry, all layers of a chain together; nil where that is not known.
    var layers: [[Double]?]
  }

  /// One for each row of choices (nil: the layer as it is), taken in turns; nil where times cannot be taken.
  func measure(_ rows: [[FactorCandidate?]]) throws -> [Times]? {
    var names: [[[String]]] = []
    let prepared = try rows.map { row in
      let built = try build(row)
      names.append(built.names)
      return try step.evaluator.prepare(built.graph, observing: [], like: sample)
    }
    guard let series = try MeasureTimes.interleaved(prepared, sample, step.progress, step.ledger) else { return nil }
    return zip(series, names).map { series, names in
      Times(
        totals: series.total,
        layers: names.map { names in
          let parts = names.compactMap { series.nodes[$0] }
          guard var sums = parts.first else { return nil }
          for part in parts.dropFirst() where part.count == sums.count { for round in sums.indices { sums[round] += part[round] } }
          return sums
        })
    }
  }

  /// The network of a choice, and the nodes that stand for each layer.
  private func build(_ row: [FactorCandidate?]) throws -> (graph: Graph, names: [[String]]) {
    var graph = graph
    var names = entries.map { [$0.layer.name] }
    // From the end, so that the layers before keep their places.
    for index in entries.indices.sorted(by: { entries[$0].layer.node > entries[$1].layer.node }) {
      guard let candidate = row[index] else { continue }
      names[index] += try graph.replace(entries[index].layer, by: entries[index].factorization.trial(candidate))
    }
    return (graph, names)
  }

  /// The choice without what does not make the network faster; what was refused goes to the ledger.
  func settled(_ choice: [FactorCandidate?], method: String) throws -> [FactorCandidate?] {
    let dense = [FactorCandidate?](repeating: nil, count: entries.count)
    var kept = choice
    func refuse(_ index: Int, _ reason: String, _ old: [Double]?, _ new: [Double]?) {
      let times = old.flatMap { old in new.map { (MeasureTimes.median(old), MeasureTimes.median($0)) } }
      step.ledger.refuse(entries[index].refusal(method, kept[index], reason, times))
      kept[index] = nil
    }
    // Refusing a layer changes what its neighbours cost.
    for _ in 0..<3 where kept.contains(where: { $0 != nil }) {
      guard let measured = try measure([dense, kept]) else { return kept }
      let (before, after) = (measured[0], measured[1])
      var refused = false
      for index in entries.indices where kept[index] != nil {
        guard let old = before.layers[index], let new = after.layers[index],
          MeasureTimes.median(new) >= Self.worthwhile * MeasureTimes.median(old)
        else { continue }
        refuse(index, "its factors are not faster than the layer", old, new)
        refused = true
      }
      if refused { continue }
      guard MeasureTimes.median(after.totals) >= Self.worthwhileInAll * MeasureTimes.median(before.totals) else { return kept }
      // The layers seem faster by themselves and the network is not: what gains least goes first.
      let gains = entries.indices.filter { kept[$0] != nil }.map { index -> (index: Int, gain: Double) in
        guard let old = before.layers[index], let new = after.layers[index] else { return (index, 0) }
        return (index, MeasureTimes.median(old) - MeasureTimes.median(new))
      }
      for part in gains.sorted(by: { $0.gain < $1.gain }).prefix((gains.count + 1) / 2) {
        refuse(part.index, "the network is not faster with its factors", before.layers[part.index], after.layers[part.index])
      }
    }
    guard kept.contains(where: { $0 != nil }), let last = try measure([dense, kept]) else { return kept }
    if MeasureTimes.median(last[1].totals) >= Self.worthwhileInAll * MeasureTimes.median(last[0].totals) {
      for index in entries.indices where kept[index] != nil {
        refuse(index, "the network is not faster with its factors", last[0].layers[index], last[1].layers[index])
      }
    }
    return kept
  }
}
