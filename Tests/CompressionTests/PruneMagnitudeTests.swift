import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct PruneMagnitudeTests {
  private func prune(_ options: String, _ graph: Graph, samples: Samples? = nil) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"prune.magnitude\", \(options)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples) { _ in 1 }
  }

  private func weights(_ graph: Graph) throws -> [[Float]] {
    try Layer.all(in: graph).map { try graph[$0.weight].constant.map { try $0.decoded().floats() } ?? [] }
  }

  @Test func everyLayerLosesItsShareExactly() throws {
    let graph = try TinyNetwork.residual()
    let (pruned, report) = try prune("\"sparsity\": 0.7", graph)
    for (before, after) in zip(try weights(graph), try weights(pruned)) {
      let zeros = Int((Double(before.count) * 0.7).rounded())
      #expect(after.count { $0 == 0 } == zeros)
      // What stays is what was, and nothing that stays is smaller than something that went.
      let gone = zip(before, after).filter { $1 == 0 }.map { $0.0.magnitude }.max() ?? 0
      #expect(zip(before, after).allSatisfy { $1 == 0 || ($0 == $1 && $1.magnitude >= gone) })
    }
    #expect(report.layers.allSatisfy { $0.zeros.before == 0 && $0.zeros.after > 0.69 })
    #expect(report.layers[0].format == "f32 bitmap" && report.layers[0].bytes.after < report.layers[0].bytes.before)
  }

  @Test func globalRanksAllLayersTogether() throws {
    let graph = try TinyNetwork.residual()
    let (pruned, report) = try prune("\"sparsity\": 0.5, \"scope\": \"global\"", graph)
    let before = try weights(graph).flatMap { $0 }, after = try weights(pruned).flatMap { $0 }
    #expect(after.count { $0 == 0 } == Int((Double(before.count) * 0.5).rounded()))
    let smallestKept = after.filter { $0 != 0 }.map(\.magnitude).min() ?? 0
    #expect(zip(before, after).allSatisfy { $1 != 0 || $0.magnitude <= smallestKept })
    // The head's weights are twice as large, so it loses less than the convolutions.
    #expect(report.layers[3].zeros.after < report.layers[0].zeros.after)
    #expect(abs(report.zeros.after - 0.5) < 0.01)
  }

  @Test func activationScoresFollowTheFormula() throws {
    let graph = try TinyNetwork.residual()
    let samples = try TinyNetwork.samples(3, batch: 2)
    let (pruned, _) = try prune("\"sparsity\": 0.5, \"score\": \"activation\"", graph, samples: samples)
    // By hand for the depthwise layer, whose output channel c reads input channel c: |w|·‖x_c‖.
    let layer = try Layer.all(in: graph)[1]
    let input = try graph.nodes[layer.node].requiredInput(0)
    var sums = [Double](repeating: 0, count: 8)
    for sample in samples.tensors {
      let x = try Interpreter(graph).run(sample, observing: [input])[1].floats()
      for (index, value) in x.enumerated() { sums[index / 64 % 8] += Double(value) * Double(value) }
    }
    let before = try weights(graph)[1], after = try weights(pruned)[1]
    let scores = before.enumerated().map { $1.magnitude * Float(sums[$0 / 9].squareRoot()) }
    let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    #expect(Set(order.prefix(36)) == Set(after.indices.filter { after[$0] == 0 }))
  }

  @Test func sharedWeightsArePrunedOnce() throws {
    var noise = Noise(2)
    var graph = Graph(name: "shared")
    let x = graph.addInput("x", ValueType(.f32, [1, 4]))
    let weight = graph.addConstant("w", try noise.tensor([4, 4]))
    graph.outputs = [graph.append(.gemm, "b", [graph.append(.gemm, "a", [x, weight]), weight])]
    try graph.inferTypes()
    let (pruned, report) = try prune("\"sparsity\": 0.75, \"scope\": \"global\"", graph)
    #expect(try weights(pruned)[0].count { $0 == 0 } == 12 && report.zeros.after == 0.75 && report.parameters == 16)
  }

  @Test func prunesQuantizedWeights() throws {
    let graph = try TinyNetwork.residual()
    let recipe = try Recipe(
      #"{"steps": [{"method": "quantize.affine", "activations": null}, {"method": "prune.magnitude", "sparsity": 0.8}]}"#)
    let (small, report) = try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe) { _ in 1 }
    for layer in try Layer.all(in: small) {
      let weight = try #require(small[layer.weight].constant)
      #expect(weight.quantization != nil && weight.dtype == .f32)
      let zeros = try weight.decoded().floats().count { $0 == 0 }
      #expect(zeros >= Int((Double(weight.count) * 0.8).rounded()))
    }
    #expect(report.layers[0].format == "s8 bitmap" || report.layers[0].format == "s8 gaps")
  }

  @Test func biasesTakeOverTheMean() throws {
    let graph = try TinyNetwork.residual()
    let samples = try TinyNetwork.samples(8)
    func meanError(_ flag: Bool) throws -> Double {
      let (pruned, _) = try prune("\"sparsity\": 0.5, \"layers\": \"point\", \"bias_correction\": \(flag)", graph, samples: samples)
      var sums = [Double](repeating: 0, count: 8)
      for sample in samples.tensors {
        func output(_ graph: Graph) throws -> [Float] {
          let node = try #require(graph.nodes.first { $0.name == "point" })
          return try Interpreter(graph).run(sample, observing: node.outputs)[1].floats()
        }
        for (index, (x, y)) in zip(try output(graph), try output(pruned)).enumerated() { sums[index / 64] += Double(y) - Double(x) }
      }
      return sums.map { abs($0) / 512 }.max() ?? 0
    }
    // A pointwise layer has no border: exact up to the f32 roundings of bias and outputs (values below 4).
    #expect(try meanError(true) < 4 * 4 * 0x1p-24)
    #expect(try meanError(false) > 1e-3)
  }

  @Test func refusesNotFiniteWeightsByName() throws {
    var graph = try TinyNetwork.residual()
    let layer = try Layer.all(in: graph)[2]
    var values = try weights(graph)[2]
    values[5] = .nan
    graph[layer.weight].constant = Weight(try Tensor(layer.shape, values))
    for method in ["{\"method\": \"prune.magnitude\", \"sparsity\": 0.5}", "{\"method\": \"quantize.affine\", \"activations\": null}"] {
      let recipe = try Recipe("{\"steps\": [\(method)]}")
      let compress = { try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe) { _ in 1 } }
      #expect(status(compress) == .notFinite && message(compress).contains("'point.weight' is nan at element 5"))
    }
  }

  @Test func refusesNotFiniteSamples() throws {
    let bad = Samples(tensors: [[try Tensor([1, 3, 8, 8], [Float](repeating: .infinity, count: 192))]])
    let run = { try prune("\"sparsity\": 0.5, \"score\": \"activation\"", TinyNetwork.residual(), samples: bad) }
    #expect(status(run) == .notFinite && message(run).contains("'x'"))
  }
}
