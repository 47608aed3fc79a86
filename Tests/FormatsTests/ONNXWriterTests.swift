import Formats
import Graph
import Reference
import Tensors
import Testing

@Suite struct ONNXWriterTests {
  private func copy(_ graph: Graph) throws -> Graph { try ONNXReader.read(try ONNXFixture.storage(try ONNXWriter.encode(graph))) }

  /// Written and read again, a model computes the same bits: the interpreter sees the same operators on the same numbers.
  @Test(arguments: ONNXFixture.all) func aCopyGivesTheSameBits(fixture: ONNXFixture) throws {
    let graph = try ONNXReader.read(try fixture.model(), directory: ONNXFixture.folder)
    let again = try copy(graph)
    try Verifier.verify(again)
    #expect(again.inputs.map { again[$0].name } == graph.inputs.map { graph[$0].name })
    #expect(again.inputs.map { again[$0].type } == graph.inputs.map { graph[$0].type })
    #expect(again.outputs.map { again[$0].name } == graph.outputs.map { graph[$0].name })
    let inputs = try fixture.inputs(of: graph)
    for (one, other) in zip(try Interpreter(graph).run(inputs), try Interpreter(again).run(inputs)) {
      #expect(one.dtype == other.dtype && one.shape == other.shape)
      #expect(one.bytes.elementsEqual(other.bytes))
    }
  }

  private static let activations: [Activation] = [
    .relu, .clip(low: -0.5, high: 1), .clip(low: -.infinity, high: 0.25), .clip(low: 0, high: .infinity), .leakyRelu(alpha: 0.3),
    .hardSigmoid(alpha: 0.2, beta: 0.6), .hardSwish, .sigmoid, .tanh,
  ]

  /// A fused activation becomes a node; the reference rounds once more then, by half a unit in the last place of what goes in.
  @Test(arguments: activations) func fusedActivationsBecomeNodes(activation: Activation) throws {
    var attributes = Attributes()
    activation.store(in: &attributes)
    var graph = Graph(name: "fused")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 5]))
    let bias = graph.addConstant("bias", try Tensor([5], [0.1, -0.2, 0.3, -0.4, 0.5]))
    graph.outputs = [graph.append(.add, "y", [x, bias], attributes.values)]
    let again = try copy(graph)
    #expect(again.nodes.map(\.op).count == 2)
    #expect(again[again.outputs[0]].name == "y")
    let input = try Tensor([2, 5], [-3, -1, -0.5, 0, 0.2, 0.4, 1, 2, 4, 7])
    let (one, other) = (try Interpreter(graph).run([input])[0], try Interpreter(again).run([input])[0])
    // |x + b| ≤ 7.5, so the rounding of the sum is at most 2⁻²², and hard swish, the steepest, is at most 1.5 times as steep.
    for (a, b) in zip(one.doubles(), other.doubles()) { #expect(abs(a - b) <= 1.5 * 0x1p-22 + abs(a) * 0x1p-23) }
  }

  @Test(arguments: [[Dim.fixed(2), 6, 3, 4], [.symbol("N"), 6, 3, 4], [.symbol("N"), 6, .symbol("H"), .symbol("W")], [2, 6]])
  func channelShuffleBecomesReshapes(shape: [Dim]) throws {
    var graph = Graph(name: "shuffle")
    let x = graph.addInput("x", ValueType(.f32, shape))
    graph.outputs = [graph.append(.channelShuffle, "y", [x], ["groups": .int(3)])]
    let again = try copy(graph)
    #expect(!again.nodes.contains { $0.op == .channelShuffle })
    let extents = zip(shape, [2, 6, 3, 4]).map { dim, fallback in dim.value ?? fallback }
    let count = extents.reduce(1, *)
    let input = try Tensor(extents, (0..<count).map { Float($0) })
    #expect(try Interpreter(graph).run([input])[0].floats() == Interpreter(again).run([input])[0].floats())
  }

  /// The transforms and the products between them are nodes, each rounded to f32 by the interpreter.
  @Test(arguments: [2, 4], [[0, 0, 0, 0], [1, 1, 1, 1], [2, 0, 1, 3]])
  func winogradConvBecomesConvolutions(tile: Int, pads: [Int]) throws {
    let form = try #require(WinogradTile(tile)), side = form.side
    var graph = Graph(name: "winograd")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 3, 7, 6]))
    let coefficients = (0..<12 * form.points).map { (index: Int) -> Float in index % 3 == 0 ? 0 : Float(index % 17) / 17 - 0.5 }
    let u = graph.addValue("u", constant: try Weight(try Tensor([4, 3, side, side], coefficients)).compacted())
    let b = graph.addConstant("b", try Tensor([4], [0.5, -0.5, 0.25, 0]))
    graph.outputs = [
      graph.append(.winogradConv, "y", [x, u, b], ["tile": .int(tile), "pads": .ints(pads), "activation": .string("Relu")])
    ]
    try graph.inferTypes()
    let again = try copy(graph)
    #expect(!again.nodes.contains { $0.op == .winogradConv })
    let input = try Tensor([2, 3, 7, 6], (0..<252).map { (index: Int) -> Float in Float(index % 23) / 23 - 0.5 })
    let (one, other) = (try Interpreter(graph).run([input])[0], try Interpreter(again).run([input])[0])
    // Matrices, transforms, products and results are each rounded to 2⁻²⁴ of Σ |A|·|A|·|U|·|B|·|B|·|d| over 3 channels, with |d| and |U| at most ½.
    var (spread, line) = ([Double](repeating: 0, count: side), 0.0)
    for i in 0..<side { for j in 0..<side { spread[i] += abs(form.inputMatrix[i * side + j]) } }
    for y in 0..<tile {
      var sum = 0.0
      for i in 0..<side { sum += abs(form.outputMatrix[y * side + i]) * spread[i] }
      line = max(line, sum)
    }
    #expect(one.shape == other.shape)
    #expect(one.distance(to: other) <= 8 * 0x1p-24 * (3 * 0.25 * line * line + 0.5))
    var open = graph
    open.values[open.inputs[0].index].type = ValueType(.f32, [.symbol("N"), 3, .symbol("H"), .symbol("W")])
    #expect(throws: Failure.self) { _ = try ONNXWriter.encode(open) }
  }

  /// Coefficients are stored without their zeros.
  @Test func winogradConvInFiles() throws {
    var graph = Graph(name: "winograd")
    let x = graph.addInput("x", ValueType(.f32, [1, 16, 8, 8]))
    let coefficients = (0..<16 * 16 * 36).map { (index: Int) -> Float in index % 10 == 0 ? Float(index % 7) + 1 : 0 }
    let u = graph.addValue("u", constant: try Weight(try Tensor([16, 16, 6, 6], coefficients)).compacted())
    graph.outputs = [graph.append(.winogradConv, "y", [x, u], ["pads": .ints([1, 1, 1, 1])])]
    try graph.inferTypes()
    let bytes = try ModelFile.encode(graph, as: .nsk)
    // A tenth of 9216 coefficients of 4 bytes, a bit for each, and the file's own sections.
    #expect(bytes.count < 9216 / 10 * 4 + 9216 / 8 + 2048)
    let back = try NSKSamples.read(bytes)
    #expect(back.nodes[0].op == .winogradConv)
    #expect(try back.constant(back.nodes[0], 1)?.floats() == coefficients)
  }

  private func linear(_ weight: Weight) -> Graph {
    var graph = Graph(name: "linear")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 3]))
    let w = graph.addValue("w", constant: weight)
    graph.outputs = [graph.append(.gemm, "y", [x, w], ["transB": .int(1)])]
    return graph
  }

  /// A pruned and quantized weight: what is not stored is 0, whose code is the zero point of its channel.
  @Test func sparseQuantizedWeightsBecomeDenseCodes() throws {
    let parameters = try AffineQuantization(scales: [0.5, 0.25], zeroPoints: [3, -2], axis: 0)
    let weight = try Weight(
      shape: [2, 3], elements: .affine(codes: Tensor(.s8, [3], [Int8(5), -100, 7]), parameters),
      arrangement: .bitmap(Tensor(.u8, [1], [UInt8(0b011001)])))
    let again = try copy(linear(weight))
    let copied = try #require(again[try again.nodes[0].requiredInput(1)].constant)
    #expect(copied.quantization == parameters)
    #expect(copied.isDense)
    #expect(try copied.decoded().floats() == weight.decoded().floats())
    #expect(try weight.decoded().floats() == [1, 0, 0, -24.5, 2.25, 0])
  }

  @Test func sparsePlainWeightsBecomeDense() throws {
    let weight = try Weight(
      shape: [2, 3], elements: .plain(Tensor([2], [5, 6])), arrangement: .gaps(Tensor(.u8, [2], [UInt8(1), 2])))
    let again = try copy(linear(weight))
    #expect(again[try again.nodes[0].requiredInput(1)].constant?.plain?.floats() == [0, 5, 0, 0, 6, 0])
  }

  @Test func metadataTravels() throws {
    var graph = linear(Weight(try Tensor([2, 3], [1, 2, 3, 4, 5, 6])))
    graph.metadata = ["licence": "MIT", "note": "größer"]
    let again = try copy(graph)
    #expect(again.metadata["licence"] == "MIT" && again.metadata["note"] == "größer" && again.metadata["producer"] == "netsuke")
    #expect(again.name == "linear")
  }

  @Test func constantsAndInputsCanBeOutputs() throws {
    var graph = Graph(name: "edges")
    let x = graph.addInput("x", ValueType(.f32, [2]))
    let k = graph.addConstant("k", try Tensor([2], [1, 2]))
    let y = graph.append(.add, "y", [x, k])
    graph.outputs = [y, k]
    let again = try copy(graph)
    let outputs = try Interpreter(again).run([try Tensor([2], [10, 20])])
    #expect(again.outputs.map { again[$0].name } == ["y", "k"])
    #expect(outputs.map { $0.floats() } == [[11, 22], [1, 2]])
  }
}
