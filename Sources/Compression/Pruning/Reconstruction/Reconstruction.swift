import Graph
import Tensors

/// What `prune.reconstruct`, `prune.block` and `prune.nm` have in common: layer after layer, in the network's order, zeros and values are
/// chosen so that the layer, given what the network pruned so far hands it, makes what it made in the original.
struct Reconstruction {
  static let options = [
    OptionSchema(
      "damping", .number(0...100), default: 0.3,
      "how strongly weights are drawn to those before, where samples are few for the layer's width"),
    MixedSamples.option, VarianceRestoration.option(default: 0.5),
    OptionSchema("keep_zeros", .flag, default: true, "leaves weights zero that are zero already, such as a mask made elsewhere"),
  ]

  /// See `OriginalTargets.moments`.
  private static let own: Float = 0.5
  /// How often targets are adapted to what the layer's activation cuts off.
  private static let rounds = 2

  let step: StepContext
  private let pattern: ZeroPattern
  private let multiply: MatrixProducts
  private let damping: Double
  private let keepZeros: Bool
  private let restoration: VarianceRestoration
  /// See `MixedSamples`.
  let mixing: Int

  init(_ step: StepContext, pattern: ZeroPattern) throws {
    self.step = step
    self.pattern = pattern
    multiply = MatrixProducts(step.evaluator)
    damping = try step.options.number("damping")
    keepZeros = try step.options.flag("keep_zeros")
    mixing = Int(try step.options.number("mixing"))
    restoration = try VarianceRestoration(step.options)
  }

  func apply(to graph: inout Graph, sparsity: Double, isGlobal: Bool) throws {
    var layers: [Layer] = []
    // A weight that two layers share is pruned once, as its first reader would.
    for layer in step.layers where !layers.contains(where: { $0.weight == layer.weight }) { layers.append(layer) }
    for layer in layers where graph[layer.weight].constant?.quantization != nil {
      throw Failure(
        .recipe, "\(step.path): the weights of '\(layer.name)' are quantized already; prune before quantizing", node: layer.name)
    }
    let original = graph, targets = try OriginalTargets(original, step, mixing: mixing, holding: false)
    let shares = try isGlobal && layers.count > 1 ? allocate(sparsity, over: layers, of: original) : layers.map { _ in sparsity }
    for (index, layer) in layers.enumerated() {
      try targets.settle(before: layer.node, in: graph)
      guard let solver = try solver(layer, in: graph, targets, own: Self.own) else {
        try pruneByMagnitude(layer, in: &graph, share: shares[index])
        continue
      }
      // What an activation cuts off need not be met; where that is depends on the solution.
      let rounds = try ActiveRange(graph.nodes[layer.node]) == nil ? 0 : Self.rounds
      var candidate = graph
      try prune(layer, in: &candidate, solver, share: shares[index], effort: rounds == 0 ? .full : .rough)
      for round in 0..<rounds {
        guard let adapted = try targets.moments(layer, in: graph, own: Self.own, candidate: candidate) else { break }
        var next = graph
        try prune(
          layer, in: &next, solver, targets: adapted.fitted.parts[0], share: shares[index],
          effort: round == rounds - 1 ? .full : .rough)
        candidate = next
      }
      graph = candidate
    }
  }

  /// What solves for a layer of `graph` with the original's sums as targets; nil where the layer has no least squares.
  func solver(_ layer: Layer, in graph: Graph, _ targets: OriginalTargets, own: Float) throws -> ReconstructLayer? {
    let attributes = graph.nodes[layer.node].attributes
    // The sums of such a product are not W·x + b.
    guard try layer.op != .gemm || (attributes.float("alpha", default: 1) == 1 && attributes.float("beta", default: 1) == 1),
      let moments = try targets.moments(layer, in: graph, own: own)
    else { return nil }
    return try ReconstructLayer(layer, moments.fitted.parts[0], damping: damping, centred: graph.canSetBias(layer), multiply: multiply)
  }

  /// - targets: see `ReconstructLayer.prune`.
  func prune(
    _ layer: Layer, in graph: inout Graph, _ solver: ReconstructLayer, targets: LayerMoments? = nil, share: Double,
    effort: SparseRegression.Effort = .full
  ) throws {
    let before = LayerMatrix(layer, try graph.decodedWeight(layer))
    var after = try solver.prune(before, targets: targets, pattern: pattern, share: share, keepZeros: keepZeros, effort: effort) {
      try step.progress("reconstructing: \(layer.name)", 0, of: 1)
    }
    // What a rough solution is for needs no variance.
    if effort == .full { try solver.restore(&after, targets: targets, restoration) }
    let bias = solver.bias(after, targets: targets)
    guard bias.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "reconstruction gave a bias that is not finite", node: layer.name) }
    graph[layer.weight].constant = try Weight(after.tensor(layer.shape)).compacted()
    if graph.canSetBias(layer) { try graph.setBias(layer, bias) }
  }

  /// For layers that have no moments: the smallest go, nothing is refitted.
  func pruneByMagnitude(_ layer: Layer, in graph: inout Graph, share: Double) throws {
    step.ledger.note("'\(layer.name)' was pruned by magnitude: its form has no least squares")
    var matrix = LayerMatrix(layer, try graph.decodedWeight(layer))
    let taps = layer.op == .conv ? layer.shape[2...].reduce(1, *) : 1
    let layout = ZeroPattern.Columns(channels: matrix.width / max(taps, 1), taps: max(taps, 1))
    matrix.elements = try pattern.applied(to: matrix.elements, rows: matrix.rows, layout, share: share)
    graph[layer.weight].constant = try Weight(matrix.tensor(layer.shape)).compacted()
  }
}
