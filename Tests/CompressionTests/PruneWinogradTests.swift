import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct PruneWinogradTests {
  /// Three 3 × 3 convolutions, the second of stride 2, on [N, 4, 12, 12].
  private func network() throws -> Graph {
    var noise = Noise(11)
    var graph = Graph(name: "net")
    func constant(_ name: String, _ shape: [Int], by factor: Float) throws -> ValueID {
      graph.addConstant(name, try Tensor(shape, (0..<shape.reduce(1, *)).map { _ in noise.next() * factor }))
    }
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 4, 12, 12]))
    let relu: [String: Attribute] = ["activation": .string("Relu")]
    let y = graph.append(
      .conv, "a", [x, try constant("a.w", [8, 4, 3, 3], by: 0.3), try constant("a.b", [8], by: 0.2)],
      relu.merging(["auto_pad": .string("SAME_UPPER")]) { $1 })
    let z = graph.append(
      .conv, "b", [y, try constant("b.w", [8, 8, 3, 3], by: 0.2), nil],
      relu.merging(["pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])]) { $1 })
    graph.outputs = [graph.append(.conv, "c", [z, try constant("c.w", [6, 8, 3, 3], by: 0.2), nil], ["pads": .ints([1, 0, 1, 0])])]
    try graph.inferTypes()
    return graph
  }

  /// Sums of a few smooth waves: neighbours resemble each other, as in photos.
  private func samples(_ count: Int, seed: UInt64) throws -> Samples {
    var noise = Noise(seed)
    return Samples(
      tensors: try (0..<count).map { _ in
        var floats = [Float](repeating: 0, count: 4 * 144)
        for channel in 0..<4 {
          let (a, b, c) = (noise.next(), noise.next(), noise.next())
          for y in 0..<12 {
            for x in 0..<12 {
              let (u, v) = (Float(y) / 6 - 1, Float(x) / 6 - 1)
              floats[channel * 144 + y * 12 + x] = a + b * u + c * v * v + 0.2 * noise.next()
            }
          }
        }
        return [try Tensor([1, 4, 12, 12], floats)]
      })
  }

  private func prune(_ options: String, _ graph: Graph, _ samples: Samples?, progress: Progress? = nil) throws -> (
    graph: Graph, report: Report
  ) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"prune.winograd\", \(options)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples, progress: progress) { _ in 1
    }
  }

  private func error(_ a: Graph, _ b: Graph, _ samples: Samples) throws -> (error: Double, power: Double) {
    var (error, power) = (0.0, 0.0)
    for sample in samples.tensors {
      let (x, y) = (try Interpreter(a).run(sample)[0].doubles(), try Interpreter(b).run(sample)[0].doubles())
      for (p, q) in zip(x, y) { (error, power) = (error + (p - q) * (p - q), power + p * p) }
    }
    return (error, power)
  }

  private func coefficients(_ graph: Graph) throws -> [[Float]] {
    try graph.nodes.filter { $0.op == .winogradConv }.map { try graph.constant($0, 1)?.floats() ?? [] }
  }

  @Test(arguments: [2, 4]) func withoutZerosItIsTheSameNetwork(tile: Int) throws {
    let graph = try network()
    let (pruned, report) = try prune("\"sparsity\": 0, \"reconstruct\": false, \"tile\": \(tile)", graph, nil)
    try Verifier.verify(pruned)
    #expect(pruned.nodes.map(\.op) == [.winogradConv, .conv, .winogradConv])
    #expect(report.notes.contains { $0.hasPrefix("left as they are") && $0.contains("b") })
    let (error, power) = try error(graph, pruned, samples(3, seed: 5))
    // Coefficients are rounded to 2⁻²⁴ of themselves; sums of at most 72 · 36 terms cancel by less than a factor of 1000.
    #expect(error < power * 1e-8)
    #expect(report.layers.map(\.name) == ["a", "b", "c"])
  }

  @Test(arguments: [2, 4]) func whatStaysMakesUpForWhatGoes(tile: Int) throws {
    let graph = try network(), fitted = try samples(24, seed: 1), others = try samples(8, seed: 99)
    let plain = try prune("\"sparsity\": 0.6, \"reconstruct\": false, \"tile\": \(tile)", graph, nil).graph
    for scope in ["layer", "global"] {
      let (refitted, report) = try prune("\"sparsity\": 0.6, \"tile\": \(tile), \"scope\": \"\(scope)\"", graph, fitted)
      let all = try coefficients(refitted)
      let count = all.reduce(0) { $0 + $1.count }, zeros = all.reduce(0) { $0 + $1.count { $0 == 0 } }
      // Shares are rounded for each layer and point: half an element each.
      #expect(abs(Double(zeros) - 0.6 * Double(count)) <= Double(2 * (tile + 2) * (tile + 2)) / 2 + 1)
      if scope == "layer" { for part in all { #expect(abs(Double(part.count { $0 == 0 }) / Double(part.count) - 0.6) < 0.03) } }
      #expect(try error(graph, refitted, others).error < 0.5 * error(graph, plain, others).error)
      #expect(report.layers[0].zeros.after > 0.3)
    }
    #expect(
      try coefficients(prune("\"sparsity\": 0.6, \"tile\": \(tile)", graph, fitted).graph)
        == coefficients(prune("\"sparsity\": 0.6, \"tile\": \(tile)", graph, fitted).graph))
  }

  /// Images smaller than a tile, and few samples: most of a tile's pixels are outside, and inputs have means at every point.
  @Test(arguments: [1, 2, 3, 5]) func smallImages(side: Int) throws {
    var noise = Noise(21)
    var graph = Graph(name: "small")
    let x = graph.addInput("x", ValueType(.f32, [1, 24, side, side].map(Dim.fixed)))
    let w = graph.addConstant("w", try noise.tensor([16, 24, 3, 3], scale: 0.2))
    let b = graph.addConstant("b", try noise.tensor([16], scale: 0.2))
    graph.outputs = [graph.append(.conv, "a", [x, w, b], ["pads": .ints([1, 1, 1, 1]), "activation": .string("Relu")])]
    try graph.inferTypes()
    // Inputs behind a Relu: all of one sign.
    let fitted = Samples(
      tensors: try (0..<8).map { _ in
        [try Tensor([1, 24, side, side], try noise.tensor([24 * side * side]).floats().map { abs($0) + 0.5 })]
      })
    let (pruned, _) = try prune("\"sparsity\": 0.5", graph, fitted)
    let (error, power) = try error(graph, pruned, fitted)
    // Fitted to these very samples, with more coefficients left than there are samples.
    #expect(error < 0.05 * power, "\(error) of \(power)")
  }

  @Test func errorsAndCancelling() throws {
    let graph = try network(), some = try samples(4, seed: 1)
    func failure(_ body: () throws -> Void) -> Failure? {
      do { try body() } catch { return error as? Failure }
      return nil
    }
    #expect(failure { _ = try prune("\"sparsity\": 0.5", graph, nil) }?.message.contains("calibration samples") == true)
    #expect(failure { _ = try prune("\"sparsity\": 0.5, \"layers\": \"b\"", graph, some) }?.message.contains("3 × 3") == true)
    #expect(failure { _ = try prune("\"sparsity\": 0.5, \"tile\": 3", graph, some) }?.message.contains("tile") == true)
    var calls = 0
    let stopped = failure {
      _ = try prune("\"sparsity\": 0.5", graph, some) { phase, _, _ in
        calls += phase.hasPrefix("reconstructing") ? 1 : 0
        return calls < 3
      }
    }
    #expect(stopped?.status == .cancelled && calls == 3)
    // A constant that is not finite, and inputs that are not.
    var broken = graph
    var floats = [Float](repeating: 0.1, count: 8 * 4 * 9)
    floats[3] = .infinity
    broken[try #require(broken.nodes[0].input(1))].constant = Weight(try Tensor([8, 4, 3, 3], floats))
    #expect(failure { _ = try prune("\"sparsity\": 0.5", broken, some) }?.status == .notFinite)
    let nan = Samples(tensors: [[try Tensor([1, 4, 12, 12], [Float](repeating: .nan, count: 576))]])
    #expect(failure { _ = try prune("\"sparsity\": 0.5", graph, nan) }?.status == .notFinite)
  }

  /// Inputs that are zero everywhere leave nothing undefined.
  @Test func nothingToGoBy() throws {
    let graph = try network()
    let zeros = Samples(tensors: [[try Tensor([1, 4, 12, 12], [Float](repeating: 0, count: 576))]])
    #expect(try coefficients(prune("\"sparsity\": 0.7", graph, zeros).graph).allSatisfy { $0.allSatisfy(\.isFinite) })
    // What the first layer makes is its bias alone, whatever its coefficients.
    let first = try prune("\"sparsity\": 0.7, \"layers\": \"a\"", graph, zeros).graph
    #expect(try error(graph, first, zeros).error == 0)
  }
}
