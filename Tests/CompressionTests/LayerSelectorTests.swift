import Compression
import Graph
import Tensors
import Testing

@Suite struct LayerSelectorTests {
  /// The layers that a prune step with these `layers` would touch, found by what it changes.
  private func touched(_ layers: String) throws -> [String] {
    let graph = try TinyNetwork.residual()
    let recipe = try Recipe("{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": 0.5, \"layers\": \(layers)}]}")
    let report = try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe) { _ in 1 }.report
    return report.layers.filter { $0.zeros.after > 0 }.map(\.name)
  }

  @Test func rolesAreFound() throws {
    let layers = try Layer.all(in: TinyNetwork.residual())
    #expect(layers.map(\.name) == ["stem", "deep", "point", "head"])
    #expect(layers.map(\.roles) == [[.first, .spatial], [.depthwise], [.pointwise], [.last, .linear]])
  }

  @Test func everyBranchHasItsFirstAndLast() throws {
    var noise = Noise(1)
    var graph = Graph(name: "branches")
    let x = graph.addInput("x", ValueType(.f32, [2, 4]))
    func gemm(_ name: String, _ input: ValueID) throws -> ValueID {
      let weight = graph.addConstant(name + ".w", try noise.tensor([4, 4]))
      return graph.append(.gemm, name, [input, weight])
    }
    let a = try gemm("a", x), b = try gemm("b", x)
    graph.outputs = [try gemm("c", graph.append(.add, "sum", [a, b])), b]
    try graph.inferTypes()
    let layers = try Layer.all(in: graph)
    #expect(layers.filter { $0.roles.contains(.first) }.map(\.name) == ["a", "b"])
    #expect(layers.filter { $0.roles.contains(.last) }.map(\.name) == ["c"])
  }

  @Test func patternsSelect() throws {
    #expect(try touched(#"{"exclude": ["first", "depthwise"]}"#) == ["point", "head"])
    #expect(try touched(#"["Conv"]"#) == ["stem", "deep", "point"])
    #expect(try touched(#""linear""#) == ["head"])
    #expect(try touched(#"["*e*p", "hea?"]"#) == ["deep", "head"])
    #expect(try touched(#"{"include": "Conv", "exclude": "p*t"}"#) == ["stem", "deep"])
    #expect(try touched(#"{"exclude": ["grouped", "MatMul"]}"#).count == 4)
  }

  @Test func patternsThatFitNothingAreNamed() throws {
    let typo = message { try touched(#"{"exclude": ["depthwis"]}"#) }
    #expect(typo.contains("steps[0].layers.exclude[0]: \"depthwis\" fits no layer; did you mean \"depthwise\"?"), "\(typo)")
    let name = message { try touched(#"["stem", "deap"]"#) }
    #expect(name.contains("steps[0].layers.include[1]") && name.contains("did you mean \"deep\"?"), "\(name)")
    #expect(message { try touched(#"{"include": ["grouped"]}"#) }.contains("selects none of the 4 layers"))
  }

  @Test func stars() throws {
    // A pattern of many stars takes no longer than its length times the name's.
    let long = String(repeating: "a", count: 900)
    #expect(message { try touched("[\"\(String(repeating: "*a", count: 400))b\"]") }.contains("fits no layer"))
    #expect(message { try touched("[\"\(long)\"]") }.contains("fits no layer"))
    #expect(try touched(#"["***"]"#).count == 4)
  }
}
