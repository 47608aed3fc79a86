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

  /// Weights of one sign and about one size, the worst there is: all codes would be near 127. Terms are paired as kernels meet them, taps
  /// outermost; with five channels pairs straddle taps.
  @Test func neighboursFitSixteenBits() throws {
    func worst(_ shape: [Int]) throws -> (Graph, ValueID) {
      var noise = Noise(3)
      var graph = Graph(name: "worst")
      let matrix = shape.count == 2
      let x = graph.addInput("x", ValueType(.f32, (matrix ? [4, shape[1]] : [1, shape[1], 6, 6]).map(Dim.fixed)))
      let values = (0..<shape.reduce(1, *)).map { 0.9 + 0.1 * noise.next() * ($0 % 7 == 0 ? -1 : 1) }
      let w = graph.addConstant("w", try Tensor(shape, values))
      graph.outputs = [graph.append(matrix ? .gemm : .conv, "layer", [x, w], matrix ? ["transB": .int(1)] : [:])]
      try graph.inferTypes()
      return (graph, w)
    }
    /// The largest sum of two codes of one sign that are neighbours in a sum, and the largest error in scales.
    func codes(_ shape: [Int], _ options: String) throws -> (pair: Int, error: Float) {
      let (graph, id) = try worst(shape)
      var noise = Noise(8)
      let input = (graph[graph.inputs[0]].type?.shape ?? []).compactMap(\.value)
      let samples = Samples(tensors: try (0..<10).map { _ in [try noise.tensor(input)] })
      let recipe = try Recipe("{\"steps\": [{\"method\": \"quantize.affine\", \"activations\": null, \(options)}]}")
      let small = try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples) { _ in 1 }.graph
      let layer = try #require(try Layer.all(in: small).first)
      let weight = try #require(small[layer.weight].constant), scales = try #require(weight.quantization?.scales)
      let (before, after) = (try #require(graph[id].constant).decoded(), try weight.decoded())
      let (old, values) = (try before.floats(), try after.floats())
      let taps = shape[2...].reduce(1, *), channels = shape[1]
      var (pair, error) = (0, Float(0))
      for output in 0..<shape[0] {
        let scale = scales[scales.count == 1 ? 0 : output]
        let terms = (0..<channels * taps).map { place in
          let index = (output * channels + place % channels) * taps + place / channels
          error = max(error, (old[index] - values[index]).magnitude / scale)
          return Int((values[index] / scale).rounded())
        }
        for first in stride(from: 0, to: terms.count - 1, by: 2) where (terms[first] < 0) == (terms[first + 1] < 0) {
          pair = max(pair, abs(terms[first] + terms[first + 1]))
        }
      }
      return (pair, error)
    }
    for shape in [[6, 8], [6, 9], [4, 5, 3, 3], [4, 6, 1, 1], [4, 6, 3, 3]] {
      for granularity in ["channel", "tensor"] {
        for rounding in ["nearest", "compensated"] {
          let options = "\"granularity\": \"\(granularity)\", \"rounding\": \"\(rounding)\""
          let fitted = try codes(shape, options + ", \"fit_pairs\": true")
          #expect(fitted.pair <= 128 && fitted.pair > 100, "\(shape) \(options)")
          if rounding == "nearest" { #expect(fitted.error <= 1.5, "\(shape) \(options)") }
          #expect(try codes(shape, options).pair > 128, "\(shape) \(options)")
        }
      }
    }
  }
}
