import Graph
import Tensors

/// What `prune.reconstruct`, `prune.block` and `prune.nm` have in common: layer after layer, in the network's order, zeros and values are
/// chosen so that the layer, given what the network pruned so far hands it, makes what it made in the original.
struct Reconstruction {
  static let options = [
    OptionSchema(
      "damping", .number(0...100), default: 0.1,
      "how strongly weights are drawn to those before: a share of the mean square of the layer's inputs"),
    OptionSchema("keep_zeros", .flag, default: true, "leaves weights zero that are zero already, such as a mask made elsewhere"),
  ]

  let step: StepContext
  private let pattern: ZeroPattern
  private let multiply: MatrixProducts
  private let damping: Double
  private let keepZeros: Bool

  init(_ step: StepContext, pattern: ZeroPattern) throws {
    self.step = step
    self.pattern = pattern
    multiply = MatrixProducts(step.evaluator)
    damping = try step.options.number("damping")
    keepZeros = try step.options.flag("keep_zeros")
  }

  func apply(to graph: inout Graph, sparsity: Double, isGlobal: Bool) throws {
    var layers: [Layer] = []
    // A weight that two layers share is pruned once, as its first reader would.
    for layer in step.layers where !layers.contains(where: { $0.weight == layer.weight }) { layers.append(layer) }
    for layer in layers where graph[layer.weight].constant?.quantization != nil {
      throw Failure(
        .recipe, "\(step.path): the weights of '\(layer.name)' are quantized already; prune before quantizing", node: layer.name)
    }
    let original = graph
    let shares = try isGlobal && layers.count > 1 ? allocate(sparsity, over: layers, of: original) : layers.map { _ in sparsity }
    for (index, layer) in layers.enumerated() {
      guard let moments = try moments(layer, in: graph, reference: original) else {
        try pruneByMagnitude(layer, in: &graph, share: shares[index])
        continue
      }
      try prune(layer, in: &graph, moments, share: shares[index])
    }
  }

  func moments(_ layer: Layer, in graph: Graph, reference: Graph, among samples: [Int]? = nil) throws -> LayerMoments? {
    let attributes = graph.nodes[layer.node].attributes
    // The sums of such a product are not W·x + b.
    guard try layer.op != .gemm || (attributes.float("alpha", default: 1) == 1 && attributes.float("beta", default: 1) == 1)
    else { return nil }
    return try LayerMoments.measure(layer, in: graph, reference: reference, step, multiply: multiply, among: samples)
  }

  func prune(_ layer: Layer, in graph: inout Graph, _ moments: LayerMoments, share: Double) throws {
    let work = ReconstructLayer(layer: layer, moments: moments, multiply: multiply, damping: damping)
    let before = LayerMatrix(layer, try graph.decodedWeight(layer))
    let refitsBias = graph.canSetBias(layer)
    let after = try work.prune(before, pattern: pattern, share: share, keepZeros: keepZeros, centred: refitsBias) {
      try step.progress("reconstructing: \(layer.name)", 0, of: 1)
    }
    let bias = work.bias(after)
    guard bias.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "reconstruction gave a bias that is not finite", node: layer.name) }
    graph[layer.weight].constant = try Weight(after.tensor(layer.shape)).compacted()
    if refitsBias { try graph.setBias(layer, bias) }
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
