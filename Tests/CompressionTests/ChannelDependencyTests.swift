import Compression
import Graph
import Passes
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct ChannelDependencyTests {
  /// Random channels of every group go; what is left equals the graph in which they are masked, to the bit: the removed terms are exact
  /// zeros in sums of doubles.
  private func check(_ graph: Graph, seed: UInt64, share: Double = 0.4) throws -> (removed: Int, cut: Graph) {
    let dependencies = try ChannelDependencies(graph)
    var random = Random(seed)
    var removed: [Int: [Int]] = [:]
    for (index, group) in dependencies.groups.enumerated() {
      let scores = (0..<group.count).map { _ in Double(random.int(0...1_000_000)) }
      removed[index] = ChannelSelection(group).remove(Int(Double(group.count) * share), scores: scores)
    }
    let cut = try dependencies.cut(removed)
    let input = try random.tensor([2] + graph[graph.inputs[0]].type!.shape!.dropFirst().map { $0.value ?? 1 })
    let expected = try Interpreter(dependencies.masked(removed)).run([input])[0]
    #expect(try Interpreter(cut).run([input])[0].distance(to: expected) == 0)
    return (removed.values.reduce(0) { $0 + $1.count }, cut)
  }

  @Test(arguments: 0..<150) func randomGraphs(seed: Int) throws {
    let random = try RandomChannelGraph(seed: UInt64(seed), nodes: 4 + seed % 9).graph
    let (removed, cut) = try check(random, seed: UInt64(seed))
    #expect(removed > 0)
    // Once more, of what is left.
    _ = try check(cut, seed: UInt64(seed) + 1, share: 0.3)
    var simplified = random
    try Pipeline.simplify(&simplified)
    _ = try check(simplified, seed: UInt64(seed))
  }

  /// Conv a [8, 3, 1, 1] → whatever `body` makes of it → conv z, and the group that a makes.
  private func group(_ body: (inout Graph, ValueID) throws -> ValueID) throws -> PruningGroup {
    var graph = Graph(name: "hand")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 3, 4, 4]))
    let a = graph.append(.conv, "a", [x, graph.addConstant("a.w", try .counting([8, 3, 1, 1]))])
    let y = try body(&graph, a)
    try graph.inferTypes()
    let channels = try #require(graph[y].type?.shape?[1].value)
    graph.outputs = [graph.append(.conv, "z", [y, graph.addConstant("z.w", try .counting([2, channels, 1, 1]))])]
    try graph.inferTypes()
    return try #require(ChannelDependencies(graph).groups.first)
  }

  @Test func anAdditionTiesTwoLayers() throws {
    let group = try group { graph, a in
      let b = graph.append(.conv, "b", [a, graph.addConstant("b.w", try .counting([8, 8, 1, 1]))])
      return graph.append(.add, "sum", [a, b])
    }
    #expect(group.count == 8 && group.producers == [0, 1] && group.frozen == nil)
    #expect(group.removable.count == 8)
  }

  @Test func aGroupedConvolutionBalances() throws {
    let group = try group { graph, a in
      graph.append(.conv, "g", [a, graph.addConstant("g.w", try .counting([4, 2, 1, 1]))], ["group": .int(4)])
    }
    #expect(group.balances.map(\.node) == ["g"] && group.balances[0].blocks == 4)
    // Of two in each group one can go: the four smallest scores would all be in two groups.
    #expect(ChannelSelection(group).remove(4, scores: [0, 1, 2, 3, 4, 5, 6, 7]) == [0, 2, 4, 6])
    #expect(ChannelSelection(group).remove(3, scores: [0, 1, 2, 3, 4, 5, 6, 7]) == [])
  }

  @Test(arguments: [(Operator.softmax, "Softmax"), (.lrn, "LRN")]) func whatSumsOverChannelsFreezes(op: Operator, part: String) throws {
    let group = try group { graph, a in graph.append(op, "s", [a], op == .lrn ? ["size": .int(3)] : ["axis": .int(1)]) }
    #expect(group.frozen?.hasPrefix(part) == true && group.removable.isEmpty)
  }

  @Test func outputsFreeze() throws {
    let group = try group { graph, a in
      graph.outputs = [a]
      return a
    }
    // `z` replaced the outputs, so the first group is free and the last is not.
    #expect(group.frozen == nil)
  }

  @Test func wrongCutsAreRefused() throws {
    let dependencies = try ChannelDependencies(RandomChannelGraph(seed: 1, nodes: 3).graph)
    #expect(throws: Failure.self) { try dependencies.cut([99: [0]]) }
    #expect(throws: Failure.self) { try dependencies.cut([0: [-1]]) }
    #expect(throws: Failure.self) { try dependencies.cut([0: Array(0..<dependencies.groups[0].count)]) }
  }

  /// What is sparse and quantized stays so, with the scales of the rows that stay.
  @Test func weightsKeepTheirForm() throws {
    var graph = try TinyNetwork.residual()
    let layer = try Layer.all(in: graph)[0]
    let codes = try Tensor(.s8, layer.shape, (0..<layer.shape.reduce(1, *)).map { Int8(truncatingIfNeeded: $0 % 5 == 0 ? $0 % 7 : 0) })
    let quantization = try AffineQuantization(scales: (1...8).map { Float($0) / 64 }, zeroPoints: [Int32](repeating: 0, count: 8), axis: 0)
    graph[layer.weight].constant = try Weight(shape: layer.shape, elements: .affine(codes: codes, quantization), arrangement: .dense)
      .compacted()
    #expect(graph[layer.weight].constant?.isDense == false)
    let (_, cut) = try check(graph, seed: 5)
    let weight = try #require(cut[Layer.all(in: cut)[0].weight].constant)
    #expect(weight.quantization?.scales.count == weight.shape[0] && !weight.isDense && weight.shape[0] < 8)
  }
}
