import Graph
import TestSupport
import Tensors
import Testing

@Suite struct VerifierTests {
  private func small() throws -> Graph {
    var graph = Graph(name: "small")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 3]))
    let w = graph.addConstant("w", try .counting([3, 2]))
    graph.outputs = [graph.append(.relu, "y", [graph.append(.matMul, "product", [x, w])])]
    return graph
  }

  private func message(_ change: (inout Graph) -> Void) throws -> String {
    var graph = try small()
    change(&graph)
    do { try Verifier.verify(graph) } catch let failure as Failure { return failure.description }
    return ""
  }

  @Test func aSoundGraphPasses() throws {
    var graph = try small()
    try Verifier.verify(graph)
    try graph.inferTypes()
    try Verifier.verify(graph)
    #expect(
      graph.text == """
        graph small (%x: f32[N, 3]) {
          %product = MatMul(%x, @w f32[3, 2]) : f32[N, 2]
          %y = Relu(%product) : f32[N, 2]
          return %y
        }
        """)
  }

  @Test func everyBreachIsNamed() throws {
    #expect(try message { $0.nodes.swapAt(0, 1) }.contains("'product' is used before anything makes it (node 'y')"))
    #expect(try message { $0.nodes.append($0.nodes[1]) }.contains("made twice"))
    #expect(try message { $0.nodes[0].name = "y" }.contains("two nodes are named 'y'"))
    #expect(try message { $0[ValueID(0)].name = "w" }.contains("two values are named 'w'"))
    #expect(try message { $0[ValueID(0)].name = "" }.contains("has no name"))
    #expect(try message { $0.nodes[0].name = "" }.contains("has no name"))
    #expect(try message { $0.nodes[0].inputs.append(nil) }.contains("takes 2...2 inputs"))
    #expect(try message { $0.nodes[0].inputs[1] = nil }.contains("needs input 1"))
    #expect(try message { $0.nodes[0].inputs[1] = ValueID(99) }.contains("value 99"))
    #expect(try message { $0.nodes[0].inputs[1] = ValueID(-1) }.contains("value -1"))
    #expect(try message { $0.nodes[1].outputs[0] = ValueID(Int.max) }.contains("not there"))
    #expect(try message { $0.outputs = [ValueID(7)] }.contains("an output of the graph"))
    #expect(try message { $0.inputs.append(ValueID(0)) }.contains("an input twice"))
    #expect(try message { $0.nodes[1].attributes["alpha"] = .float(1) }.contains("no attribute 'alpha' (node 'y')"))
    #expect(try message { $0[ValueID(0)].type = ValueType(.f32, [2, 4]) }.contains("common extent: 4 against 3 (node 'product')"))
    #expect(try message { $0[ValueID(0)].type = ValueType(.f16, [2, 3]) }.contains("f32 where f16 is needed"))
    #expect(try message { $0[ValueID(0)].type = ValueType(.f32, nil) }.contains("rank"))
    #expect(try message { $0[ValueID(2)].type = ValueType(.f32, [.symbol("N"), 5]) }.contains("recorded as f32[N, 5] but is f32[N, 2]"))
    #expect(try message { $0[ValueID(0)].type = ValueType(.f32, [.fixed(1 << 62), 3]) }.contains("too large"))
    #expect(try message { $0[ValueID(0)].type = ValueType(.f32, [-4, 3]) }.contains("negative"))
  }
}
