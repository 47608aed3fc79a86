import Graph
import TestSupport
import Tensors
import Testing

/// The glue that exporters write for an open batch, which must infer with the batch still open.
@Suite struct SymbolicBatchTests {
  /// x → Shape → Gather(0) → Unsqueeze → Concat(…, rest) → Reshape(x)
  private func flattened(_ rest: [Int]) throws -> Graph {
    var graph = Graph(name: "chain")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 4, 3, 3]))
    let shape = graph.append(.shape, "shape", [x])
    let batch = graph.append(.gather, "batch", [shape, graph.addConstant("zero", try Tensor(.s64, [], [0]))], ["axis": .int(0)])
    let list = graph.append(.unsqueeze, "list", [batch, graph.addConstant("axes", try .integers([0]))])
    let target = graph.append(.concat, "target", [list, graph.addConstant("rest", try .integers(rest))], ["axis": .int(0)])
    graph.outputs = [graph.append(.reshape, "y", [x, target])]
    return graph
  }

  @Test func reshapeByAConcatenatedShape() throws {
    var graph = try flattened([36])
    try graph.inferTypes()
    #expect(graph[graph.outputs[0]].type == ValueType(.f32, [.symbol("N"), 36]))
    var open = try flattened([2, -1])
    try open.inferTypes()
    #expect(open[open.outputs[0]].type == ValueType(.f32, [.symbol("N"), 2, 18]))
  }

  /// ShuffleNet as older exporters write it: the channels per group are computed by Shape, Gather, Div and Cast.
  @Test func arithmeticOnExtents() throws {
    var graph = Graph(name: "shuffle")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 6, 5, 5]))
    let shape = graph.append(.shape, "shape", [x])
    func integers(_ name: String, _ values: [Int]) throws -> ValueID { graph.addConstant(name, try .integers(values)) }
    let batch = graph.append(.slice, "batch", [shape, try integers("b0", [0]), try integers("b1", [1])])
    let channels = graph.append(.gather, "channels", [shape, try integers("one", [1])])
    let halved = graph.append(.div, "halved", [channels, try integers("two", [2])])
    let cast = graph.append(.cast, "cast", [halved], ["to": .int(7)])
    let doubled = graph.append(.mul, "doubled", [batch, try integers("four", [4])])
    let space = graph.append(.slice, "space", [shape, try integers("s0", [2]), try integers("s1", [Int.max])])
    let target = graph.append(.concat, "target", [batch, try integers("groups", [2]), cast, space], ["axis": .int(0)])
    let folded = graph.append(.reshape, "folded", [x, target])
    let area = graph.append(.concat, "wide", [doubled, try integers("rest", [-1])], ["axis": .int(0)])
    let other = graph.append(.reshape, "other", [x, area])
    graph.outputs = [folded, other]
    let known = try graph.inferTypesAndElements()
    #expect(known[target] == [.symbol("N"), 2, 3, 5, 5])
    #expect(graph[folded].type?.shape == [.symbol("N"), 2, 3, 5, 5])
    // 150·N elements in 4·N rows do not divide for every N: an extent of its own, not a wrong number.
    #expect(graph[other].type?.shape?[0] == .symbolic(coefficient: 4, symbol: "N"))
    #expect(graph[other].type?.shape?[1].value == nil)
  }

  /// A column plus a row is a matrix, though both have two elements.
  @Test func stretchedIntegersAreNotFollowed() throws {
    var graph = Graph()
    let x = graph.addInput("x", ValueType(.f32, [4]))
    let column = graph.addConstant("column", try Tensor(.s64, [2, 1], [1, 2]))
    let sum = graph.append(.add, "sum", [column, graph.addConstant("row", try Tensor(.s64, [1, 2], [0, 0]))])
    let flat = graph.append(.reshape, "flat", [sum, graph.addConstant("all", try .integers([-1]))])
    graph.outputs = [graph.append(.gather, "y", [x, flat])]
    let known = try graph.inferTypesAndElements()
    #expect(known[sum] == nil)
    #expect(graph[graph.outputs[0]].type == ValueType(.f32, [4]))
  }

  @Test func derivedExtentsAreEqualWhereTheirFormulasAre() {
    let h = Dim.symbol("H")
    #expect(Dim.sum(h, 3) == Dim.sum(3, h))
    #expect(Dim.product(h, .symbol("W")) == Dim.product(.symbol("W"), h))
    #expect(Dim.quotient(.symbolic(coefficient: 6, symbol: "H"), 3) == .symbolic(coefficient: 2, symbol: "H"))
    #expect(Dim.difference(.symbolic(coefficient: 3, symbol: "H"), h) == .symbolic(coefficient: 2, symbol: "H"))
    #expect(Dim.quotient(7, -2) == -3)
    #expect(Dim.quotient(.fixed(.min), -1) == nil)
    #expect(Dim.sum(.fixed(.max), 1) == nil)
    #expect(Dim.fixed(.min).divided(exactlyBy: -1) == nil)
    var long = h
    for _ in 0..<200 { long = Dim.sum(long, .symbol("W")) ?? 0 }
    #expect(long.description.utf8.count <= 80)
  }
}
