import Graph
import Passes
import Reference
import TestSupport
import Tensors
import Testing

/// The text of the node lines alone.
func body(_ graph: Graph) -> [String] {
  graph.text.split(separator: "\n").dropFirst().dropLast().map { line in String(line.drop { $0 == " " }) }
}

private let image = ValueType(.f32, [.symbol("N"), 3, 8, 8])

@Suite struct FoldingPassTests {
  /// Conv (grouped) → BatchNormalization → Mul → Add → Relu: one Conv.
  @Test func channelAffinesFoldIntoConv() throws {
    var random = Random(1)
    var graph = Graph(name: "g")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 4, 5, 5]))
    let conv = graph.append(.conv, "conv", [x, graph.addConstant("w", try random.tensor([6, 2, 3, 3]))], ["group": .int(2)])
    let statistics = try ["scale", "bias", "mean"].map { graph.addConstant($0, try random.tensor([6])) }
    let variance = graph.addConstant("variance", try random.tensor([6], in: 0.5...2))
    let normalized = graph.append(.batchNormalization, "bn", [conv] + statistics + [variance])
    let scaled = graph.append(.mul, "mul", [graph.addConstant("m", try random.tensor([6, 1, 1])), normalized])
    let shifted = graph.append(.sub, "sub", [scaled, graph.addConstant("s", try random.tensor([1, 6, 1, 1]))])
    graph.outputs = [graph.append(.relu, "y", [shifted])]
    var simple = graph
    try Pipeline.simplify(&simple)
    #expect(
      body(simple) == [
        "%y = Conv(%x, @w f32[6, 2, 3, 3], @conv.bias f32[6]) {activation=\"Relu\", group=2} : f32[N, 6, 3, 3]", "return %y",
      ])
    let sample = try random.tensor([2, 4, 5, 5])
    let (before, after) = (try Interpreter(graph).run([sample])[0], try Interpreter(simple).run([sample])[0])
    // 18 weights of at most 1, times a scale of at most 1/√½ · 1; each rounded once: far below 18 · 1.5 · 2⁻²³ in all.
    #expect(before.distance(to: after) <= 18 * 1.5 * 0x1p-23 * 2)
  }

  @Test func batchNormalizationFoldsIntoGemm() throws {
    var random = Random(2)
    for transB in [0, 1] {
      var graph = Graph()
      let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 4]))
      let w = graph.addConstant("w", try random.tensor(transB == 1 ? [3, 4] : [4, 3]))
      let c = graph.addConstant("c", try random.tensor([1, 3]))
      let gemm = graph.append(.gemm, "gemm", [x, w, c], ["transB": .int(transB), "beta": .float(2), "alpha": .float(0.5)])
      let statistics = try (0..<4).map { graph.addConstant("s\($0)", try random.tensor([3], in: 0.5...1)) }
      graph.outputs = [graph.append(.batchNormalization, "y", [gemm] + statistics)]
      var simple = graph
      try Pipeline.simplify(&simple)
      #expect(simple.nodes.map(\.op) == [.gemm])
      let sample = try random.tensor([5, 4])
      let distance = try Interpreter(graph).run([sample])[0].distance(to: Interpreter(simple).run([sample])[0])
      // Every number is at most 4 · 0.5 + 2, times √2; a handful of roundings.
      #expect(distance <= 8 * 8 * 0x1p-24)
    }
  }

  @Test func compressedWeightsKeepTheirForm() throws {
    let codes = try Tensor(.s8, [2, 1, 1, 1], [Int8](arrayLiteral: 3, -4))
    let forms: [(Weight, String)] = [
      (
        try Weight(
          shape: [2, 1, 1, 1], elements: .affine(codes: codes, AffineQuantization(scales: [0.5], zeroPoints: [1], axis: nil)),
          arrangement: .dense), "f32[2, 1, 1, 1] s8/axis0"
      ),
      (
        try Weight(
          shape: [2, 1, 1, 1], elements: .plain(Tensor([1], [4])), arrangement: .bitmap(Tensor(.u8, [1], [UInt8(2)]))),
        "f32[2, 1, 1, 1] bitmap 50%"
      ),
    ]
    for (weight, summary) in forms {
      var graph = Graph()
      let x = graph.addInput("x", ValueType(.f32, [1, 1, 2, 2]))
      let conv = graph.append(.conv, "conv", [x, graph.addValue("w", constant: weight)])
      graph.outputs = [graph.append(.mul, "y", [conv, graph.addConstant("m", try Tensor([2, 1, 1], [2, 8]))])]
      var simple = graph
      try Pipeline.simplify(&simple)
      #expect(simple.nodes.count == 1)
      #expect(simple[simple.nodes[0].inputs[1] ?? ValueID(0)].constant?.summary == summary)
      let sample = try Tensor.counting([1, 1, 2, 2])
      // Powers of two: exact.
      #expect(try Interpreter(graph).run([sample])[0].distance(to: Interpreter(simple).run([sample])[0]) == 0)
    }
  }

  /// A standalone BatchNormalization, one whose Conv others read, and one behind an activation stay.
  @Test func whatCannotFoldStays() throws {
    var random = Random(3)
    func statistics(_ graph: inout Graph) throws -> [ValueID] {
      try ["a", "b", "c", "d"].map { graph.addConstant($0, try random.tensor([3], in: 0.5...1)) }
    }
    var alone = Graph()
    let x = alone.addInput("x", image)
    let first = alone.append(.relu, "first", [x])
    alone.outputs = [alone.append(.batchNormalization, "y", [first] + (try statistics(&alone)))]
    try Pipeline.simplify(&alone)
    #expect(alone.nodes.map(\.op) == [.relu, .batchNormalization])

    var shared = Graph()
    let z = shared.addInput("x", image)
    let conv = shared.append(.conv, "conv", [z, shared.addConstant("w", try random.tensor([3, 3, 1, 1]))])
    let normalized = shared.append(.batchNormalization, "bn", [conv] + (try statistics(&shared)))
    shared.outputs = [shared.append(.add, "y", [conv, normalized])]
    try Pipeline.simplify(&shared)
    #expect(shared.nodes.map(\.op) == [.conv, .batchNormalization, .add])

    var active = Graph()
    let v = active.addInput("x", image)
    let relu = active.append(
      .conv, "conv", [v, active.addConstant("w", try random.tensor([3, 3, 1, 1]))], ["activation": .string("Relu")])
    active.outputs = [active.append(.batchNormalization, "y", [relu] + (try statistics(&active)))]
    try Pipeline.simplify(&active)
    #expect(active.nodes.count == 2)
  }

  @Test func constantsFold() throws {
    var graph = Graph()
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 2]))
    let w = graph.addConstant("w", try .counting([2, 3]))
    let turned = graph.append(.transpose, "turned", [w])
    let doubled = graph.append(.mul, "doubled", [turned, graph.addConstant("two", try .scalar(2))])
    graph.outputs = [graph.append(.gemm, "y", [x, doubled], ["transB": .int(1)])]
    try Pipeline.simplify(&graph)
    #expect(body(graph) == ["%y = Gemm(%x, @doubled f32[3, 2]) {transB=1} : f32[N, 3]", "return %y"])
    #expect(try graph.constant(graph.nodes[0], 1)?.floats() == [2, 8, 4, 10, 6, 12])
  }

  @Test func hugeConstantsStay() throws {
    var graph = Graph()
    let x = graph.addInput("x", ValueType(.f32, [1]))
    let shape = graph.addConstant("shape", try .integers([1 << 20, 1 << 20]))
    let zeros = graph.append(.constantOfShape, "zeros", [shape])
    let some = graph.append(.constantOfShape, "some", [graph.addConstant("small", try .integers([7]))])
    graph.outputs = [graph.append(.add, "y", [x, zeros]), graph.append(.add, "z", [x, some])]
    try Pipeline.simplify(&graph)
    #expect(graph.nodes.map(\.op) == [.constantOfShape, .add, .add])
  }

  @Test func dequantizedWeightsStayCodes() throws {
    var graph = Graph()
    let x = graph.addInput("x", ValueType(.f32, [1, 2]))
    let codes = graph.addConstant("codes", try Tensor(.s8, [3, 2], [Int8](arrayLiteral: 1, 2, 3, 4, 5, 6)))
    let scale = graph.addConstant("scale", try Tensor([3], [1, 2, 4]))
    let zero = graph.addConstant("zero", try Tensor(.s8, [3], [Int8](arrayLiteral: 0, 0, 1)))
    let w = graph.append(.dequantizeLinear, "w", [codes, scale, zero], ["axis": .int(0)])
    let turned = graph.append(.transpose, "turned", [w])
    let bias = graph.addConstant("bias", try Tensor(.s32, [3], [Int32](arrayLiteral: 5, 6, 7)))
    let b = graph.append(.dequantizeLinear, "b", [bias, graph.addConstant("s", try .scalar(0.5))])
    graph.outputs = [graph.append(.gemm, "y", [x, turned, b])]
    let before = try Interpreter(graph).run([Tensor([1, 2], [1, 10])])
    try Pipeline.simplify(&graph)
    #expect(body(graph) == ["%y = Gemm(%x, @turned f32[2, 3] s8/axis1, @b f32[3]) : f32[1, 3]", "return %y"])
    #expect(try Interpreter(graph).run([Tensor([1, 2], [1, 10])])[0].distance(to: before[0]) == 0)
  }

  /// Quantized activations stay pairs; an activation may go into the Conv before them.
  @Test func quantizedActivationsStayPairs() throws {
    var graph = Graph()
    let x = graph.addInput("x", image)
    let scale = graph.addConstant("scale", try .scalar(0.1))
    let zero = graph.addConstant("zero", try Tensor(.u8, [], [UInt8(3)]))
    let q = graph.append(.quantizeLinear, "q", [x, scale, zero])
    let dq = graph.append(.dequantizeLinear, "dq", [q, scale, zero])
    let conv = graph.append(.conv, "conv", [dq, graph.addConstant("w", try .counting([3, 3, 1, 1]))])
    let relu = graph.append(.relu, "relu", [conv])
    let q2 = graph.append(.quantizeLinear, "q2", [relu, scale, zero])
    graph.outputs = [graph.append(.dequantizeLinear, "y", [q2, scale, zero])]
    try Pipeline.simplify(&graph)
    #expect(graph.nodes.map(\.op) == [.quantizeLinear, .dequantizeLinear, .conv, .quantizeLinear, .dequantizeLinear])
    #expect(try Activation(graph.nodes[2].attributes) == .relu)
  }
}
