import Compression
import Graph
import Reference
import Tensors

/// The evaluator of these tests: the reference interpreter, and times that the test invents.
struct InterpreterEvaluator: Evaluator {
  /// Milliseconds by node of a graph, nil: cannot measure.
  var times: (@Sendable (Graph) -> [String: Double])?

  func prepare(_ graph: Graph, observing: [ValueID], like sample: [Tensor]) throws -> any PreparedGraph {
    Prepared(graph: graph, observing: observing, times: times?(graph))
  }

  private final class Prepared: PreparedGraph {
    let interpreter: Interpreter
    let observing: [ValueID]
    let times: [String: Double]?

    init(graph: Graph, observing: [ValueID], times: [String: Double]?) {
      interpreter = Interpreter(graph)
      self.observing = observing
      self.times = times
    }

    func run(_ sample: [Tensor]) throws -> [Tensor] { try interpreter.run(sample, observing: observing) }

    func measure(_ sample: [Tensor], rounds: Int) throws -> (total: Double, nodes: [String: Double]) {
      guard let times else { throw Failure(.unsupported, "the interpreter has no clock") }
      return (times.values.reduce(0, +), times)
    }
  }
}

/// Samples in memory.
struct Samples: SampleSource {
  let tensors: [[Tensor]]
  var count: Int { tensors.count }
  func sample(_ index: Int) throws -> [Tensor] { tensors[index] }
}

/// Reproducible pseudo-random numbers (xorshift64, Marsaglia 2003).
struct Noise {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// Uniform in −1…1.
  mutating func next() -> Float {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(state >> 40) * 0x1p-23 - 1
  }

  mutating func tensor(_ shape: [Int], scale: Float = 1, shift: Float = 0) throws -> Tensor {
    try Tensor(shape, (0..<shape.reduce(1, *)).map { _ in next() * scale + shift })
  }
}

/// Networks small enough for the interpreter.
enum TinyNetwork {
  /// Convolution with Relu → depthwise → pointwise, a shortcut over the last two, pool, Gemm, Softmax.
  static func residual(seed: UInt64 = 1) throws -> Graph {
    var noise = Noise(seed)
    var graph = Graph(name: "residual")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 3, 8, 8]))
    func conv(_ name: String, _ input: ValueID, _ shape: [Int], groups: Int = 1, relu: Bool) throws -> ValueID {
      let weight = graph.addConstant("\(name).weight", try noise.tensor(shape, scale: 0.5))
      let bias = graph.addConstant("\(name).bias", try noise.tensor([shape[0]], scale: 0.1))
      let pad = shape[2] / 2
      var attributes: [String: Attribute] = ["group": .int(groups), "pads": .ints([pad, pad, pad, pad])]
      if relu { attributes["activation"] = .string("Relu") }
      return graph.append(.conv, name, [input, weight, bias], attributes)
    }
    let a = try conv("stem", x, [8, 3, 3, 3], relu: true)
    let b = try conv("deep", a, [8, 1, 3, 3], groups: 8, relu: true)
    let c = try conv("point", b, [8, 8, 1, 1], relu: false)
    let sum = graph.append(.add, "sum", [a, c])
    let pooled = graph.append(.globalAveragePool, "pool", [sum])
    let flat = graph.append(.flatten, "flat", [pooled], ["axis": .int(1)])
    let weight = graph.addConstant("head.weight", try noise.tensor([5, 8]))
    let bias = graph.addConstant("head.bias", try noise.tensor([5]))
    let logits = graph.append(.gemm, "head", [flat, weight, bias], ["transB": .int(1)])
    graph.outputs = [graph.append(.softmax, "probabilities", [logits], ["axis": .int(-1)])]
    try graph.inferTypes()
    return graph
  }

  static func samples(_ count: Int, batch: Int = 1, seed: UInt64 = 9) throws -> Samples {
    var noise = Noise(seed)
    return Samples(tensors: try (0..<count).map { _ in [try noise.tensor([batch, 3, 8, 8])] })
  }
}
