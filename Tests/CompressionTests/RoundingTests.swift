import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct RoundingTests {
  /// A layer whose inputs move together, as those of real networks do: few hidden causes, many inputs.
  private func correlated(
    _ make: (inout Graph, ValueID, ValueID) throws -> ValueID, weight: [Int], input: [Int]
  ) throws -> (Graph, Samples) {
    var noise = Noise(12)
    var graph = Graph(name: "correlated")
    let x = graph.addInput("x", ValueType(.f32, input.map(Dim.fixed)))
    let w = graph.addConstant("w", try noise.tensor(weight))
    graph.outputs = [try make(&graph, x, w)]
    try graph.inferTypes()
    let channels = input[1], inner = input[2...].reduce(1, *)
    let mixing = (0..<channels * 4).map { _ in noise.next() }
    let samples = try (0..<40).map { _ in
      let causes = (0..<inner * input[0] * 4).map { _ in noise.next() }
      return [
        try Tensor(
          input,
          (0..<input.reduce(1, *)).map { index in
            let row = index / (channels * inner) * inner + index % inner, channel = index / inner % channels
            return (0..<4).reduce(Float(0)) { $0 + mixing[channel * 4 + $1] * causes[row * 4 + $1] } + 0.05 * noise.next()
          })
      ]
    }
    return (graph, Samples(tensors: samples))
  }

  private func squaredError(_ graph: Graph, _ samples: Samples, _ rounding: String) throws -> Double {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"quantize.affine\", \"activations\": null, \"rounding\": \"\(rounding)\"}]}")
    let small = try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples) { _ in 1 }.graph
    var sum = 0.0
    for sample in samples.tensors {
      let a = try Interpreter(graph).run(sample)[0].doubles(), b = try Interpreter(small).run(sample)[0].doubles()
      sum += zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return sum
  }

  @Test func compensationHelpsMatricesOfEitherOrientation() throws {
    for transposed in [0, 1] {
      let (graph, samples) = try correlated(
        { $0.append(.gemm, "layer", [$1, $2], ["transB": .int(transposed)]) },
        weight: transposed == 1 ? [16, 32] : [32, 16], input: [8, 32])
      #expect(try squaredError(graph, samples, "compensated") < 0.5 * squaredError(graph, samples, "nearest"))
    }
  }

  @Test func compensationHelpsConvolutions() throws {
    let (graph, samples) = try correlated(
      { $0.append(.conv, "layer", [$1, $2], ["pads": .ints([1, 1, 1, 1])]) }, weight: [8, 12, 3, 3], input: [1, 12, 6, 6])
    #expect(try squaredError(graph, samples, "compensated") < 0.7 * squaredError(graph, samples, "nearest"))
    let (grouped, other) = try correlated(
      { $0.append(.conv, "layer", [$1, $2], ["group": .int(2), "strides": .ints([2, 2])]) }, weight: [8, 8, 1, 1], input: [2, 16, 5, 5])
    #expect(try squaredError(grouped, other, "compensated") < 0.7 * squaredError(grouped, other, "nearest"))
  }

  @Test func sparseWeightsStaySparse() throws {
    let (graph, samples) = try correlated({ $0.append(.gemm, "layer", [$1, $2]) }, weight: [32, 16], input: [8, 32])
    let recipe = try Recipe(
      #"{"steps": [{"method": "prune.magnitude", "sparsity": 0.75}, {"method": "quantize.affine", "activations": null}]}"#)
    let (small, report) = try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples) { _ in 1 }
    #expect(report.zeros.after >= 0.75)
    #expect(small.values.contains { $0.constant.map { !$0.isDense && $0.quantization?.axis == 1 } ?? false })
  }
}
