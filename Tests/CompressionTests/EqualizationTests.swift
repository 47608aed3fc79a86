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
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: TinyNetwork.samples(8)) { _ in 1 }
  }

  @Test func helpsWhereChannelsDiffer() throws {
    let graph = try lopsided()
    let (with, without) = (try compress(graph, equalize: true).report, try compress(graph, equalize: false).report)
    // Every second channel doubles: one scale for all costs the smallest 3 bits (18 dB) and 7.6 dB in the mean of the amplitudes.
    // The square root gives it all back where w and m are inverse, as here; asserted at less than half, for the other noise.
    for index in 1...3 {
      #expect((with.layers[index].signalToNoise ?? 0) > (without.layers[index].signalToNoise ?? 0) + 3, "\(with.layers[index].name)")
    }
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
      graph, recipe: recipe, samples: TinyNetwork.samples(8)
    ) { _ in 1 }
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
