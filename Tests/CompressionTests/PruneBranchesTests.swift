import Compression
import Graph
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct PruneBranchesTests {
  /// stem, then blocks x + f(x) with f's last filter scaled by `scales`; Relu on every sum where `relu`.
  private func blocks(_ scales: [Float], relu: Bool) throws -> Graph {
    var noise = Noise(4)
    var graph = Graph(name: "blocks")
    let input = graph.addInput("x", ValueType(.f32, [.symbol("N"), 3, 4, 4]))
    var x = graph.append(
      .conv, "stem", [input, graph.addConstant("stem.w", try noise.tensor([4, 3, 1, 1]))], ["activation": .string("Relu")])
    for (index, scale) in scales.enumerated() {
      let a = graph.append(
        .conv, "a\(index)", [x, graph.addConstant("a\(index).w", try noise.tensor([6, 4, 1, 1]))], ["activation": .string("Relu")])
      let b = graph.append(.conv, "b\(index)", [a, graph.addConstant("b\(index).w", try noise.tensor([4, 6, 1, 1], scale: scale))])
      x = graph.append(.add, "sum\(index)", index % 2 == 0 ? [x, b] : [b, x], relu ? ["activation": .string("Relu")] : [:])
    }
    graph.outputs = [x]
    try graph.inferTypes()
    return graph
  }

  private func prune(_ options: String, _ graph: Graph) throws -> Graph {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"prune.branches\", \(options)}]}")
    let samples = Samples(
      tensors: try (0..<3).map { seed in
        var noise = Noise(UInt64(seed) + 20)
        return [try noise.tensor([1, 3, 4, 4])]
      })
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples) { _ in 1 }.graph
  }

  @Test(arguments: ["l2", "energy"], [false, true]) func theSmallestBranchesGo(criterion: String, relu: Bool) throws {
    let graph = try blocks([1, 0.01, 1, 0.02], relu: relu)
    let pruned = try prune("\"ratio\": 0.5, \"criterion\": \"\(criterion)\"", graph)
    #expect(try Layer.all(in: pruned).map(\.name) == ["stem", "a0", "b0", "a2", "b2"])
    // The same as branches that make nothing.
    var silent = graph
    for name in ["b1.w", "b3.w"] {
      let index = try #require(silent.values.firstIndex { $0.name == name })
      silent.values[index].constant = Weight(try Tensor([4, 6, 1, 1], [Float](repeating: 0, count: 24)))
    }
    var noise = Noise(8)
    let input = try noise.tensor([2, 3, 4, 4])
    #expect(try Interpreter(pruned).run([input])[0].distance(to: Interpreter(silent).run([input])[0]) == 0)
    #expect(pruned[pruned.outputs[0]].name == graph[graph.outputs[0]].name)
  }

  @Test func layersBoundTheChoice() throws {
    let graph = try blocks([1, 1], relu: false)
    let pruned = try prune("\"ratio\": 1, \"layers\": [\"a1\", \"b1\", \"b0\"]", graph)
    #expect(try Layer.all(in: pruned).map(\.name) == ["stem", "a0", "b0"])
    #expect(throws: Failure.self) { try prune("\"layers\": [\"stem\"]", graph) }
  }
}
