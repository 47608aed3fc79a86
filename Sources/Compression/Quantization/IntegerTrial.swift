import Graph
import Tensors

/// Builds the integer form of a graph for any choice of layers, and finds the choice that pays on this machine.
struct IntegerTrial {
  /// The graph with quantized weights and float activations.
  let graph: Graph
  /// The layers that could compute in integers.
  let layers: [Layer]
  /// The calibrated range of every value that may be quantized.
  let ranges: [ValueID: (low: Float, high: Float)]
  /// Whether accumulators become codes in integers alone.
  let inFixedPoint: Bool
  /// Whether zero lies in the middle of the codes.
  var isSymmetric = false

  /// A layer is refused when it is slower by more than this share in the median …
  static let clearlySlower = 1.1
  /// … and slower at all in this many of `MeasureTimes.rounds` (7) rounds, which chance alone would do for one layer in sixteen …
  static let roundsNeeded = 6
  /// … and by more than this share of the whole network's time: a difference that nobody can see is not worth a conversion.
  static let shareThatMatters = 0.002

  /// The graph in which all `layers` but the named ones read codes.
  func build(without refused: Set<String>) throws -> Graph {
    var built = graph
    let placement = QuantizerPlacement(graph, layers: layers.filter { !refused.contains($0.name) })
    // Values that pass codes on to each other share the widest range among them.
    var shared = placement.values.map { ranges[$0] ?? (0, 0) }
    for (position, leader) in placement.leaders.enumerated() {
      shared[leader] = (min(shared[leader].low, shared[position].low), max(shared[leader].high, shared[position].high))
    }
    let values = try zip(placement.values, placement.leaders).map { id, leader in
      let (low, high) = shared[leader]
      return (
        id: id,
        parameters: try isSymmetric
          ? AffineParameters.unsignedSymmetric8(low: low, high: high) : AffineParameters.unsigned8(low: low, high: high)
      )
    }
    try built.insertQuantizers(
      values, floatReaders: Set(layers.filter { refused.contains($0.name) }.map(\.node)), inFixedPoint: inFixedPoint)
    return built
  }

  /// The graph in which the layers that are clearly slower in integers keep float activations; what was refused goes to the ledger.
  func settled(_ step: StepContext, method: String) throws -> Graph {
    let all = try build(without: [])
    let sample = try step.calibration().sample(0)
    func ready(_ graph: Graph) throws -> any PreparedGraph { try step.evaluator.prepare(graph, observing: [], like: sample) }
    let graphs = [try ready(graph), try ready(all)]
    guard let series = try MeasureTimes.interleaved(graphs, sample, step.progress, step.ledger) else { return all }
    let (floats, integers) = (series[0], series[1])
    let slow = slowLayers(floats, integers, all)
    let everything = Set(layers.map(\.name))
    // Refusing one layer moves conversions to its neighbours, so what counts in the end is the whole network.
    var candidates = [(refused: Set<String>(), graph: all)]
    if !slow.isEmpty, slow != everything { candidates.append((slow, try build(without: slow))) }
    if IntegerTrial.isSlower(integers.total, than: floats.total, atLeast: 0) { candidates.append((everything, graph)) }
    guard candidates.count > 1 else { return all }
    let runners = try candidates.map { try ready($0.graph) }
    guard let totals = try MeasureTimes.interleaved(runners, sample, step.progress, step.ledger) else { return all }
    let medians = totals.map(\.medians.total)
    let best = medians.indices.min { medians[$0] < medians[$1] } ?? 0
    let chosen = candidates[best]
    let (before, after) = (LayerTimes(graph), LayerTimes(all))
    for layer in layers where chosen.refused.contains(layer.name) {
      let times = Report.Change<Double?>(
        before: before.milliseconds(of: layer.name, in: floats.medians.nodes) ?? 0,
        after: after.milliseconds(of: layer.name, in: integers.medians.nodes) ?? 0)
      step.ledger.refuse(
        Report.Refusal(
          layer: layer.name, what: "\(method): integer activations",
          reason: slow.contains(layer.name) ? "slower in integers than in floats" : "the whole network is slower in integers",
          milliseconds: times))
    }
    return chosen.graph
  }

  /// The layers that are clearly slower in integers, conversions included.
  private func slowLayers(_ floats: MeasureTimes.Series, _ integers: MeasureTimes.Series, _ all: Graph) -> Set<String> {
    let (before, after) = (LayerTimes(graph), LayerTimes(all))
    let least = floats.medians.total * IntegerTrial.shareThatMatters
    return Set(
      layers.map(\.name).filter { name in
        guard let old = before.rounds(of: name, in: floats.nodes), let new = after.rounds(of: name, in: integers.nodes)
        else { return false }
        return IntegerTrial.isSlower(new, than: old, atLeast: least)
      })
  }

  /// Whether `new` is slower than `old`, round by round, beyond what noise explains.
  static func isSlower(_ new: [Double], than old: [Double], atLeast least: Double) -> Bool {
    guard new.count == old.count, !new.isEmpty else { return false }
    let (a, b) = (MeasureTimes.median(old), MeasureTimes.median(new))
    let slower = zip(new, old).count { $0 > $1 }
    return b > a * clearlySlower && b - a > least && slower * MeasureTimes.rounds >= roundsNeeded * new.count
  }
}
