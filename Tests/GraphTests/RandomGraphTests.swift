import Graph
import Passes
import Reference
import TestSupport
import Tensors
import Testing

/// Small networks of random nodes, in which no error grows by more than `amplification`.
struct RandomGraph {
  var graph = Graph(name: "random")
  var amplification = 1.0
  private var random: Random
  private var pool: [ValueID] = []

  init(seed: UInt64, nodes: Int) throws {
    random = Random(seed)
    pool = [graph.addInput("x", ValueType(.f32, [.symbol("N"), 4, 6, 6]))]
    for index in 0..<nodes { try grow("n\(index)") }
    let last = pool[pool.count - 1]
    let mean = graph.append(.reduceMean, "mean", [last, graph.addConstant("axes", try .integers([2, 3]))], ["keepdims": .int(0)])
    let w = graph.addConstant("head.w", try random.tensor([4, 3], in: -0.25...0.25))
    let product = graph.append(.matMul, "head", [mean, w])
    let logits = graph.append(.add, "logits", [product, graph.addConstant("head.b", try random.tensor([3]))])
    graph.outputs = [graph.append(.softmax, "y", [logits]), random.pick(pool), last]
  }

  private mutating func channels(_ name: String, in range: ClosedRange<Float>, shape: [Int] = [4]) throws -> ValueID {
    graph.addConstant(name, try random.tensor(shape, in: range))
  }

  private mutating func scalar(_ name: String, _ value: Float) throws -> ValueID { graph.addConstant(name, try .scalar(value)) }

  /// Appends a few nodes that end in a value of the input's shape.
  private mutating func grow(_ name: String) throws {
    let x = random.int(0...2) == 0 ? random.pick(pool) : pool[pool.count - 1]
    let y: ValueID
    switch random.int(0...13) {
    case 0...2:
      let group = random.pick([1, 2, 4])
      let kernel = random.pick([1, 3])
      // The absolute weights of a filter add up to at most 1.
      let bound = 1 / Float(4 / group * kernel * kernel)
      let w = graph.addConstant("\(name).w", try random.tensor([4, 4 / group, kernel, kernel], in: -bound...bound))
      let bias = random.int(0...1) == 0 ? nil : try channels("\(name).b", in: -1...1)
      if kernel == 3, random.int(0...1) == 0 {
        let padded = graph.append(.pad, "\(name).pad", [x, graph.addConstant("\(name).p", try .integers([0, 0, 1, 1, 0, 0, 1, 1]))])
        y = graph.append(.conv, name, [padded, w, bias], ["group": .int(group)])
      } else {
        y = graph.append(.conv, name, [x, w, bias], ["group": .int(group), "pads": .ints([Int](repeating: kernel / 2, count: 4))])
      }
    case 3:
      let statistics = [
        try channels("\(name).s", in: -1...1), try channels("\(name).b", in: -1...1), try channels("\(name).m", in: -1...1),
      ]
      y = graph.append(.batchNormalization, name, [x] + statistics + [try channels("\(name).v", in: 1...2)])
    case 4: y = graph.append(.mul, name, [try channels("\(name).c", in: -1...1, shape: [4, 1, 1]), x])
    case 5: y = graph.append(.sub, name, [x, try channels("\(name).c", in: -1...1, shape: [1, 4, 1, 1])])
    case 6:
      let op = random.pick([Operator.relu, .leakyRelu, .sigmoid, .tanh, .hardSigmoid])
      y = graph.append(op, name, [x])
    case 7: y = graph.append(.clip, name, [x, try scalar("\(name).l", -0.5), random.int(0...1) == 0 ? nil : try scalar("\(name).h", 0.5)])
    case 8:
      // |x · hardsigmoid(x)|' is at most 1.5
      amplification *= 1.5
      let sum = graph.append(.add, "\(name).sum", [x, try scalar("\(name).3", 3)])
      let clip = graph.append(.clip, "\(name).clip", [sum, try scalar("\(name).0", 0), try scalar("\(name).6", 6)])
      y = graph.append(.div, name, [graph.append(.mul, "\(name).mul", [x, clip]), try scalar("\(name).d", 6)])
    case 9:
      amplification *= 2
      y = graph.append(.add, name, [x, random.pick(pool)])
    case 10:
      let folded = graph.append(.reshape, "\(name).f", [x, graph.addConstant("\(name).t", try .integers([0, 2, 2, 6, 6]))])
      let turned = graph.append(.transpose, "\(name).r", [folded], ["perm": .ints([0, 2, 1, 3, 4])])
      y = graph.append(.reshape, name, [turned, graph.addConstant("\(name).u", try .integers([-1, 4, 6, 6]))])
    case 11:
      let parts = [graph.addValue("\(name).0"), graph.addValue("\(name).1")]
      graph.nodes.append(
        Node(.split, name: "\(name).split", inputs: [x], outputs: parts, attributes: Attributes(["axis": .int(1)])))
      y = graph.append(.concat, name, [parts[1], parts[0]], ["axis": .int(1)])
    case 12:
      let op = random.pick([Operator.maxPool, .averagePool])
      y = graph.append(op, name, [x], ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1])])
    default: y = graph.append(.identity, name, [x])
    }
    pool.append(y)
  }
}

@Suite struct RandomGraphTests {
  @Test(arguments: 0..<60) func simplifyingKeepsTheOutputs(_ seed: Int) throws {
    let made = try RandomGraph(seed: UInt64(seed), nodes: 4 + seed % 9)
    var simple = made.graph
    try Pipeline.simplify(&simple)
    try Verifier.verify(simple)
    let fixed = try Pipeline.specialize(made.graph, inputShapes: [[2, 4, 6, 6]])
    #expect(simple.nodes.count < made.graph.nodes.count)
    #expect(simple.outputs.map { simple[$0].name } == made.graph.outputs.map { made.graph[$0].name })
    var random = Random(UInt64(1000 + seed))
    let sample = try random.tensor([2, 4, 6, 6])
    let everything = made.graph.nodes.flatMap(\.outputs)
    let reference = try Interpreter(made.graph).run([sample], observing: everything)
    let largest = reference.reduce(1) { $1.dtype == .f32 ? max($0, $1.doubles().reduce(0) { max($0, $1.magnitude) }) : $0 }
    // Each node rounds its result once, and a folded weight or bias once more, by at most 2⁻²⁴ of the largest number; no later node
    // enlarges an error by more than the amplification in all.
    let tolerance = 4 * Double(made.graph.nodes.count) * largest * made.amplification * 0x1p-24
    for graph in [simple, fixed] {
      for (got, want) in zip(try Interpreter(graph).run([sample]), reference) { #expect(got.distance(to: want) <= tolerance) }
    }
    // A second time there is nothing left to do.
    var again = simple
    try Pipeline.simplify(&again)
    #expect(again.text == simple.text)
  }
}
