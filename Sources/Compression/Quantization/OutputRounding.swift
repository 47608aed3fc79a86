import Graph
import Tensors

/// Quantizes weights layer after layer, in the network's order, so that each layer, given what the network quantized so far hands it, makes
/// what it made in the original: least squares for what its weights shall be, then `GramRounding` for the codes, and the bias with which its mean
/// output is the original's.
struct OutputRounding {
  static let options = [
    OptionSchema(
      "damping", .number(0...100), default: 0.1,
      "for rounding reconstructed: how strongly weights are drawn to those before, where samples are few for the layer's width"),
    OptionSchema(
      "mixing", .count(0...16), default: 2,
      "for rounding reconstructed: how many further samples are made of each one by mixing them; each takes as long as another sample"),
    OptionSchema(
      "own", .number(0...1), default: 0.5,
      "for rounding reconstructed: 0: a layer makes up for all that went wrong before it, 1: for nothing"),
    OptionSchema(
      "rounds", .count(0...8), default: 0, "for rounding reconstructed: how often targets are adapted to what activations cut off"),
  ]

  let step: StepContext
  /// How the weights of a layer become codes;
  let codes: (Layer) -> WeightCodes
  private let damping: Double
  private let mixing: Int
  private let own: Float
  private let rounds: Int

  init(_ step: StepContext, codes: @escaping (Layer) -> WeightCodes) throws {
    self.step = step
    self.codes = codes
    damping = try step.options.number("damping")
    mixing = Int(try step.options.number("mixing"))
    own = Float(try step.options.number("own"))
    rounds = Int(try step.options.number("rounds"))
  }

  /// Quantizes what has least squares; returns the names of the layers that are done.
  func apply(to graph: inout Graph) throws -> Set<String> {
    let original = graph
    let targets = try OriginalTargets(original, step, mixing: mixing, holding: false)
    var done: Set<String> = []
    for layer in step.layers {
      guard try graph.hasPlainSums(layer) else { continue }
      try targets.settle(before: layer.node, in: graph)
      guard let moments = try targets.moments(layer, in: graph, own: own)?.fitted.parts[0] else { continue }
      let rounding = QuantizedRows(layer, codes(layer), moments, damping: damping, centred: graph.canSetBias(layer))
      let before = LayerMatrix(layer, try graph.decodedWeight(layer))
      func check() throws { try step.progress("quantizing: \(layer.name)", 0, of: 1) }
      var candidate = graph
      let rounds = try ActiveRange(graph.nodes[layer.node]) == nil ? 0 : rounds
      try rounding.quantize(before, moments, in: &candidate, rounds == 0 ? .full : .rough, check)
      // What an activation cuts off need not be met; where that is depends on the solution.
      for round in 0..<rounds {
        guard let adapted = try targets.moments(layer, in: graph, own: own, candidate: candidate) else { break }
        var next = graph
        try rounding.quantize(before, adapted.fitted.parts[0], in: &next, round == rounds - 1 ? .full : .rough, check)
        candidate = next
      }
      graph = candidate
      done.insert(layer.name)
    }
    return done
  }
}

/// A layer's rows on levels that suit its inputs' second moments.
private struct QuantizedRows {
  let layer: Layer
  let codes: WeightCodes
  let moments: LayerMoments
  let centred: Bool
  private var groups: [(factor: Cholesky?, ridge: Double, rounding: GramRounding?)] = []

  init(_ layer: Layer, _ codes: WeightCodes, _ moments: LayerMoments, damping: Double, centred: Bool) {
    (self.layer, self.codes, self.moments, self.centred) = (layer, codes, moments, centred)
    let width = moments.width
    let damping = damping * moments.scarcity
    for group in 0..<moments.groups {
      var gram = moments.gram(group: group, centred: centred)
      // Rounding leaves something even of inputs that do not vary.
      let ridge = max(RidgeRegression.ridge(gram, size: width, damping: damping), moments.roundingNoise(group, gram))
      let rounding = GramRounding(gram, size: width, ridge: ridge)
      for i in 0..<width { gram[i * width + i] += ridge }
      groups.append((Cholesky(gram, size: width), ridge, rounding))
    }
  }

  /// - targets: the moments whose products with y are to be met.
  func quantize(
    _ before: LayerMatrix, _ targets: LayerMoments, in graph: inout Graph, _ effort: QuantizeMatrix.Effort, _ check: () throws -> Void
  ) throws {
    var wanted = before
    let width = moments.width, perGroup = moments.outputs
    for (group, part) in groups.enumerated() {
      let range = group * perGroup * width..<(group + 1) * perGroup * width
      let values = RidgeRegression.solve(
        part.factor, cross: targets.cross(group: group, centred: centred), prior: before.elements[range].map { Double($0) },
        ridge: part.ridge)
      wanted.elements.replaceSubrange(range, with: values.map { Float($0) })
      try check()
    }
    let weight = try QuantizeMatrix(layer: layer, codes: codes, gram: groups.map(\.rounding), effort: effort).quantized(
      wanted, zeros: before, check: check)
    graph[layer.weight].constant = weight
    guard centred else { return }
    let after = LayerMatrix(layer, try weight.decoded())
    let bias = moments.bias(after, targets: targets)
    guard bias.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "rounding gave a bias that is not finite", node: layer.name) }
    try graph.setBias(layer, bias)
  }
}
