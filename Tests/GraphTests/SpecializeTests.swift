import Graph
import Passes
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct SpecializeTests {
  private func model() throws -> Graph {
    var graph = Graph(name: "g")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 2, .symbol("H"), .symbol("W")]))
    let conv = graph.append(.conv, "conv", [x, graph.addConstant("w", try .counting([4, 2, 3, 3]))], ["strides": .ints([2, 2])])
    let shape = graph.append(.shape, "shape", [conv])
    let rows = graph.append(
      .slice, "rows", [shape, graph.addConstant("a", try .integers([0])), graph.addConstant("b", try .integers([2]))])
    let target = graph.append(.concat, "target", [rows, graph.addConstant("c", try .integers([-1]))], ["axis": .int(0)])
    graph.outputs = [graph.append(.reshape, "y", [conv, target]), shape]
    return graph
  }

  @Test func everyExtentBecomesANumber() throws {
    var open = try model()
    try Pipeline.simplify(&open)
    #expect(open.nodes.map(\.op).contains(.shape))
    for graph in [try model(), open] {
      let fixed = try Pipeline.specialize(graph, inputShapes: [[3, 2, 9, 7]])
      #expect(fixed.nodes.map(\.op) == [.conv, .reshape])
      #expect(fixed.outputs.map { fixed[$0].type?.description } == ["f32[3, 4, 12]", "s64[4]"])
      #expect(try fixed[fixed.outputs[1]].constant?.decoded().ints() == [3, 4, 4, 3])
      var random = Random(9)
      let sample = try random.tensor([3, 2, 9, 7])
      let (before, after) = (try Interpreter(graph).run([sample]), try Interpreter(fixed).run([sample]))
      #expect(zip(before, after).allSatisfy { $0.distance(to: $1) == 0 })
    }
  }

  @Test func wrongShapesAreRefused() throws {
    let graph = try model()
    for shapes in [
      [], [[1, 2, 9]], [[1, 3, 9, 9]], [[1, 2, -9, 9]], [[1, 2, 2, 2]], [[1, 2, Int.max, Int.max]], [[1, 2, 9, 9], [1]],
    ] {
      #expect(throws: Failure.self) { try Pipeline.specialize(graph, inputShapes: shapes) }
    }
  }

  @Test func oneSymbolIsOneNumber() throws {
    var graph = Graph()
    let (a, b) = (graph.addInput("a", ValueType(.f32, [.symbol("N")])), graph.addInput("b", ValueType(.f32, [.symbol("N")])))
    graph.outputs = [graph.append(.add, "y", [a, b])]
    #expect(throws: Failure.self) { try Pipeline.specialize(graph, inputShapes: [[2], [3]]) }
    #expect(try Pipeline.specialize(graph, inputShapes: [[2], [2]]).nodes.count == 1)
  }

  /// The first Reshape target is partly known: it becomes a constant while the batch stays open.
  @Test func partlyKnownTargetsBecomeConstant() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 8, 1, 1]))
    let shape = graph.append(.shape, "shape", [x])
    let batch = graph.append(.gather, "batch", [shape, graph.addConstant("zero", try .integers([0]))])
    let target = graph.append(.concat, "target", [batch, graph.addConstant("rest", try .integers([8]))], ["axis": .int(0)])
    let flat = graph.append(.reshape, "flat", [x, target])
    let double = graph.append(.mul, "double", [batch, graph.addConstant("two", try .integers([2]))])
    let second = graph.append(.concat, "second", [double, graph.addConstant("four", try .integers([4]))], ["axis": .int(0)])
    graph.outputs = [flat, graph.append(.reshape, "split", [x, second])]
    try Pipeline.simplify(&graph)
    #expect(
      body(graph) == [
        "%flat = Reshape(%x, [0, 8]) : f32[N, 8]", "%split = Reshape(%x, [-1, 4]) : f32[2*N, 4]", "return %flat, %split",
      ])
  }
}
