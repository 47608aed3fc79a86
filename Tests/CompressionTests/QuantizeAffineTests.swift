import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct QuantizeAffineTests {
  private func quantize(
    _ options: String, _ graph: Graph, samples: Samples?, times: (@Sendable (Graph) -> [String: Double])? = nil
  ) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"quantize.affine\"\(options)}]}")
    return try Compressor(evaluator: InterpreterEvaluator(times: times)).compress(graph, recipe: recipe, samples: samples) { _ in 1 }
  }

  @Test func pairsFormOneIntegerRegion() throws {
    let small = try quantize("", TinyNetwork.residual(), samples: TinyNetwork.samples(2)).graph
    try Verifier.verify(small)
    // Every layer and what lies between them reads codes; the softmax, and what it reads, stay float.
    let readers = small.nodes.filter { ![.quantizeLinear, .dequantizeLinear].contains($0.op) }.map { node in
      "\(node.name): " + node.inputs.prefix(node.op == .add ? 2 : 1).compactMap { $0.map { small[$0].name } }.joined(separator: " + ")
    }
    #expect(
      readers == [
        "stem: x/dequantized", "deep: stem/dequantized", "point: deep/dequantized", "sum: stem/dequantized + point/dequantized",
        "pool: sum/dequantized", "flat: pool/dequantized", "head: flat/dequantized", "probabilities: head",
      ])
    #expect(small.nodes.count { $0.op == .quantizeLinear } == 7 && small.nodes.count { $0.op == .dequantizeLinear } == 7)
    // A flattening passes codes on: one scale and zero point with what it reads.
    func parameters(_ name: String) throws -> [Double] {
      let node = try #require(small.nodes.first { $0.name == name + "/quantize" })
      return try [1, 2].flatMap { try small.constant(node, $0)?.doubles() ?? [] }
    }
    #expect(try parameters("pool") == parameters("flat") && parameters("sum") != parameters("pool"))
    // Behind Relu the lowest value is zero, so its code is 0.
    #expect(try parameters("stem")[1] == 0)
    for layer in try Layer.all(in: small) {
      let weight = try #require(small[layer.weight].constant)
      #expect(weight.quantization?.axis == 0 && weight.elements.stored.dtype == .s8)
    }
    #expect(small.text.contains("QuantizeLinear(%x, @x/scale f32[], "))
  }

  @Test func staysCloseToTheFloatModel() throws {
    let graph = try TinyNetwork.residual()
    let samples = try TinyNetwork.samples(16, batch: 2)
    for options in [
      "", ", \"calibrator\": \"minmax\"", ", \"calibrator\": \"mse\"", ", \"granularity\": \"tensor\"", ", \"activations\": null",
      ", \"equalize\": false", ", \"rounding\": \"nearest\"", ", \"calibrator\": \"ema\"", ", \"calibrator\": \"entropy\"",
      ", \"symmetric_activations\": true", ", \"symmetric_weights\": false", ", \"weights\": 7, \"rounding\": \"reconstructed\"",
    ] {
      let (small, report) = try quantize(options, graph, samples: samples)
      // Each of the 11 quantizations is at least 34 dB (a uniform error of 1/255 of the range, the signal a sixth of it or more) and
      // they add up to 24 dB at worst where none is amplified; asserted with room for amplification.
      #expect((report.signalToNoise ?? 0) > 20, "\(options)")
      #expect(report.layers.allSatisfy { ($0.signalToNoise ?? 0) > 20 })
      let other = try TinyNetwork.samples(1, seed: 77).tensors[0]
      let a = try Interpreter(graph).run(other)[0].floats(), b = try Interpreter(small).run(other)[0].floats()
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 0.05 })
    }
  }

  @Test func sparseWeightsKeepTheirZerosAndForm() throws {
    let graph = try TinyNetwork.residual()
    let recipe = try Recipe("prune80-int8")
    let (small, _) = try Compressor(evaluator: InterpreterEvaluator()).compress(
      graph, recipe: recipe, samples: TinyNetwork.samples(2)
    ) { _ in 1 }
    let pruned = try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: Recipe("prune80")) { _ in 1 }.graph
    for (a, b) in zip(try Layer.all(in: pruned), try Layer.all(in: small)) {
      let before = try #require(pruned[a.weight].constant).decoded().floats()
      let weight = try #require(small[b.weight].constant)
      #expect(zip(before, try weight.decoded().floats()).allSatisfy { $0 != 0 || $1 == 0 })
      #expect(!weight.isDense && weight.quantization != nil)
    }
  }

  @Test func weightErrorIsHalfAStep() throws {
    let graph = try TinyNetwork.residual()
    let small = try quantize(", \"activations\": null", graph, samples: nil).graph
    for (a, b) in zip(try Layer.all(in: graph), try Layer.all(in: small)) {
      let before = try #require(graph[a.weight].constant).decoded().floats()
      let weight = try #require(small[b.weight].constant)
      let scales = try #require(weight.quantization).scales
      let perChannel = before.count / scales.count
      for (index, (x, y)) in zip(before, try weight.decoded().floats()).enumerated() {
        // Half a step, and three roundings of a value of up to 127 steps at 2⁻²⁴ each.
        #expect(abs(x - y) <= scales[index / perChannel] * (0.5 + 3 * 127 * 0x1p-24))
      }
    }
  }

  @Test func biasCorrectionTakesTheMeanErrorOff() throws {
    let graph = try TinyNetwork.residual()
    let samples = try TinyNetwork.samples(8)
    func meanError(_ flag: Bool) throws -> Double {
      let options = ", \"activations\": null, \"bias_correction\": \(flag), \"layers\": \"point\""
      let small = try quantize(options, graph, samples: samples).graph
      let (a, b) = (try Layer.all(in: graph)[2], try Layer.all(in: small)[2])
      var sums = [Double](repeating: 0, count: 8)
      for sample in samples.tensors {
        let x = try Interpreter(graph).run(sample, observing: [graph.nodes[a.node].outputs[0]])[1].floats()
        let y = try Interpreter(small).run(sample, observing: [small.nodes[b.node].outputs[0]])[1].floats()
        for index in x.indices { sums[index / 64] += Double(y[index]) - Double(x[index]) }
      }
      return sums.map { abs($0) / 512 }.max() ?? 0
    }
    // A pointwise layer has no border: the correction is exact up to the f32 roundings of bias and outputs (values below 4).
    #expect(try meanError(true) < 4 * 4 * 0x1p-24)
    #expect(try meanError(false) > 1e-4)
  }

  @Test func slowLayersKeepFloatActivations() throws {
    let graph = try TinyNetwork.residual()
    let samples = try TinyNetwork.samples(2)
    // In integers the pointwise layer takes three times as long and everything else half; conversions cost a little.
    let times: @Sendable (Graph) -> [String: Double] = { graph in
      let uses = graph.uses()
      var times: [String: Double] = [:]
      for node in graph.nodes {
        let producer = node.input(0).flatMap { uses.producer(of: $0) }
        let integer = producer.map { graph.nodes[$0].op == .dequantizeLinear } ?? false
        switch node.op {
        case .quantizeLinear, .dequantizeLinear: times[node.name] = 0.01
        default: times[node.name] = integer ? (node.name == "point" ? 3 : 0.5) : 1
        }
      }
      return times
    }
    let (small, report) = try quantize("", graph, samples: samples, times: times)
    #expect(report.refused.map(\.layer) == ["point"])
    #expect(report.refused[0].milliseconds.before == 1 && (report.refused[0].milliseconds.after ?? 0) > 3)
    let point = try #require(small.nodes.first { $0.name == "point" })
    #expect(point.inputs[0].map { small[$0].name } == "deep")
    #expect(try #require(small[point.requiredInput(1)].constant).quantization != nil)
    #expect(small.nodes.first { $0.name == "deep" }?.inputs[0].map { small[$0].name } == "stem/dequantized")
    let insisted = try quantize(", \"insist\": true", graph, samples: samples, times: times)
    #expect(insisted.report.refused.isEmpty)
    #expect(insisted.graph.nodes.first { $0.name == "point" }?.inputs[0].map { insisted.graph[$0].name } == "deep/dequantized")
  }

  @Test func nothingIsRefusedWhereIntegersAreFast() throws {
    let times: @Sendable (Graph) -> [String: Double] = { graph in
      let integer = graph.nodes.contains { $0.op == .quantizeLinear }
      var times: [String: Double] = [:]
      for node in graph.nodes {
        times[node.name] = [.quantizeLinear, .dequantizeLinear].contains(node.op) ? 0.01 : integer ? 0.5 : 1
      }
      return times
    }
    let report = try quantize("", TinyNetwork.residual(), samples: TinyNetwork.samples(2), times: times).report
    #expect(report.refused.isEmpty && report.notes.isEmpty && report.milliseconds.before == 8)
  }

  @Test func saysWhatItNeeds() throws {
    let graph = try TinyNetwork.residual()
    #expect(message { try quantize("", graph, samples: nil) }.contains("steps[0] (quantize.affine): needs calibration samples"))
    #expect(status { try quantize("", graph, samples: Samples(tensors: [])) } == .recipe)
    var noise = Noise(6)
    let wrong = Samples(tensors: [[try noise.tensor([1, 3, 8, 8]), try noise.tensor([1])]])
    #expect(status { try quantize("", graph, samples: wrong) } == .invalidArgument)
    let nan = Samples(tensors: [[try Tensor([1, 3, 8, 8], [Float](repeating: .nan, count: 192))]])
    #expect(message { try quantize("", graph, samples: nan) }.contains("'x' is NaN or infinite on calibration sample 0"))
  }

  @Test func quantizingTwiceChangesNothing() throws {
    let samples = try TinyNetwork.samples(2)
    let once = try quantize("", TinyNetwork.residual(), samples: samples).graph
    let twice = try quantize("", once, samples: samples).graph
    #expect(once.nodes.count == twice.nodes.count)
  }
}
