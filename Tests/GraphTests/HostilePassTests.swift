import Graph
import Passes
import TestSupport
import Tensors
import Testing

/// Sound networks with something broken in them: the passes must refuse or keep them, never trap or hang.
@Suite struct HostilePassTests {
  private let numbers = [0, 1, -1, 2, 5, 1 << 24, 1 << 40, Int.max, Int.min]

  private func mutate(_ graph: inout Graph, _ random: inout Random) throws {
    let index = random.int(0...graph.nodes.count - 1)
    let value = ValueID(random.int(0...graph.values.count - 1))
    switch random.int(0...8) {
    case 0: graph.nodes[index].inputs[random.int(0...graph.nodes[index].inputs.count - 1)] = random.int(0...3) == 0 ? nil : value
    case 1: graph.nodes[index].op = random.pick(Operator.allCases)
    case 2:
      let name = random.pick(["pads", "strides", "perm", "kernel_shape", "dilations"])
      graph.nodes[index].attributes[name] = .ints((0..<random.int(0...5)).map { _ in random.pick(numbers) })
    case 3:
      let name = random.pick(["group", "axis", "keepdims", "groups", "to", "auto_pad", "activation"])
      graph.nodes[index].attributes[name] = .int(random.pick(numbers))
    case 4: graph.outputs.append(value)
    case 5:
      let shape = [random.int(0...4), random.int(0...4)]
      graph[value].constant = Weight(try random.tensor(shape))
    case 6: graph[value].constant = Weight(try .integers((0..<random.int(0...5)).map { _ in random.pick(numbers) }))
    case 7:
      let codes = try Tensor(.s8, [4], [Int8](repeating: 1, count: 4))
      let affine = try AffineQuantization(scales: [1, 2], zeroPoints: [-128, 127], axis: 1)
      graph[value].constant = try Weight(shape: [2, 2], elements: .affine(codes: codes, affine), arrangement: .dense)
    default: graph.nodes[index].outputs[0] = value
    }
  }

  @Test(arguments: 0..<40) func brokenNetworks(_ seed: Int) throws {
    let sound = try RandomGraph(seed: UInt64(seed), nodes: 6).graph
    var random = Random(UInt64(seed) + 77)
    var survived = 0
    for round in 0..<40 {
      var graph = sound
      // The first one is left sound.
      for _ in 0..<(round == 0 ? 0 : random.int(1...2)) { try mutate(&graph, &random) }
      let text = (try? Verifier.verify(graph)) == nil ? nil : graph.text
      do {
        var simple = graph
        try Pipeline.simplify(&simple)
        try Verifier.verify(simple)
        _ = try? Pipeline.specialize(graph, inputShapes: [[2, 4, 6, 6]])
        survived += 1
      } catch let failure as Failure {
        // What the verifier accepts, the passes accept.
        #expect(text == nil, "\(failure)\n\(text ?? "")")
      }
    }
    #expect(survived > 0)
  }

  /// Many Transposes of one constant would each need a copy of it.
  @Test func copiesOfAConstantAreBounded() throws {
    var graph = Graph()
    let x = graph.addInput("x", ValueType(.f32, [1]))
    let w = graph.addConstant("w", try Tensor(.f32, [1 << 10, 1 << 10]) { _ in })
    for index in 0..<40 { graph.outputs.append(graph.append(.add, "y\(index)", [x, graph.append(.transpose, "t\(index)", [w])])) }
    try Pipeline.simplify(&graph)
    let bytes = graph.values.reduce(0) { $0 + ($1.constant?.storedByteCount ?? 0) }
    // What is there, and for small graphs 16 MB beside it.
    #expect(bytes <= (4 << 20) + (16 << 20))
    #expect(graph.nodes.count > 40)
  }

  /// Long chains cost time in proportion to their length.
  @Test(.timeLimit(.minutes(1))) func longChains() throws {
    var graph = Graph()
    var value = graph.addInput("x", ValueType(.f32, [.symbol("N"), 2]))
    for index in 0..<20_000 { value = graph.append(index % 3 == 0 ? .identity : .transpose, "n\(index)", [value]) }
    graph.outputs = [value]
    try Pipeline.simplify(&graph)
    #expect(graph.nodes.count < 20_000)
  }
}
