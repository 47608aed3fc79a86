import Compression
import Graph
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct PruneChannelsTests {
  private func prune(_ options: String, _ graph: Graph, samples: Samples? = nil) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"prune.channels\"\(options.isEmpty ? "" : ", ")\(options)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples) { _ in 1 }
  }

  /// Convolutions a, b, c of 16, 12 and 10 channels, and a Gemm of 5 classes.
  private func chain() throws -> Graph {
    var noise = Noise(3)
    var graph = Graph(name: "chain")
    var x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 3, 4, 4]))
    var channels = 3
    for (name, count) in [("a", 16), ("b", 12), ("c", 10)] {
      let weight = graph.addConstant("\(name).w", try noise.tensor([count, channels, 1, 1]))
      x = graph.append(
        .conv, name, [x, weight, graph.addConstant("\(name).b", try noise.tensor([count]))], ["activation": .string("Relu")])
      channels = count
    }
    let pooled = graph.append(.flatten, "flat", [graph.append(.globalAveragePool, "pool", [x])])
    graph.outputs = [graph.append(.gemm, "head", [pooled, graph.addConstant("head.w", try noise.tensor([10, 5]))])]
    try graph.inferTypes()
    return graph
  }

  private func widths(_ graph: Graph) throws -> [Int] { try Layer.all(in: graph).map { $0.shape[$0.outputAxis] } }

  @Test(
    arguments: ChannelCriteria.names.filter { $0 != "gamma" && !((try? ChannelCriteria.criterion(named: $0))?.needsCalibration ?? true) })
  func everyGroupLosesItsShare(criterion: String) throws {
    let (pruned, report) = try prune("\"ratio\": 0.5, \"criterion\": \"\(criterion)\"", chain())
    #expect(try widths(pruned) == [8, 6, 5, 5])
    #expect(report.layers.map(\.shape) == [[8, 3, 1, 1], [6, 8, 1, 1], [5, 6, 1, 1], [5, 5]])
    #expect(report.notes.contains { $0.contains("head: an output of the graph") })
  }

  @Test func optionsBoundTheNumbers() throws {
    #expect(try widths(prune("\"ratio\": 0.9, \"min_channels\": 4", chain()).graph) == [4, 4, 4, 5])
    #expect(try widths(prune("\"ratio\": 0.5, \"round_to\": 4", chain()).graph) == [8, 8, 8, 5])
    #expect(try widths(prune("\"ratio\": 0.5, \"ratios\": {\"b\": 0, \"c*\": 0.2}", chain()).graph) == [8, 12, 8, 5])
    #expect(try widths(prune("\"ratio\": 0.5, \"layers\": {\"exclude\": \"first\"}", chain()).graph) == [16, 6, 5, 5])
    #expect(try widths(prune("\"ratio\": 0", chain()).graph) == [16, 12, 10, 5])
  }

  @Test func l1RemovesTheSmallestFilters() throws {
    let graph = try chain()
    let norms = try #require(graph[Layer.all(in: graph)[0].weight].constant).decoded().floats()
    let sums = (0..<16).map { row in norms[row * 3..<row * 3 + 3].reduce(0) { $0 + $1.magnitude } }
    let pruned = try prune("\"ratio\": 0.25, \"criterion\": \"l1\"", graph).graph
    let kept = try #require(pruned[Layer.all(in: pruned)[0].weight].constant).decoded().floats()
    let expected = (0..<16).filter { channel in sums.count { $0 < sums[channel] } >= 4 }.flatMap { norms[$0 * 3..<$0 * 3 + 3] }
    #expect(kept == expected)
  }

  @Test func listedChannelsGo() throws {
    let graph = try chain()
    let before = try #require(graph[Layer.all(in: graph)[1].weight].constant).decoded().floats()
    let (pruned, report) = try prune("\"remove\": {\"b\": [11, 0, 3, 3], \"a\": [5]}, \"ratio\": 0.9", graph)
    #expect(try widths(pruned) == [15, 9, 10, 5])
    #expect(
      report.removed == [
        Report.Removal(step: "steps[0]", group: "a", channels: 16, removed: [5]),
        Report.Removal(step: "steps[0]", group: "b", channels: 12, removed: [0, 3, 11]),
      ])
    let after = try #require(pruned[Layer.all(in: pruned)[1].weight].constant).decoded().floats()
    let expected = (0..<12).filter { ![0, 3, 11].contains($0) }.flatMap { row in
      (0..<16).filter { $0 != 5 }.map { before[16 * row + $0] }
    }
    #expect(after == expected)
    #expect(try Report(fromJSON: report.toJSON()) == report)
  }

  @Test(arguments: [
    ("{\"d\": [1]}", "no pruning group is called 'd'"), ("{\"b\": [12]}", "has no channel 12"),
    ("{\"head\": [0]}", "cannot be removed: an output"), ("{\"c\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}", "steps[0].remove"),
    ("{\"b\": [-1]}", "lists of whole numbers"), ("{\"b\": [0.5]}", "lists of whole numbers"), ("{\"b\": 3}", "lists of whole numbers"),
  ])
  func listsAreChecked(list: String, message: String) throws {
    let failure = #expect(throws: Failure.self) { try prune("\"remove\": \(list)", chain()) }
    #expect(failure?.status == .recipe && failure?.message.contains(message) == true, "\(failure?.message ?? "")")
  }

  @Test func chosenChannelsAreReported() throws {
    let (_, report) = try prune("\"ratio\": 0.5, \"criterion\": \"l1\"", chain())
    #expect(report.removed.map(\.group) == ["a", "b", "c"])
    #expect(report.removed.map(\.removed.count) == [8, 6, 5])
  }

  @Test func seedsDiffer() throws {
    func first(_ seed: Int) throws -> [Float] {
      let graph = try prune("\"criterion\": \"random\", \"seed\": \(seed)", chain()).graph
      return try #require(graph[Layer.all(in: graph)[0].weight].constant).decoded().floats()
    }
    #expect(try first(1) == first(1))
    #expect(try first(1) != first(2))
  }

  @Test func gammaNeedsANormalization() throws {
    #expect(throws: Failure.self) { try prune("\"criterion\": \"gamma\"", chain()) }
    var graph = try chain()
    let gammas: [Float] = (0..<12).map { Float(($0 * 5) % 12 + 1) }
    let one = graph.addConstant("one", try Tensor([12], [Float](repeating: 1, count: 12)))
    let normalized = graph.addValue("bn")
    let node = Node(
      .batchNormalization, name: "bn",
      inputs: [graph.nodes[1].outputs[0], graph.addConstant("gamma", try Tensor([12], gammas)), one, one, one],
      outputs: [normalized])
    graph.nodes[2].inputs[0] = normalized
    graph.nodes.insert(node, at: 2)
    try graph.inferTypes()
    let pruned = try prune("\"criterion\": \"gamma\"", graph).graph
    let left = try #require(pruned.nodes.first { $0.op == .batchNormalization }?.input(1).flatMap { pruned[$0].constant }).decoded()
      .floats()
    #expect(left == gammas.filter { $0 > 6 })
  }

  @Test func nothingToRemoveIsAnError() throws {
    #expect(throws: Failure.self) { try prune("\"layers\": [\"head\"]", chain()) }
    #expect(throws: Failure.self) { try prune("\"ratios\": {\"nobody\": 0.5}", chain()) }
  }
}
