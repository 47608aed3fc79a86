import Compression
import Graph
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct OutputDamageTests {
  private func damage(_ change: (inout [Float]) -> Void, softmax: Bool = false, shape: [Int] = [1, 3]) throws -> Double {
    func graph(_ factors: [Float]) throws -> Graph {
      var graph = Graph(name: "factors")
      let x = graph.addInput("x", ValueType(.f32, shape.map(Dim.fixed)))
      let f = graph.addConstant("f", try Tensor([1, 3] + shape.dropFirst(2).map { _ in 1 }, factors))
      var last = graph.append(.mul, "product", [x, f])
      if softmax { last = graph.append(.softmax, "probabilities", [last], ["axis": .int(1)]) }
      graph.outputs = [last]
      try graph.inferTypes()
      return graph
    }
    var noise = Noise(3)
    let samples = Samples(tensors: try (0..<4).map { _ in [try noise.tensor(shape, scale: 3)] })
    let step = StepContext(
      options: Options(values: [:]), layers: [], path: "test", evaluator: InterpreterEvaluator(), samples: samples,
      progress: ProgressReporter(nil), ledger: Ledger())
    var factors: [Float] = [1, 2, 0.5]
    let original = try graph(factors)
    change(&factors)
    let found = try OutputDamage(original, samples: [0, 2, 3], step).measure(graph(factors))
    #expect(
      abs(found - wanted(samples, [1, 2, 0.5], factors, softmax: softmax, classes: shape.count == 2 || shape[2] == 1)) < 1e-5
        * max(found, 1))
    return found
  }

  /// The squared error over the variance, and the mean divergence, by their formulas.
  private func wanted(_ samples: Samples, _ a: [Float], _ b: [Float], softmax: Bool, classes: Bool) -> Double {
    var (error, values, divergence) = (0.0, [Double](), 0.0)
    for index in [0, 2, 3] {
      let x = samples.tensors[index][0].floats(), inner = x.count / 3
      var (y, z) = (x.indices.map { Double(x[$0] * a[$0 / inner]) }, x.indices.map { Double(x[$0] * b[$0 / inner]) })
      let total = (y.reduce(0) { $0 + exp($1) }, z.reduce(0) { $0 + exp($1) })
      let (p, q) = (y.map { exp($0) / total.0 }, z.map { exp($0) / total.1 })
      divergence += zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
      if softmax { (y, z) = (p, q) }
      error += zip(y, z).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      values += y
    }
    let mean = values.reduce(0, +) / Double(values.count)
    return error / values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } + (classes ? divergence / 3 : 0)
  }

  @Test func isTheFormula() throws {
    #expect(try damage { _ in } == 0)
    let small = try damage { $0[1] = 1.8 }, large = try damage { $0[1] = 0 }
    #expect(0 < small && small < large)
    // Rows of probabilities diverge as much as the logits behind them.
    #expect(try damage({ $0[1] = 0 }, softmax: true) > 0)
    #expect(try damage({ $0[1] = 0 }, shape: [1, 3, 1, 1]) > 0)
    // Maps are no classes.
    #expect(try damage({ $0[1] = 0 }, shape: [1, 3, 2, 2]) > 0)
  }

  @Test func whatIsNotFiniteIsAllLost() throws {
    var graph = Graph(name: "root")
    let x = graph.addInput("x", ValueType(.f32, [.fixed(1), .fixed(2)])), s = graph.addConstant("s", try Tensor([1], [Float(1)]))
    graph.outputs = [graph.append(.div, "quotient", [x, s])]
    try graph.inferTypes()
    var broken = graph
    broken[s].constant = Weight(try Tensor([1], [Float(0)]))
    let samples = Samples(tensors: [[try Tensor([1, 2], [Float(1), 0])]])
    let step = StepContext(
      options: Options(values: [:]), layers: [], path: "test", evaluator: InterpreterEvaluator(), samples: samples,
      progress: ProgressReporter(nil), ledger: Ledger())
    let found = try OutputDamage(graph, samples: [0], step).measure(broken)
    #expect(found.isFinite && found > 10)
  }

  @Test(arguments: [1, 7, 8, 100])
  func judgesAreOthers(count: Int) {
    let (fitted, judging) = OutputDamage.divide(count, judges: 20)
    #expect(!fitted.isEmpty && !judging.isEmpty && judging.count <= max(20, 7))
    #expect(count < 8 ? fitted == judging : Set(fitted).isDisjoint(with: judging))
  }
}
