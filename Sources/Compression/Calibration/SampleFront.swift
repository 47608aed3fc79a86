import Graph
import Tensors

/// Calibration samples on their way through a network: the values that nodes from some place on read are kept for each sample, so that what lies
/// before need not be computed again for every layer.
///
/// The network may change from the place on, and only there. Where the values of all samples would take more than `budget`, the front stays
/// where it is, and what lies between is computed each time.
package final class SampleFront {
  private let step: StepContext
  /// The samples, as the source numbers them: none where there is no source.
  package let indices: [Int]
  /// Further ones, behind them.
  private let mixed: MixedSamples?
  private let budget: Int
  /// Nodes before this one have been run.
  package private(set) var place = 0
  /// Names of values: cutting a network may number them anew.
  private var live: [String] = []
  /// By sample what `live` is; nothing at the beginning of the network, where the source has it.
  private var stored: [[Tensor]] = []

  /// Bytes of values at most; twice as many for a moment while a front advances.
  package static let usualBudget = 512 << 20

  /// - chosen: the calibration samples to look at; nil: all.
  /// - mixing: how many further samples are made of each of the first `sources`; nil: of all.
  package init(
    _ step: StepContext, among chosen: [Int]? = nil, mixing each: Int = 0, of sources: Int? = nil, budget: Int = usualBudget
  ) throws {
    self.step = step
    self.budget = budget
    let indices = chosen ?? Array(0..<(step.samples?.count ?? 0))
    self.indices = indices
    mixed = try step.samples.map { try MixedSamples($0, of: Array(indices.prefix(sources ?? indices.count)), each: each) }
  }

  /// Samples, those made of others included.
  package var count: Int { indices.count + (mixed?.count ?? 0) }

  /// What computes `values` of `graph`, whose nodes before the front are those that the front has run.
  package func runner(_ graph: Graph, making values: [ValueID]) -> FrontRunner {
    let given = place == 0 ? graph.inputs : graph.values(named: live)
    let part = graph.slice(from: place, given: given, making: values)
    return FrontRunner(self, place: place, given: given, part: part, values: values, evaluator: step.evaluator)
  }

  fileprivate func values(_ position: Int, at place: Int) throws -> [Tensor] {
    guard place == self.place else { throw Failure(.internal, "the samples have moved on to node \(self.place)") }
    guard place == 0 else { return stored[position] }
    if position >= indices.count, let mixed { return try mixed.sample(position - indices.count) }
    return try step.calibration().sample(indices[position])
  }

  /// Moves the samples to where only nodes from `node` on are left, if their values fit.
  package func advance(to node: Int, of graph: Graph) throws {
    guard node > place, count > 0 else { return }
    let next = graph.live(before: node)
    let runner = runner(graph, making: next)
    var fresh: [[Tensor]] = []
    var bytes = 0
    for position in 0..<count {
      try step.progress("calibration", position, of: count)
      let values = try runner.run(position)
      let size = values.reduce(0) { $0 + $1.byteCount }
      bytes += size
      guard bytes <= budget, size <= budget / count else { return }
      fresh.append(values)
    }
    (place, live, stored) = (node, next.map { graph[$0].name }, fresh)
  }

  /// Back to the beginning: something changed before the front.
  package func rewind() { (place, live, stored) = (0, [], []) }
}

/// Computes some values of a network for the samples of a front.
package final class FrontRunner {
  private let front: SampleFront
  private let place: Int
  /// Of what the front holds, the positions that the rest of the network needs.
  private let needed: [Int]
  /// For each value to return: a position among what the front holds, or among the outputs of `runner`.
  private let sources: [(isGiven: Bool, position: Int)]
  /// nil where nothing has to be run.
  private let runner: GraphRunner?

  fileprivate init(
    _ front: SampleFront, place: Int, given: [ValueID], part: Graph, values: [ValueID], evaluator: any Evaluator
  ) {
    self.front = front
    self.place = place
    needed = part.inputs.compactMap { given.firstIndex(of: $0) }
    sources = values.map { value in
      given.firstIndex(of: value).map { (true, $0) } ?? (false, part.outputs.firstIndex(of: value) ?? 0)
    }
    runner = part.outputs.isEmpty ? nil : GraphRunner(part, evaluator: evaluator)
  }

  /// The values for the sample at a position of the front, in the order in which they were asked for.
  package func run(_ position: Int) throws -> [Tensor] {
    let given = try front.values(position, at: place)
    let made = try runner?.run(needed.map { given[$0] }).outputs ?? []
    return try sources.map { source in
      let tensors = source.isGiven ? given : made
      guard tensors.indices.contains(source.position) else { throw Failure(.internal, "a value before the samples' place was asked for") }
      return tensors[source.position]
    }
  }
}

extension Graph {
  /// The part of the graph from node `place` on that computes `values` from `given`, what the nodes before have made; values that are given
  /// are no outputs of it.
  fileprivate func slice(from place: Int, given: [ValueID], making wanted: [ValueID]) -> Graph {
    var needed = [Bool](repeating: false, count: values.count)
    let known = Set(given)
    var part = self
    part.outputs = []
    for value in wanted where !known.contains(value) && !needed[value.index] {
      needed[value.index] = true
      part.outputs.append(value)
    }
    var kept: [Node] = []
    for node in nodes[min(place, nodes.count)...].reversed() where node.outputs.contains(where: { needed[$0.index] && !known.contains($0) })
    {
      kept.append(node)
      for case let input? in node.inputs { needed[input.index] = true }
    }
    part.nodes = kept.reversed()
    part.inputs = given.filter { needed[$0.index] }
    part.metadata = [:]
    return part
  }

  /// The values of these names; those that the graph does not have are left out, which shows when they are asked for.
  fileprivate func values(named names: [String]) -> [ValueID] {
    let known = Dictionary(values.enumerated().map { ($1.name, ValueID($0)) }, uniquingKeysWith: { first, _ in first })
    return names.compactMap { known[$0] }
  }

  /// What nodes before `node` make, or the graph's inputs are, and nodes from it on read, or the graph returns.
  fileprivate func live(before node: Int) -> [ValueID] {
    let uses = uses()
    return values.indices.map(ValueID.init).filter { id in
      guard self[id].constant == nil, uses.isOutput(id) || uses.consumers(of: id).contains(where: { $0 >= node }) else { return false }
      return uses.producer(of: id).map { $0 < node } ?? inputs.contains(id)
    }
  }
}
