import Graph
import Tensors

/// Corrects the layers that a cut has left with other inputs, so that they make again what they made in the original.
package struct ChannelRefit {
  package enum Mode: String, CaseIterable, Sendable {
    /// Nothing.
    case none
    /// The mean of each output: what the removed channels contributed on average goes into the bias.
    case bias
    /// Mean and variance of each output: its weights are scaled by one factor.
    case statistics
    /// One factor for each input channel, by least squares (Luo et al. 2017).
    case scale
    /// All weights, by least squares (He et al. 2017).
    case weights
  }

  package let mode: Mode
  /// A share of the mean square of a layer's inputs; 0: what held-out samples say is best, layer by layer.
  package let damping: Double
  /// For `weights`.
  private let restoration: VarianceRestoration

  package init(_ mode: Mode, damping: Double, _ restoration: VarianceRestoration) {
    self.mode = mode
    self.damping = damping
    self.restoration = restoration
  }

  /// Refits the layers that lie behind a cut, in the network's order, each on what the refitted ones before hand it.
  ///
  /// - fresh: names of layers in front of which nothing has changed since they were refitted.
  /// - end: only layers before this node; nothing is settled then.
  package func sweep(
    _ graph: inout Graph, _ targets: OriginalTargets, fresh: inout Set<String>, before end: Int = .max, _ step: StepContext
  ) throws {
    guard mode != .none else { return }
    for layer in try graph.layersBehind(targets.isCut) where layer.node < end && !fresh.contains(layer.name) {
      if end == .max { try targets.settle(before: layer.node, in: graph) }
      if try graph.hasPlainSums(layer), let moments = try targets.moments(layer, in: graph) {
        try refitFreely(layer, in: &graph, moments, targets)
      } else {
        step.ledger.note("'\(layer.name)' was not refitted: its form has no least squares")
      }
      fresh.subtract(try graph.layersBehind { $0 == layer.name }.map(\.name))
      fresh.insert(layer.name)
    }
  }

  /// Refits one layer, and again where its activation cuts off sums: those need not be met, and which they are depends on the solution.
  private func refitFreely(_ layer: Layer, in graph: inout Graph, _ moments: TargetMoments, _ targets: OriginalTargets) throws {
    let columns = Array(0..<moments.all.width)
    var candidate = graph
    let damping = try refit(layer, in: &candidate, moments) { _ in columns }
    if mode == .weights, try ActiveRange(graph.nodes[layer.node]) != nil {
      for _ in 0..<ChannelRefit.rounds {
        guard let adapted = try targets.moments(layer, in: graph, candidate: candidate) else { break }
        var next = graph
        try refit(layer, in: &next, moments, meeting: adapted, damping: damping) { _ in columns }
        candidate = next
      }
    }
    graph = candidate
  }

  /// Refits one layer.
  ///
  /// - adapted: the moments whose products with what the layer shall make are to be met; nil: `moments` itself.
  /// - chosen: the damping; nil: the step's, or what held-out samples say.
  /// - Returns: the damping.
  /// - columns: for each group of the layer, the columns of `moments` that the layer still has.
  @discardableResult
  package func refit(
    _ layer: Layer, in graph: inout Graph, _ moments: TargetMoments, meeting adapted: TargetMoments? = nil, damping chosen: Double? = nil,
    columns: (Int) -> [Int]
  ) throws -> Double {
    guard mode != .none else { return damping }
    var matrix = LayerMatrix(layer, try graph.decodedWeight(layer))
    let all = moments.all, hasBias = graph.canSetBias(layer), rows = all.outputs, groups = all.groups
    let kept = (0..<groups).map(columns)
    guard kept.allSatisfy({ $0.count * rows * groups == matrix.elements.count }) else {
      throw Failure(.internal, "the moments do not have the layer's \(matrix.width) columns", node: layer.name)
    }
    func system(_ part: MomentSum, _ group: Int, meeting targets: MomentSum? = nil) -> LinearSystem {
      let range = group * rows * kept[group].count..<(group + 1) * rows * kept[group].count
      return LinearSystem(
        part, meeting: targets ?? part, group: group, columns: kept[group], before: matrix.elements[range].map(Double.init),
        centred: hasBias)
    }
    var share = chosen ?? damping
    if mode == .weights, chosen == nil, damping == 0 {
      share =
        moments.held.map { held in
          ChannelRefit.bestDamping((0..<groups).map { (system(moments.fitted, $0), system(held, $0)) })
        } ?? ChannelRefit.usualDamping
    }
    var bias: [Float] = []
    for group in 0..<groups {
      let system = system(all, group, meeting: adapted?.all)
      let after: [Double]
      switch mode {
      case .none, .bias: after = system.before
      case .statistics: after = system.scaledRows()
      case .scale: after = system.scaledColumns(taps: layer.taps, damping: share == 0 ? ChannelRefit.usualDamping : share)
      case .weights: after = share.isFinite ? system.restored(system.solution(ridge: system.ridge(share)), restoration) : system.before
      }
      let floats = after.map(Float.init)
      guard floats.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "refitting gave weights that are not finite", node: layer.name) }
      let first = group * rows * system.width
      matrix.elements.replaceSubrange(first..<first + floats.count, with: floats)
      bias += system.bias(floats.map(Double.init)).map(Float.init)
    }
    graph[layer.weight].constant = try Weight(matrix.tensor(layer.shape)).compacted()
    if hasBias, bias.allSatisfy(\.isFinite) { try graph.setBias(layer, bias) }
    return share
  }

  /// How often targets are adapted to what an activation cuts off.
  private static let rounds = 2
  /// Where there are too few samples to find a better one.
  private static let usualDamping = 0.1
  /// Shares of the mean square that are tried; the last: the weights stay as they are.
  private static let dampings = [1e-4, 1e-2, 0.1, 1, 10, .infinity]

  /// The damping with which weights fitted to some samples err least on others.
  /// - parts: for each group the system of the samples that are fitted, and that of the others.
  private static func bestDamping(_ parts: [(fitted: LinearSystem, held: LinearSystem)]) -> Double {
    func error(_ damping: Double) -> Double {
      var error = 0.0
      for part in parts {
        let weights = damping.isFinite ? part.fitted.solution(ridge: part.fitted.ridge(damping)) : part.fitted.before
        error += part.held.error(weights, bias: part.fitted.bias(weights))
      }
      return error
    }
    // From the usual one to one side as long as it improves: a solution takes time.
    var best = dampings.firstIndex(of: usualDamping) ?? 0
    var least = error(dampings[best])
    for direction in [1, -1] {
      let start = best
      while dampings.indices.contains(best + direction) {
        let next = error(dampings[best + direction])
        guard next < least else { break }
        (best, least) = (best + direction, next)
      }
      if best != start { break }
    }
    return least.isFinite ? dampings[best] : usualDamping
  }
}

extension Layer {
  /// Weights of one input channel for one output.
  fileprivate var taps: Int { op == .conv ? shape[2...].reduce(1, *) : 1 }
}

extension Graph {
  /// The layers whose inputs depend on what a layer makes that `isChanged` or that itself lies behind one.
  func layersBehind(_ isChanged: (String) -> Bool) throws -> [Layer] {
    let layers = Dictionary(try Layer.all(in: self).map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    var touched = [Bool](repeating: false, count: values.count)
    var found: [Layer] = []
    for (index, node) in nodes.enumerated() {
      let reads = node.inputs.contains { $0.map { touched[$0.index] } ?? false }
      if reads, let layer = layers[index] { found.append(layer) }
      if reads || layers[index].map({ isChanged($0.name) }) ?? false { for output in node.outputs { touched[output.index] = true } }
    }
    return found
  }
}
