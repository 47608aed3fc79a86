import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct EqualizationTests {
  /// The residual network with channels of very different size, as trained networks have them.
  private func lopsided() throws -> Graph {
    var graph = try TinyNetwork.residual()
    let layers = try Layer.all(in: graph)
    // The stem's channel c grows by 2^(c/2) and its readers' weights shrink; the shortcut's other summand grows alike.
    for (name, axis, sign) in [("stem", 0, 1), ("deep", 0, -1), ("point", 0, 1), ("head", 1, -1)] as [(String, Int, Int)] {
      guard let layer = layers.first(where: { $0.name == name }), let weight = graph[layer.weight].constant else { continue }
      let stride = layer.shape[(axis + 1)...].reduce(1, *)
      func factor(_ channel: Int) -> Float { Float(sign: .plus, exponent: sign * (channel / 2), significand: 1) }
      let values = try weight.decoded().floats().enumerated().map { $1 * factor($0 / stride % layer.shape[axis]) }
      graph[layer.weight].constant = Weight(try Tensor(layer.shape, values))
      if sign == 1, let bias = graph.nodes[layer.node].input(2), let old = try graph[bias].constant?.decoded().floats() {
        graph[bias].constant = Weight(try Tensor([old.count], old.enumerated().map { $1 * factor($0) }))
      }
    }
    return graph
  }

  private func compress(_ graph: Graph, equalize: Bool, biases: Bool = true) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe(
      "{\"steps\": [{\"method\": \"quantize.affine\", \"equalize\": \(equalize), \"bias_correction\": \(biases)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: TinyNetwork.samples(64)) { _ in 1 }
  }

  /// How far the model's output is from the float one's, in squares.
  private func error(_ graph: Graph, _ small: Graph) throws -> Double {
    try TinyNetwork.samples(8, seed: 31).tensors.reduce(0) { sum, sample in
      let a = try Interpreter(graph).run(sample)[0].doubles(), b = try Interpreter(small).run(sample)[0].doubles()
      return sum + zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
  }

  @Test func helpsWhereChannelsDiffer() throws {
    let graph = try lopsided()
    // The channels span 2³: without equalization the smallest have 3 bits less, 18 dB; half of the channels half of that.
    #expect(try error(graph, compress(graph, equalize: true).graph) < 0.5 * error(graph, compress(graph, equalize: false).graph))
  }

  @Test func keepsTheMeaning() throws {
    // With the integers undone by a clock that finds them slow, what is left is equalization and weight codes.
    let graph = try lopsided()
    let times: @Sendable (Graph) -> [String: Double] = { graph in
      let integer = graph.nodes.contains { $0.op == .quantizeLinear }
      return Dictionary(graph.nodes.map { ($0.name, integer ? 9 : 1) }, uniquingKeysWith: { first, _ in first })
    }
    let recipe = try Recipe("{\"steps\": [{\"method\": \"quantize.affine\"}]}")
    let (small, report) = try Compressor(evaluator: InterpreterEvaluator(times: times)).compress(
      graph, recipe: recipe, samples: TinyNetwork.samples(8)) { _ in 1 }
    #expect(report.refused.count == 4 && !small.nodes.contains { $0.op == .quantizeLinear })
    // Four layers of weights, each at least 40 dB (half a step of 1/127, uniform), add up to 34 dB where nothing is amplified.
    #expect((report.signalToNoise ?? 0) > 30)
    // The ratios of the layers are taken in the original's channels, so scaling does not show in them.
    #expect(report.layers.allSatisfy { ($0.signalToNoise ?? 0) > 30 })
  }

  @Test func clippedChannelsKeepTheirScale() throws {
    var graph = try lopsided()
    let stem = try #require(graph.nodes.firstIndex { $0.name == "stem" })
    Activation.clip(low: 0, high: 6).store(in: &graph.nodes[stem].attributes)
    let small = try compress(graph, equalize: true, biases: false).graph
    func bias(_ name: String, _ graph: Graph) throws -> [Float] {
      try #require(graph.nodes.first { $0.name == name }?.input(2).flatMap { graph[$0].constant }).decoded().floats()
    }
    // The shortcut ties the stem to the pointwise layer; only the depthwise one between them is free.
    #expect(try bias("stem", small) == bias("stem", graph) && bias("point", small) == bias("point", graph))
    #expect(try bias("deep", small) != bias("deep", graph))
  }
}
