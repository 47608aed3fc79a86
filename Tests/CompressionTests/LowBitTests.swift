import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct LowBitTests {
  private func quantize(_ options: String, _ graph: Graph, samples: Samples?) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"quantize.affine\", \(options)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples) { _ in 1 }
  }

  private func noise(_ graph: Graph, _ small: Graph) throws -> Double {
    var sum = 0.0
    for sample in try TinyNetwork.samples(6, seed: 99).tensors {
      let a = try Interpreter(graph).run(sample)[0].doubles(), b = try Interpreter(small).run(sample)[0].doubles()
      sum += zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return sum
  }

  /// Codes of every width are within it, stored in as many bits, and the more of them the nearer the network.
  @Test(arguments: [true, false]) func everyWidth(symmetric: Bool) throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(16)
    for rounding in ["nearest", "compensated", "reconstructed"] {
      var last = Double.infinity
      for bits in [2, 4, 6, 8] {
        let (small, report) = try quantize(
          "\"weights\": \(bits), \"edges\": null, \"symmetric_weights\": \(symmetric), \"activations\": null, \"rounding\": \"\(rounding)\"",
          graph, samples: samples)
        for (layer, row) in zip(try Layer.all(in: small), report.layers) {
          let weight = try #require(small[layer.weight].constant), quantization = try #require(weight.quantization)
          #expect(quantization.bits == bits && row.format.hasPrefix(symmetric ? "s\(bits)" : "u\(bits)"))
          #expect(weight.elementByteCount == (weight.elements.stored.count * bits + 7) / 8)
        }
        let error = try noise(graph, small)
        #expect(error < last, "\(rounding) \(bits)")
        last = error
      }
    }
  }

  @Test func theEdgesKeepMoreBits() throws {
    let graph = try TinyNetwork.residual()
    for (edges, expected) in [("8", [8, 4, 4, 8]), ("2", [4, 4, 4, 4]), ("null", [4, 4, 4, 4]), ("6", [6, 4, 4, 6])] {
      let small = try quantize("\"weights\": 4, \"edges\": \(edges), \"activations\": null", graph, samples: nil).graph
      #expect(try Layer.all(in: small).map { small[$0.weight].constant?.quantization?.bits } == expected, "\(edges)")
    }
  }

  @Test func reconstructionBeatsTheNearest() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(24)
    func error(_ rounding: String) throws -> Double {
      try noise(graph, quantize("\"weights\": 3, \"activations\": null, \"rounding\": \"\(rounding)\"", graph, samples: samples).graph)
    }
    let nearest = try error("nearest")
    #expect(try error("reconstructed") < 0.6 * nearest)
    #expect(try error("compensated") < nearest)
  }

  /// Every run of inputs has a scale: where runs differ in size by far, that saves the small ones.
  @Test(arguments: [0, 1]) func groupsOfInputs(transB: Int) throws {
    var random = Noise(3)
    var graph = Graph(name: "fc")
    let x = graph.addInput("x", ValueType(.f32, [.fixed(4), .fixed(72)]))
    let shape = transB == 1 ? [10, 72] : [72, 10]
    let values = (0..<720).map { place -> Float in
      let input = transB == 1 ? place % 72 : place / 10
      return random.next() * (input / 32 == 1 ? 20 : 1)
    }
    graph.outputs = [graph.append(.gemm, "fc", [x, graph.addConstant("w", try Tensor(shape, values))], ["transB": .int(transB)])]
    try graph.inferTypes()
    let samples = Samples(tensors: try (0..<20).map { _ in [try random.tensor([4, 72])] })
    func error(_ options: String) throws -> (Double, AffineQuantization) {
      let small = try quantize("\"weights\": 4, \"edges\": null, \"activations\": null, \(options)", graph, samples: samples).graph
      let weight = try #require(small[try small.nodes[0].requiredInput(1)].constant)
      let difference = zip(values, try weight.decoded().floats()).enumerated().filter { entry in
        (transB == 1 ? entry.offset % 72 : entry.offset / 10) / 32 != 1
      }
      return (
        difference.reduce(0) { $0 + Double(($1.element.0 - $1.element.1) * ($1.element.0 - $1.element.1)) },
        try #require(weight.quantization)
      )
    }
    for rounding in ["nearest", "reconstructed"] {
      let (whole, one) = try error("\"rounding\": \"\(rounding)\"")
      let (grouped, many) = try error("\"group_size\": 32, \"rounding\": \"\(rounding)\"")
      #expect(one.group == nil && one.scales.count == 10)
      #expect(many.group == .init(axis: transB == 1 ? 1 : 0, size: 32) && many.scales.count == 30 && many.axis == 1 - transB)
      // Reconstruction moves weights away from what they were.
      if rounding == "nearest" { #expect(grouped < 0.05 * whole) }
    }
  }

  /// One scale for a whole layer, with and without samples.
  @Test func perTensor() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(8)
    for rounding in ["nearest", "reconstructed"] {
      let options = "\"weights\": 5, \"edges\": null, \"granularity\": \"tensor\", \"activations\": null, \"rounding\": \"\(rounding)\""
      let small = try quantize(options, graph, samples: samples).graph
      for layer in try Layer.all(in: small) { #expect(small[layer.weight].constant?.quantization?.scales.count == 1) }
    }
  }

  @Test func prunedWeightsStayZero() throws {
    let graph = try TinyNetwork.residual()
    let recipe = try Recipe(
      #"{"steps": [{"method": "prune.magnitude", "sparsity": 0.7}, {"method": "quantize.affine", "weights": 4, "activations": null}]}"#)
    let (_, report) = try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: TinyNetwork.samples(8)) {
      _ in 1
    }
    // Each layer's share is rounded to whole weights.
    #expect(report.zeros.after >= 0.69)
  }

  @Test func whatIsNotFiniteIsRefused() throws {
    var graph = try TinyNetwork.residual()
    let layer = try Layer.all(in: graph)[1]
    var values = try #require(graph[layer.weight].constant).decoded().floats()
    values[3] = .infinity
    graph[layer.weight].constant = Weight(try Tensor(layer.shape, values))
    for bits in [4, 8] {
      let failure = #expect(throws: Failure.self) { try quantize("\"weights\": \(bits), \"activations\": null", graph, samples: nil) }
      #expect(failure?.status == .notFinite)
    }
  }
}
