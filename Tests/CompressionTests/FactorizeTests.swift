import Compression
import Graph
import Reference
import Tensors
import Testing

/// `factorize.svd`, `factorize.spatial`, `factorize.channel` on networks small enough for the interpreter.
@Suite struct FactorizeTests {
  /// Convolution 3 × 3 (stride 2, ReLU) → pointwise (ReLU) → 3 × 3 in two groups → depthwise 3 × 3 → mean → Gemm, on [N, 6, 10, 10].
  private func network(rank: Int? = nil, scale: Float = 1, seed: UInt64 = 21) throws -> Graph {
    var noise = Noise(seed)
    var graph = Graph(name: "net")
    /// Of the rank, as a matrix of outputs × the rest.
    func weight(_ name: String, _ shape: [Int], _ scale: Float) throws -> ValueID {
      guard let rank else { return graph.addConstant(name, try noise.tensor(shape, scale: scale)) }
      let (rows, columns) = (shape[0], shape[1...].reduce(1, *))
      let (a, b) = (try noise.tensor([rows, rank]).floats(), try noise.tensor([rank, columns], scale: scale).floats())
      let product = (0..<rows * columns).map { i in
        (0..<rank).reduce(Float(0)) { $0 + a[i / columns * rank + $1] * b[$1 * columns + i % columns] }
      }
      return graph.addConstant(name, try Tensor(shape, product))
    }
    func conv(_ name: String, _ x: ValueID, _ shape: [Int], _ attributes: [String: Attribute], relu: Bool = false) throws -> ValueID {
      let bias = graph.addConstant("\(name).b", try noise.tensor([shape[0]], scale: 0.1))
      var attributes = attributes
      if relu { attributes["activation"] = .string("Relu") }
      return graph.append(.conv, name, [x, try weight("\(name).w", shape, scale * 0.3), bias], attributes)
    }
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 6, 10, 10]))
    let a = try conv("a", x, [16, 6, 3, 3], ["pads": .ints([1, 0, 0, 1]), "strides": .ints([2, 1])], relu: true)
    let b = try conv("b", a, [16, 16, 1, 1], [:], relu: true)
    let c = try conv("c", b, [16, 8, 3, 3], ["auto_pad": .string("SAME_UPPER"), "group": .int(2)])
    let d = try conv("d", c, [16, 1, 3, 3], ["dilations": .ints([1, 2]), "pads": .ints([1, 2, 1, 2]), "group": .int(16)])
    let flat = graph.append(.flatten, "flat", [graph.append(.globalAveragePool, "mean", [d])], ["axis": .int(1)])
    let bias = graph.addConstant("e.b", try noise.tensor([12]))
    graph.outputs = [graph.append(.gemm, "e", [flat, try weight("e.w", [12, 16], scale), bias], ["transB": .int(1)])]
    try graph.inferTypes()
    return graph
  }

  /// Sums of a few patterns: what layers read has directions that hardly occur.
  private func samples(_ count: Int, seed: UInt64) throws -> Samples {
    var patterns = Noise(77), noise = Noise(seed)
    let base = try (0..<5).map { _ in try patterns.tensor([600]).floats() }
    return Samples(
      tensors: try (0..<count).map { _ in
        let weights = base.map { _ in noise.next() }
        return [
          try Tensor(
            [1, 6, 10, 10], (0..<600).map { i in zip(base, weights).reduce(0.1 * noise.next()) { $0 + $1.0[i] * $1.1 } })
        ]
      })
  }

  private func factorize(
    _ step: String, _ graph: Graph, _ samples: Samples? = nil, evaluator: InterpreterEvaluator = InterpreterEvaluator(),
    progress: Progress? = nil
  ) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \(step)}]}")
    let result = try Compressor(evaluator: evaluator).compress(graph, recipe: recipe, samples: samples, progress: progress) { _ in 1 }
    try Verifier.verify(result.graph)
    return result
  }

  /// ‖a − b‖² / ‖a‖² of the outputs, or of a layer's.
  private func error(_ a: Graph, _ b: Graph, _ samples: Samples, of layer: String? = nil) throws -> Double {
    var (error, power) = (0.0, 0.0)
    func run(_ graph: Graph, _ sample: [Tensor]) throws -> [Double] {
      let observed = layer.flatMap { name in graph.nodes.first { $0.name == name }?.outputs.first }
      return try (Interpreter(graph).run(sample, observing: observed.map { [$0] } ?? []).last?.doubles()) ?? []
    }
    for sample in samples.tensors {
      let (x, y) = (try run(a, sample), try run(b, sample))
      #expect(x.count == y.count)
      for (p, q) in zip(x, y) { (error, power) = (error + (p - q) * (p - q), power + p * p) }
    }
    return error / max(power, .leastNormalMagnitude)
  }

  private static let all = "\"layers\": [\"Conv\", \"Gemm\"], \"keep\": \"always\""
  /// Squared relative rounding: two chains of six layers of at most 150 products each, rounded to 2⁻²⁴, with some cancellation.
  private static let rounding = 1e-9

  @Test(arguments: ["\"factorize.svd\"", "\"factorize.spatial\"", "\"factorize.channel\", \"mode\": \"linear\"", "\"factorize.channel\""])
  func fullRankIsTheSameNetwork(_ method: String) throws {
    let graph = try network(), inputs = try samples(6, seed: 3)
    let (factored, report) = try factorize("\(method), \"energy\": 1, \(Self.all)", graph, inputs)
    #expect(factored.nodes.count > graph.nodes.count)
    #expect(try error(graph, factored, samples(3, seed: 4)) < Self.rounding)
    #expect(report.layers.map(\.name) == ["a", "b", "c", "d", "e"])
  }

  @Test(arguments: [false, true], [Float(1), 1e-7, 1e7]) func exactRankIsRecovered(aware: Bool, scale: Float) throws {
    let graph = try network(rank: 3, scale: scale), layers = "\"layers\": [\"b\", \"e\"]"
    let (factored, report) = try factorize(
      "\"factorize.svd\", \"rank\": 3, \"data_aware\": \(aware), \(layers)", graph, samples(8, seed: 3))
    #expect(try Layer.all(in: factored).filter { $0.name.hasSuffix(".1") }.map(\.shape) == [[3, 16, 1, 1], [3, 16]])
    #expect(try error(graph, factored, samples(3, seed: 4), of: "b") < Self.rounding)
    #expect(try error(graph, factored, samples(3, seed: 4)) < Self.rounding)
    let row = try #require(report.layers.first { $0.name == "b" })
    #expect(row.shape == [16, 16, 1, 1] && row.factors?.shapes == [[3, 16, 1, 1], [16, 3, 1, 1]])
    #expect(row.factors?.parameters == Report.Change(before: 272, after: 2 * 48 + 16))
    #expect(row.bytes == Report.Change(before: 272 * 4, after: 112 * 4))
    // 16 maps of 5 × 9.
    #expect(row.macs == 45 * 256 && row.factors?.macs == 45 * 96)
    #expect(report.macsAfter == report.macs.map { $0 - 45 * 160 - 192 + 3 * 28 })
  }

  @Test func zerosStayZeros() throws {
    var graph = try network()
    for layer in try Layer.all(in: graph) {
      graph[layer.weight].constant = Weight(try Tensor(layer.shape, .init(repeating: 0, count: layer.shape.reduce(1, *))))
    }
    for method in ["\"factorize.svd\"", "\"factorize.spatial\"", "\"factorize.channel\""] {
      let (factored, _) = try factorize("\(method), \"rank\": 2, \(Self.all)", graph, samples(4, seed: 3))
      #expect(try error(graph, factored, samples(2, seed: 4)) == 0)
    }
  }

  @Test func whatTheLayerReadsCounts() throws {
    let graph = try network(), inputs = try samples(24, seed: 3), held = try samples(8, seed: 4)
    func step(_ options: String) throws -> Double {
      try error(
        graph, factorize("\"factorize.svd\", \"layers\": \"a\", \"keep\": \"always\", \(options)", graph, inputs).graph, held, of: "a")
    }
    for rank in [2, 4, 7] {
      let (plain, aware) = (try step("\"rank\": \(rank), \"data_aware\": false"), try step("\"rank\": \(rank)"))
      #expect(aware < plain, "\(rank): \(aware), \(plain)")
    }
  }

  /// Zhang et al. 2016: what the activation cuts off need not be met, and later layers make up for earlier ones.
  @Test func theOrderOfTheModes() throws {
    let graph = try network(seed: 5), inputs = try samples(40, seed: 3), held = try samples(12, seed: 4)
    func step(_ mode: String, _ layers: String, of layer: String) throws -> Double {
      let options = "\"rank\": 4, \"keep\": \"always\", \"damping\": 0.01, \"layers\": \(layers), \"mode\": \"\(mode)\""
      return try error(graph, factorize("\"factorize.channel\", \(options)", graph, inputs).graph, held, of: layer)
    }
    let (linear, nonlinear) = (try step("linear", "\"a\"", of: "a"), try step("nonlinear", "\"a\"", of: "a"))
    #expect(nonlinear < linear)
    let both = "[\"a\", \"b\"]"
    let (apart, asymmetric) = (try step("nonlinear", both, of: "b"), try step("asymmetric", both, of: "b"))
    #expect(asymmetric < apart)
  }

  @Test func theSecondOfTwoSeparableFiltersIsRefitted() throws {
    let graph = try network(), inputs = try samples(30, seed: 3), held = try samples(8, seed: 4)
    func step(_ options: String) throws -> Double {
      let text = "\"factorize.spatial\", \"rank\": 4, \"keep\": \"always\", \"layers\": \"a\", \(options)"
      return try error(graph, factorize(text, graph, inputs).graph, held, of: "a")
    }
    let (plain, refitted) = (try step("\"data_aware\": false"), try step("\"damping\": 0.01"))
    #expect(refitted < plain)
  }

  @Test func threeLayersForOne() throws {
    let graph = try network(), inputs = try samples(12, seed: 3)
    let (factored, report) = try factorize(
      "\"factorize.channel\", \"spatial\": true, \"rank\": 8, \"keep\": \"always\", \"layers\": \"a\"", graph, inputs)
    let shapes = try #require(report.layers[0].factors?.shapes)
    #expect(shapes.count == 3 && shapes[0][2...] == [3, 1] && shapes[1][2...] == [1, 3] && shapes[2] == [16, 8, 1, 1])
    #expect(try error(graph, factored, inputs, of: "a") < 0.5)
  }

  // MARK: What does not pay

  @Test func breakEvenIsRefused() throws {
    let (factored, report) = try factorize("\"factorize.svd\", \"rank\": 8, \"layers\": \"b\"", network())
    #expect(factored.nodes.count == 7 && report.layers[1].factors == nil)
    let refusal = try #require(report.refused.first)
    // 16 × 16: rank 8 costs as much as the layer.
    #expect(refusal.layer == "b" && refusal.what == "factorize.svd: rank 8" && refusal.milliseconds.before == nil)
    #expect(refusal.reason.hasSuffix("rank 7 would be below"))
  }

  @Test func whatIsSlowerIsRefusedWithItsTimes() throws {
    // Each node takes a millisecond, whatever it computes, but the last layer, which takes eight when it is whole.
    let evaluator = InterpreterEvaluator { graph in
      Dictionary(
        uniqueKeysWithValues: graph.nodes.map { node in
          (node.name, node.name == "e" && !graph.nodes.contains { $0.name == "e.1" } ? 8 : 1)
        })
    }
    let step = "\"factorize.svd\", \"rank\": 4"
    let (factored, report) = try factorize(step, network(), samples(4, seed: 3), evaluator: evaluator)
    #expect(try Layer.all(in: factored).map(\.name) == ["a", "b", "c", "d", "e.1", "e"])
    #expect(report.refused.map(\.layer) == ["b"])
    #expect(report.refused.first?.milliseconds == Report.Change(before: 1, after: 2))
    #expect(report.layers[4].milliseconds == Report.Change(before: 8, after: 2))
    let all = try factorize("\(step), \"keep\": \"always\"", network(), samples(4, seed: 3), evaluator: evaluator)
    #expect(all.report.refused.isEmpty && all.report.layers[1].milliseconds == Report.Change(before: 1, after: 2))
  }

  @Test func sharedAndQuantizedWeights() throws {
    var graph = try network()
    let layer = try Layer.all(in: graph)[1]
    let again = graph.append(.conv, "twin", [graph.nodes[layer.node].outputs[0], layer.weight])
    graph.outputs.append(again)
    try graph.inferTypes()
    let (_, report) = try factorize("\"factorize.svd\", \"rank\": 3, \"layers\": \"pointwise\"", graph)
    #expect(report.refused.map(\.layer) == ["b", "twin"] && report.refused.allSatisfy { $0.reason.hasPrefix("its weight is '") })
    let steps = "{\"steps\": [{\"method\": \"quantize.affine\", \"activations\": null}, {\"method\": \"factorize.svd\"}]}"
    #expect(throws: Failure.self) {
      try Compressor(evaluator: InterpreterEvaluator()).compress(network(), recipe: Recipe(steps)) { _ in 1 }
    }
  }

  // MARK: Targets

  @Test(arguments: ["layer", "global"], ["target_macs", "target_bytes"]) func targetsAreMet(scope: String, target: String) throws {
    let (_, report) = try factorize(
      "\"factorize.svd\", \"\(target)\": 0.7, \"scope\": \"\(scope)\", \"layers\": [\"a\", \"b\", \"c\", \"e\"]", network(),
      samples(6, seed: 3))
    if target == "target_macs" {
      #expect(try Double(#require(report.macsAfter)) <= 0.7 * Double(#require(report.macs)))
    } else {
      #expect(report.parametersAfter < report.parameters * 3 / 4)
    }
    #expect(report.layers.contains { $0.factors != nil })
  }

  @Test func aGlobalTargetKeepsMoreThanAnEvenOne() throws {
    let graph = try network(), inputs = try samples(16, seed: 3)
    func kept(_ scope: String) throws -> Double {
      let step = "\"factorize.svd\", \"target_macs\": 0.5, \"scope\": \"\(scope)\", \"layers\": [\"a\", \"b\", \"c\"]"
      return try error(graph, factorize(step, graph, inputs).graph, inputs)
    }
    #expect(try kept("global") <= kept("layer") * 1.2)
  }

  @Test func milliseconds() throws {
    // A node takes what its weight has.
    let evaluator = InterpreterEvaluator { graph in
      Dictionary(uniqueKeysWithValues: graph.nodes.map { ($0.name, Double($0.input(1).flatMap { graph[$0].constant?.count } ?? 0) / 1000) })
    }
    let (_, report) = try factorize(
      "\"factorize.svd\", \"target_ms\": 0.6, \"layers\": [\"a\", \"b\", \"c\"]", network(), samples(6, seed: 3), evaluator: evaluator)
    let (before, after) = (try #require(report.milliseconds.before), try #require(report.milliseconds.after))
    #expect(after <= 0.62 * before && after > 0.3 * before)
    #expect(throws: Failure.self) { try factorize("\"factorize.svd\", \"target_ms\": 0.6", network(), samples(6, seed: 3)) }
  }

  // MARK: Options and interruptions

  @Test(arguments: [
    "\"rank\": 0", "\"rank\": 2.5", "\"rank\": -1", "\"energy\": 2", "\"rank\": 4, \"energy\": 0.9", "\"target_macs\": 1e-9",
    "\"energy\": \"x\"",
    "\"target_ms\": 0.5, \"target_macs\": 0.5", "\"rank\": 1e300", "\"damping\": -1", "\"keep\": \"never\"", "\"layers\": \"depthwise\"",
  ]) func hostileOptions(_ options: String) throws {
    #expect(throws: Failure.self) { try factorize("\"factorize.svd\", \(options)", network(), samples(2, seed: 3)) }
  }

  @Test(arguments: ["\"rank\": 1e9", "\"energy\": 0", "\"rank\": 1e-9", "\"error\": 1", "\"damping\": 100", "\"target_bytes\": 1e18"])
  func extremeOptions(_ options: String) throws {
    _ = try factorize("\"factorize.svd\", \(options), \(Self.all)", network(), samples(2, seed: 3))
  }

  @Test func cancelling() throws {
    for stop in 1...12 {
      var calls = 0
      let failure = #expect(throws: Failure.self) {
        try factorize("\"factorize.channel\", \"rank\": 3, \"keep\": \"always\"", network(), samples(3, seed: 3)) { _, _, _ in
          calls += 1
          return calls < stop
        }
      }
      #expect(failure?.status == .cancelled)
    }
  }

  @Test func notFinite() throws {
    var graph = try network()
    let layer = try Layer.all(in: graph)[1]
    var values = try graph.constant(graph.nodes[layer.node], 1)?.floats() ?? []
    values[3] = .nan
    graph[layer.weight].constant = Weight(try Tensor(layer.shape, values))
    let failure = #expect(throws: Failure.self) { try factorize("\"factorize.svd\", \"rank\": 3", graph) }
    #expect(failure?.status == .notFinite && failure?.node == "b")
  }
}
