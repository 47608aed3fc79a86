import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct LayerMomentsTests {
  private func step(_ samples: Samples, progress: Progress? = nil) -> StepContext {
    StepContext(
      options: Options(values: [:]), layers: [], path: "test", evaluator: InterpreterEvaluator(), samples: samples,
      progress: ProgressReporter(progress), ledger: Ledger())
  }

  private func moments(
    _ graph: Graph, _ samples: Samples, reference: Graph? = nil, layer index: Int = 0, progress: Progress? = nil
  ) throws -> LayerMoments? {
    let context = step(samples, progress: progress)
    return try OriginalTargets(reference ?? graph, context, holding: false).moments(Layer.all(in: graph)[index], in: graph)?.fitted.parts[0]
  }

  /// A layer of its own: what it reads at each position, written down by hand.
  private func convolution(
    _ weight: [Int], input: [Int], _ attributes: [String: Attribute], seed: UInt64 = 4
  ) throws -> (graph: Graph, samples: Samples, rows: [[Double]]) {
    var noise = Noise(seed)
    var graph = Graph(name: "one")
    let x = graph.addInput("x", ValueType(.f32, input.map(Dim.fixed)))
    let w = graph.addConstant("w", try noise.tensor(weight)), b = graph.addConstant("b", try noise.tensor([weight[0]]))
    var attributes = attributes
    attributes["activation"] = .string("Relu")
    graph.outputs = [graph.append(.conv, "layer", [x, w, b], attributes)]
    try graph.inferTypes()
    let samples = Samples(tensors: try (0..<3).map { _ in [try noise.tensor(input, shift: 0.3)] })
    let window = try WindowAttributes(Attributes(attributes), kernel: Array(weight[2...]))
    let axes = try window.axes(over: Array(input[2...]))
    var rows: [[Double]] = []
    for sample in samples.tensors {
      let values = sample[0].floats()
      for image in 0..<input[0] {
        for y in 0..<axes[0].output {
          for x in 0..<axes[1].output {
            var row: [Double] = []
            for channel in 0..<input[1] {
              for i in 0..<weight[2] {
                for j in 0..<weight[3] {
                  let (v, h) = (axes[0].start(y) + i * axes[0].dilation, axes[1].start(x) + j * axes[1].dilation)
                  let inside = v >= 0 && v < input[2] && h >= 0 && h < input[3]
                  row.append(inside ? Double(values[((image * input[1] + channel) * input[2] + v) * input[3] + h]) : 0)
                }
              }
            }
            rows.append(row)
          }
        }
      }
    }
    return (graph, samples, rows)
  }

  @Test(
    arguments: [
      ([6, 5, 1, 1], 1, 1, 0), ([4, 3, 3, 3], 1, 1, 1), ([4, 3, 3, 3], 1, 2, 1), ([6, 2, 3, 3], 3, 1, 1), ([6, 1, 3, 3], 6, 2, 1),
    ] as [([Int], Int, Int, Int)])
  func followTheFormula(weight: [Int], groups: Int, stride: Int, pad: Int) throws {
    let (graph, samples, rows) = try convolution(
      weight, input: [2, weight[1] * groups, 7, 6],
      ["group": .int(groups), "strides": .ints([stride, stride]), "pads": .ints([pad, pad, pad, pad])])
    let moments = try #require(try moments(graph, samples))
    #expect(moments.rows == rows.count && moments.images == 6)
    let layer = try Layer.all(in: graph)[0]
    let constants = try graph.decodedWeight(layer).doubles()
    let bias = try #require(try graph.constant(graph.nodes[0], 2)).doubles()
    let width = moments.width, count = Double(rows.count)
    for group in 0..<groups {
      let x = rows.map { Array($0[group * width..<(group + 1) * width]) }
      let mean = (0..<width).map { i in x.reduce(0) { $0 + $1[i] } / count }
      // The targets are the sums before the activation.
      let y = x.map { row in
        (0..<moments.outputs).map { o in
          let output = group * moments.outputs + o
          return bias[output] + (0..<width).reduce(0) { $0 + row[$1] * constants[output * width + $1] }
        }
      }
      // Values below 2, sums of at most 252 f32 terms below 4·27: 27 · 4 · 2⁻²⁴ relative to 1 leaves room for each in 1e-4.
      for centred in [false, true] {
        let gram = moments.gram(group: group, centred: centred), cross = moments.cross(group: group, centred: centred)
        for i in 0..<width {
          for j in 0..<width {
            let exact = x.reduce(0) { $0 + ($1[i] - (centred ? mean[i] : 0)) * ($1[j] - (centred ? mean[j] : 0)) } / count
            #expect(abs(gram[i * width + j] - exact) < 1e-4)
          }
          for o in 0..<moments.outputs {
            let exact = zip(x, y).reduce(0) { $0 + ($1.0[i] - (centred ? mean[i] : 0)) * $1.1[o] } / count
            #expect(abs(cross[o * width + i] - exact) < 1e-4)
          }
        }
      }
      for o in 0..<moments.outputs {
        let exact = y.reduce(0) { $0 + $1[o] } / count
        #expect(abs(moments.outputMeans[group * moments.outputs + o] - exact) < 1e-4)
        let variance = y.reduce(0) { $0 + ($1[o] - exact) * ($1[o] - exact) } / count
        #expect(abs(moments.outputVariances[group * moments.outputs + o] - variance) < 1e-3)
      }
    }
  }

  @Test func matricesOfEitherOrientationAgree() throws {
    var noise = Noise(6)
    let values = (0..<12 * 5).map { _ in noise.next() }
    let samples = Samples(tensors: try (0..<4).map { _ in [try noise.tensor([3, 12])] })
    var grams: [[Double]] = []
    for transposed in [0, 1] {
      var graph = Graph(name: "matrix")
      let x = graph.addInput("x", ValueType(.f32, [3, 12]))
      // The same matrix, stored by rows or by columns.
      let stored = transposed == 1 ? values : (0..<60).map { values[$0 % 5 * 12 + $0 / 5] }
      let w = graph.addConstant("w", try Tensor(transposed == 1 ? [5, 12] : [12, 5], stored))
      graph.outputs = [graph.append(.gemm, "layer", [x, w], ["transB": .int(transposed)])]
      try graph.inferTypes()
      let moments = try #require(try moments(graph, samples))
      grams.append(moments.gram() + moments.cross())
      let layer = try Layer.all(in: graph)[0]
      let matrix = LayerMatrix(layer, try graph.decodedWeight(layer))
      #expect(matrix.rows == 5 && matrix.width == 12 && matrix.elements == values)
      #expect(try matrix.tensor(layer.shape).floats() == stored)
    }
    // The products are the same sums; what the interpreter makes of either orientation may round apart: 12 terms below 1.
    for (a, b) in zip(grams[0], grams[1]) { #expect(abs(a - b) < 1e-6) }
  }

  @Test func targetsComeFromTheReference() throws {
    let reference = try TinyNetwork.residual()
    var graph = reference
    let layer = try Layer.all(in: graph)[1]
    graph[layer.weight].constant = Weight(try Tensor(layer.shape, [Float](repeating: 0, count: layer.shape.reduce(1, *))))
    let samples = try TinyNetwork.samples(4)
    let both = try #require(try moments(graph, samples, reference: reference, layer: 2))
    let own = try #require(try moments(reference, samples, layer: 2))
    // The depthwise layer before it makes constants now, and the targets are as they were.
    #expect(both.gram().allSatisfy { abs($0) < 1e-6 } && own.gram().contains { $0 > 1e-3 })
    #expect(both.outputMeans == own.outputMeans && both.outputVariances == own.outputVariances)
  }

  @Test func equalInputsGiveEqualBits() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(3)
    let a = try #require(try moments(graph, samples, layer: 2)), b = try #require(try moments(graph, samples, layer: 2))
    #expect(a.gram() == b.gram() && a.cross() == b.cross() && a.inputMeans == b.inputMeans)
  }

  @Test func stopWhenCancelledOrNotFinite() throws {
    let graph = try TinyNetwork.residual()
    #expect(status { try moments(graph, TinyNetwork.samples(3)) { _, done, _ in done < 1 } } == .cancelled)
    for bad in [Float.nan, .infinity] {
      let samples = Samples(tensors: [[try Tensor([1, 3, 8, 8], [Float](repeating: bad, count: 192))]])
      let run = { try moments(graph, samples, layer: 0) }
      #expect(status(run) == .notFinite && message(run).contains("'x'"))
    }
  }
}
