import Compression
import Graph
import Reference
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Ranks by what the whole network's outputs keep.
@Suite struct FactorDamageTests {
  /// 1×1 convolutions of 24 channels with ReLU whose singular values halve from one to the next, a mean and 10 sums, on [N, 24, 3, 3].
  private func network(depth: Int) throws -> Graph {
    var noise = Noise(31)
    var graph = Graph(name: "net")
    func weight(_ rows: Int) throws -> Tensor {
      let (u, v) = (try noise.tensor([rows, 12]).floats(), try noise.tensor([12, 24]).floats())
      var w = [Float](repeating: 0, count: rows * 24), value: Float = 0.2
      for k in 0..<12 {
        for row in 0..<rows { for column in 0..<24 { w[row * 24 + column] += value * u[row * 12 + k] * v[k * 24 + column] } }
        value /= 2
      }
      return try Tensor([rows, 24, 1, 1], w)
    }
    var x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 24, 3, 3]))
    for layer in 0..<depth {
      let constants = [graph.addConstant("w\(layer)", try weight(24)), graph.addConstant("b\(layer)", try noise.tensor([24], scale: 0.2))]
      x = graph.append(.conv, "layer\(layer)", [x] + constants, ["activation": .string("Relu")])
    }
    let mean = graph.append(.globalAveragePool, "mean", [x])
    graph.outputs = [graph.append(.conv, "sums", [mean, graph.addConstant("w", try weight(10))])]
    try graph.inferTypes()
    return graph
  }

  private func samples(_ count: Int, seed: UInt64) throws -> Samples {
    var noise = Noise(seed)
    return Samples(tensors: try (0..<count).map { _ in [try noise.tensor([1, 24, 3, 3])] })
  }

  private func decibels(_ graph: Graph, _ changed: Graph, _ samples: Samples) throws -> Double {
    let step = StepContext(
      options: Options(values: [:]), layers: [], path: "test", evaluator: InterpreterEvaluator(), samples: samples,
      progress: ProgressReporter(nil), ledger: Ledger())
    return -10 * log10(max(try OutputDamage(graph, samples: Array(0..<samples.count), step).measure(changed), 1e-30))
  }

  @Test(arguments: [2, 6]) func outputsKeepWhatIsAskedFor(depth: Int) throws {
    let graph = try network(depth: depth), given = try samples(40, seed: 5), others = try samples(40, seed: 6)
    var before = 0
    for wanted in [5.0, 15, 25] {
      let (small, report) = try KernelNetwork.apply(
        "\"method\": \"factorize.svd\", \"least_snr\": \(wanted), \"keep\": \"always\"", to: graph, samples: given)
      // The judges are as many as a third of the samples, and of one kind with the others: 2 dB are a factor of 1.6.
      #expect(try decibels(graph, small, others) > wanted - 2)
      let dense = try #require(report.macs), macs = try #require(report.macsAfter)
      #expect(macs >= before && (wanted > 5 || macs < dense * 2 / 3))
      #expect(report.notes.contains { $0.split(separator: ":").first == "steps[0].least_snr" })
      before = macs
    }
    // One share of energy for all layers leaves the deeper network less.
    let (even, report) = try KernelNetwork.apply(
      "\"method\": \"factorize.svd\", \"energy\": 0.7, \"keep\": \"always\"", to: graph, samples: given)
    let left = try decibels(graph, even, others)
    #expect(report.notes.contains { $0.split(separator: " ").contains("\"least_snr\"") } == (left < 10) || abs(left - 10) < 2)
  }

  @Test func whatCannotBeKeptStays() throws {
    // Six outputs of 36 products: every rank below break-even loses much.
    let kernels = KernelNetwork(), graph = try kernels.graph()
    let (same, report) = try KernelNetwork.apply(
      "\"method\": \"factorize.svd\", \"least_snr\": 60", to: graph, samples: kernels.samples(9))
    #expect(same.nodes.count == graph.nodes.count && report.notes.contains { $0.hasSuffix("all layers stay as they are") })
    let failure = #expect(throws: Failure.self) {
      try KernelNetwork.apply("\"method\": \"factorize.svd\", \"least_snr\": 20", to: graph)
    }
    #expect(failure?.status == .recipe)
    #expect(throws: Failure.self) {
      try KernelNetwork.apply("\"method\": \"factorize.svd\", \"least_snr\": 20, \"energy\": 0.9", to: graph, samples: kernels.samples(9))
    }
  }

  @Test func nothingAsHarmlessIsCheaper() {
    var noise = Noise(8)
    for _ in 0..<20 {
      let costs = (0..<4).map { _ in (0..<5).map { level in level == 0 ? 1.0 : Double(noise.next().magnitude) } }
      let harms = (0..<4).map { _ in (0..<5).map { level in level == 0 ? 0.0 : Double(noise.next().magnitude) } }
      let spend = SpendDamage(costs: costs, harms: harms)
      for limit in [0.0, 0.1, 0.5, 1, 100] {
        let chosen = spend.levels(harm: limit), harm = spend.harm(chosen), cost = spend.cost(chosen)
        #expect(harm <= limit)
        for number in 0..<625 {
          let other = [number % 5, number / 5 % 5, number / 25 % 5, number / 125]
          if spend.harm(other) <= harm { #expect(spend.cost(other) >= cost - 1e-9) }
        }
      }
    }
  }
}
