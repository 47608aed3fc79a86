import Compression
import Graph
import Passes
import Tensors
import Testing

@Suite struct ChannelBudgetTests {
  private func pruned(
    _ graph: Graph, _ samples: Samples?, _ options: String, times: (@Sendable (Graph) -> [String: Double])? = nil
  ) throws -> Graph {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"prune.channels\", \(options)}]}")
    return try Compressor(evaluator: InterpreterEvaluator(times: times)).compress(graph, recipe: recipe, samples: samples) { _ in 1 }.graph
  }

  /// A chain of 1×1 convolutions, 4 → 16 → 16 → 16 → 4, of which the second matters little.
  private func chain() throws -> Graph {
    var noise = Noise(6)
    var graph = Graph(name: "chain")
    var last = graph.addInput("x", ValueType(.f32, [1, 4, 4, 4].map(Dim.fixed)))
    for (name, shape, scale) in [("a", [16, 4], 1.0), ("b", [16, 16], 0.5), ("c", [16, 16], 0.5), ("d", [4, 16], 0.5)]
      as [(String, [Int], Float)]
    {
      var weight = try noise.tensor(shape + [1, 1], scale: scale).floats()
      // Of what b makes, c reads only two channels.
      if name == "c" { for index in weight.indices where index % 16 > 1 { weight[index] *= 1e-3 } }
      last = graph.append(
        .conv, name, [last, graph.addConstant("\(name).weight", try Tensor(shape + [1, 1], weight))],
        name == "d" ? [:] : ["activation": .string("Relu")])
    }
    graph.outputs = [last]
    try graph.inferTypes()
    return graph
  }

  private func samples(_ count: Int) throws -> Samples {
    var noise = Noise(7)
    return Samples(tensors: try (0..<count).map { _ in [try noise.tensor([1, 4, 4, 4])] })
  }

  private func widths(_ graph: Graph) throws -> [Int] { try Layer.all(in: graph).map { $0.shape[0] } }

  private func macs(_ graph: Graph) -> Int { LayerCost.macs(graph, inputShapes: [[1, 4, 4, 4]]).values.reduce(0, +) }

  @Test(arguments: [0.7, 0.5, 0.3])
  func meetsMultiplications(share: Double) throws {
    let graph = try chain()
    for target in [share, share * Double(macs(graph))] {
      let small = try pruned(graph, nil, "\"target_macs\": \(target)")
      let found = try widths(small)
      // Equal shares, and no channel more than needed: one more each would cost too much.
      #expect(Set(found.prefix(3)).count == 1)
      #expect(macs(small) <= Int(share * Double(macs(graph))))
      let more = found[0] + 1
      #expect(16 * (4 * more + 2 * more * more + 4 * more) > Int(share * Double(macs(graph))))
    }
  }

  @Test func meetsBytesAndLeavesPinnedGroupsAlone() throws {
    let graph = try chain()
    let small = try pruned(graph, nil, "\"target_bytes\": 0.5, \"ratios\": {\"a\": 0.25}")
    let found = try widths(small)
    #expect(found[0] == 12 && found[1] == found[2] && found[1] < 12)
    let bytes = 4 * (4 * found[0] + found[0] * found[1] + found[1] * found[2] + 4 * found[2])
    #expect(bytes <= 4 * (64 + 256 + 256 + 64) / 2)
  }

  @Test(arguments: ["l2", "thinet", "lasso"])
  func sensitiveGroupsKeepMore(criterion: String) throws {
    let graph = try chain()
    let small = try pruned(
      graph, samples(12), "\"target_macs\": 0.5, \"allocation\": \"sensitivity\", \"criterion\": \"\(criterion)\"")
    let found = try widths(small)
    #expect(Double(macs(small)) <= 0.5 * Double(macs(graph)))
    #expect(found[1] < found[0] && found[1] < found[2])
  }

  @Test func meetsMeasuredTime() throws {
    let graph = try chain()
    // Half of the time is there whatever the width; the rest goes with the products.
    let times: @Sendable (Graph) -> [String: Double] = { graph in
      Dictionary(
        ((try? Layer.all(in: graph)) ?? []).map { ($0.name, 0.1 + Double($0.shape.reduce(1, *)) / 1000) },
        uniquingKeysWith: { first, _ in first })
    }
    func total(_ graph: Graph) -> Double { times(graph).values.reduce(0, +) }
    let small = try pruned(graph, nil, "\"target_ms\": 0.7", times: times)
    // The loop stops within 2 %.
    #expect(total(small) <= 0.7 * total(graph) * 1.02)
    #expect(total(small) > 0.55 * total(graph))
    let failure = #expect(throws: Failure.self) { try pruned(graph, nil, "\"target_ms\": 0.7") }
    #expect(failure?.message.contains("cannot be measured") ?? false)
  }

  @Test func saysWhatCannotBeMet() throws {
    let graph = try chain()
    for options in ["\"target_macs\": 1e-6", "\"target_macs\": 0.5, \"target_bytes\": 0.5"] {
      let failure = #expect(throws: Failure.self) { try pruned(graph, nil, options) }
      #expect(failure?.status == .recipe)
    }
    let failure = #expect(throws: Failure.self) { try pruned(graph, nil, "\"allocation\": \"sensitivity\"") }
    #expect(failure?.status == .recipe && failure?.message.contains("samples") ?? false)
  }

  /// Two groups of equal cost: the cheaper damage is taken first, and both as far as needed.
  @Test func cheapDamageGoesFirst() throws {
    let term = { (entry: Int) in ChannelCosts.Term(axes: [(extent: 64, parts: [(entry: entry, positions: 64)])], points: [(1, 100)]) }
    func curve(_ scale: Double) -> AllocateZeros.Curve {
      AllocateZeros.Curve(elements: 64, points: [(0.2, 0.01 * scale), (0.5, 0.1 * scale), (0.8, 1 * scale)])
    }
    let allocate = AllocateChannels(curves: [curve(1), curve(100)], costs: ChannelCosts(terms: [term(0), term(1)]))
    let shares = try #require(allocate.shares(from: [0, 0], target: 150))
    // 50 of 200 go: half of the first group does 0.1, which is less than the first step of the second.
    #expect(abs(shares[0] - 0.5) < 0.02 && shares[1] == 0)
    #expect(allocate.shares(from: [0, 0], target: 10) == nil)
    let fixed = AllocateChannels(curves: [nil, curve(1)], costs: ChannelCosts(terms: [term(0), term(1)]))
    #expect(try #require(fixed.shares(from: [0.25, 0], target: 150))[0] == 0.25)
    #expect(try #require(fixed.uniform(from: [0.25, 0], target: 150)).last.map { abs($0 - 0.25) < 1e-6 } ?? false)
  }
}
