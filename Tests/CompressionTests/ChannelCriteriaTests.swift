import Compression
import Graph
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct ChannelCriteriaTests {
  /// 1×1 convolutions with these filters, biases zero, Relu between; then the mean over the map and a Gemm.
  private func network(_ first: [[Float]], _ second: [[Float]], head: [[Float]]) throws -> Graph {
    var graph = Graph(name: "small")
    var last = graph.addInput("x", ValueType(.f32, [1, first[0].count, 2, 2].map(Dim.fixed)))
    for (name, filters) in [("first", first), ("second", second)] {
      let weight = graph.addConstant("\(name).weight", try Tensor([filters.count, filters[0].count, 1, 1], filters.flatMap { $0 }))
      last = graph.append(.conv, name, [last, weight], ["activation": .string("Relu")])
    }
    last = graph.append(.flatten, "flat", [graph.append(.globalAveragePool, "pool", [last])], ["axis": .int(1)])
    let weight = graph.addConstant("head.weight", try Tensor([head.count, head[0].count], head.flatMap { $0 }))
    graph.outputs = [graph.append(.gemm, "head", [last, weight], ["transB": .int(1)])]
    try graph.inferTypes()
    return graph
  }

  private func scores(_ name: String, _ graph: Graph, _ samples: Samples, gradients: (any GradientSource)? = nil) throws -> [[Double]] {
    let step = StepContext(
      options: Options(values: [:]), layers: [], path: "test", evaluator: InterpreterEvaluator(), samples: samples,
      progress: ProgressReporter(nil), ledger: Ledger(), gradients: gradients)
    let context = ChannelContext(try ChannelDependencies(graph), step)
    return try ChannelCriteria.criterion(named: name).scores(context)
  }

  /// One sample of one input channel with the values −1, 0.5, 1, 2.
  private func one() throws -> Samples { Samples(tensors: [[try Tensor([1, 1, 2, 2], [-1, 0.5, 1, 2])]]) }

  @Test func apozCountsZeros() throws {
    // x, −x, 2x behind Relu: 3 of 4 positive, 1 of 4, 3 of 4; the third is twice the first.
    let graph = try network([[1], [-1], [2]], [[1, 1, 1]], head: [[1]])
    let scores = try scores("apoz", graph, one())[0]
    #expect(scores[1] < scores[0] && scores[0] < scores[2])
    // The magnitudes only decide between equals: less than one element's share of 1.
    #expect(abs(scores[0] - 0.75) < 0.25 && abs(scores[1] - 0.25) < 0.25 && abs(scores[2] - 0.75) < 0.25)
  }

  @Test func nispPropagatesImportance() throws {
    // Both features of the last layer vary alike and together, so they are equally important; |W|ᵀ gives the rest.
    let second: [[Float]] = [[1, -2, 0.5], [3, 0, 0.25]]
    let graph = try network([[1], [1], [1]], second, head: [[1, 1]])
    let samples = Samples(tensors: try (1...4).map { [try Tensor([1, 1, 2, 2], [Float](repeating: Float($0), count: 4))] })
    let found = try scores("nisp", graph, samples)
    // The second channels are max(0, −0.5x) = 0 and 3.25x: the one that never varies has half an edge to both.
    let features = try samples.tensors.map { try Interpreter(graph).run($0, observing: [graph.nodes[1].outputs[0]])[1].doubles() }
    let energies = InfiniteSelection.energies(features.map { [$0[0], $0[4]] }, features: 2, limit: 8)
    let expected = (0..<3).map { channel in
      (0..<2).reduce(0.0) { $0 + Double(second[$1][channel].magnitude) * energies[$1] }
    }
    let largest = expected.max() ?? 1
    for (a, b) in zip(found[0], expected) { #expect(abs(a - b / largest) < 1e-6) }
    for (a, b) in zip(found[1], energies) { #expect(abs(a - b / (energies.max() ?? 1)) < 1e-6) }
  }

  /// ∂L/∂v = 2v·c, as for L = Σ c·v².
  private struct Gradients: GradientSource {
    let factors: [Float]
    func gradients(of values: [ValueID], in graph: Graph, sample index: Int) throws -> [Tensor] {
      let results = try Interpreter(graph).run([Tensor([1, 1, 2, 2], [-1, 0.5, 1, 2])], observing: values)
      return try results.dropFirst(graph.outputs.count).map { value in
        try Tensor(value.shape, value.floats().enumerated().map { 2 * $0.element * factors[$0.offset / 4 % factors.count] })
      }
    }
  }

  @Test func taylorMultipliesValuesByGradients() throws {
    let graph = try network([[1], [-1], [2]], [[1, 1, 1]], head: [[1]])
    let found = try scores("taylor", graph, one(), gradients: Gradients(factors: [1, 8, -0.5]))[0]
    // Σ 2c·z²/4: z² sums to 5.25, 1 and 21.
    let expected: [Double] = [10.5 / 4, 16.0 / 4, 21.0 / 4]
    let squares: [Double] = expected.map { $0 * $0 }
    let norm = squares.reduce(0, +).squareRoot()
    for (a, b) in zip(found, expected) { #expect(abs(a - b / norm) < 1e-6) }
  }

  @Test func taylorSaysWhatItLacks() throws {
    let graph = try network([[1], [-1], [2]], [[1, 1, 1]], head: [[1]])
    let failure = #expect(throws: Failure.self) { try scores("taylor", graph, one()) }
    #expect(failure?.status == .recipe && failure?.message.contains("needs gradients") ?? false)
  }

  @Test(arguments: ["apoz", "nisp", "thinet", "lasso"])
  func needSamples(criterion: String) throws {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"prune.channels\", \"criterion\": \"\(criterion)\"}]}")
    let graph = try TinyNetwork.residual()
    let failure = #expect(throws: Failure.self) {
      try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe) { _ in 1 }
    }
    #expect(failure?.status == .recipe)
    // With samples the residual network loses half of its channels, whatever chooses them.
    let small = try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: TinyNetwork.samples(6)) { _ in 1
    }
    #expect(try Layer.all(in: small.graph)[0].shape == [4, 3, 3, 3])
  }
}
