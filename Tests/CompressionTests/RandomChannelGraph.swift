import Graph
import TestSupport
import Tensors

/// Networks of random nodes that carry, mix, join and part channels in every way that the dependency rules know.
struct RandomChannelGraph {
  var graph = Graph(name: "random")
  private var random: Random
  /// Values [N, C, 4, 4] with their C.
  private var pool: [(id: ValueID, channels: Int)] = []
  private var shared: (weight: ValueID, inputs: Int, outputs: Int)?

  init(seed: UInt64, nodes: Int) throws {
    random = Random(seed)
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 3, 4, 4]))
    pool = [try conv("stem", (x, 3), 8)]
    for index in 0..<nodes { try grow("n\(index)") }
    let last = pool[pool.count - 1]
    let flat: ValueID
    if random.int(0...1) == 0 {
      flat = graph.append(.flatten, "flat", [last.id], ["axis": .int(1)])
    } else {
      let target = graph.addConstant("flat.shape", try .integers([0, last.channels * 16]))
      flat = graph.append(.reshape, "flat", [last.id, target])
    }
    let hidden = graph.append(
      .gemm, "hidden", [flat, try weight("hidden.w", [6, last.channels * 16]), try weight("hidden.b", [6])], ["transB": .int(1)])
    let head = graph.append(.matMul, "head", [graph.append(.tanh, "tanh", [hidden]), try weight("head.w", [6, 3])])
    graph.outputs = [graph.append(.softmax, "y", [head])]
    try graph.inferTypes()
  }

  private mutating func weight(_ name: String, _ shape: [Int]) throws -> ValueID {
    graph.addConstant(name, try random.tensor(shape, in: -0.5...0.5))
  }

  private mutating func conv(
    _ name: String, _ x: (id: ValueID, channels: Int), _ outputs: Int, groups: Int = 1, kernel: Int = 1
  ) throws -> (id: ValueID, channels: Int) {
    let w = try weight("\(name).w", [outputs, x.channels / groups, kernel, kernel])
    let bias = try weight("\(name).b", [outputs])
    let pads = [Int](repeating: kernel / 2, count: 4)
    return (graph.append(.conv, name, [x.id, w, bias], ["group": .int(groups), "pads": .ints(pads)]), outputs)
  }

  /// Appends a few nodes whose last value is one more to go on from.
  private mutating func grow(_ name: String) throws {
    let x = random.int(0...2) == 0 ? random.pick(pool) : pool[pool.count - 1]
    let c = x.channels
    var y = x
    switch random.int(0...15) {
    case 0: y = try conv(name, x, random.pick([4, 6, 8, 12]), kernel: random.pick([1, 3]))
    case 1:
      let inner = try conv("\(name).a", x, random.pick([4, 8]))
      let branch = try conv("\(name).b", (graph.append(.relu, "\(name).r", [inner.id]), inner.channels), c)
      y.id = graph.append(.add, name, [x.id, branch.id])
    case 2:
      let other = random.pick(pool)
      y = (graph.append(.concat, name, [x.id, other.id], ["axis": .int(random.pick([1, -3]))]), c + other.channels)
    case 3 where c % 2 == 0:
      let parts = [graph.addValue("\(name).0"), graph.addValue("\(name).1")]
      graph.nodes.append(Node(.split, name: "\(name).split", inputs: [x.id], outputs: parts, attributes: Attributes(["axis": .int(1)])))
      let changed = try conv("\(name).c", (parts[1], c / 2), c / 2)
      y.id = graph.append(.concat, name, [parts[0], changed.id], ["axis": .int(1)])
    case 4 where c >= 2:
      let size = random.int(2...c)
      let start = random.int(0...(c - size))
      let bounds = try [[start], [start + size], [1]].map { graph.addConstant(graph.freshName("\(name).s"), try .integers($0)) }
      y = (graph.append(.slice, name, [x.id] + bounds), size)
    case 5 where c % 2 == 0:
      let shuffled = graph.append(.channelShuffle, "\(name).s", [x.id], ["groups": .int(2)])
      y = try conv(name, (shuffled, c), c, groups: random.pick([1, 2, c]))
    case 6 where c % 2 == 0:
      let folded = graph.append(.reshape, "\(name).f", [x.id, graph.addConstant("\(name).t", try .integers([0, 2, c / 2, 4, 4]))])
      let turned = graph.append(.transpose, "\(name).r", [folded], ["perm": .ints([0, 2, 1, 3, 4])])
      y.id = graph.append(.reshape, name, [turned, graph.addConstant("\(name).u", try .integers([-1, c, 4, 4]))])
    case 7:
      let pooled = graph.append(.globalAveragePool, "\(name).p", [x.id])
      let squeezed = try conv("\(name).a", (pooled, c), 4)
      let gate = try conv("\(name).b", (graph.append(.relu, "\(name).r", [squeezed.id]), 4), c)
      y.id = graph.append(.mul, name, [graph.append(.sigmoid, "\(name).g", [gate.id]), x.id])
    case 8: y = try conv(name, x, c, groups: c, kernel: 3)
    case 9 where c % 4 == 0: y = try conv(name, x, random.pick([4, 8]), groups: random.pick([2, 4]), kernel: 3)
    case 10:
      let statistics = [try weight("\(name).s", [c]), try weight("\(name).b", [c]), try weight("\(name).m", [c])]
      let variance = graph.addConstant("\(name).v", try random.tensor([c], in: 1...2))
      y.id = graph.append(.batchNormalization, name, [x.id] + statistics + [variance])
    case 11:
      let pads = graph.addConstant("\(name).pads", try .integers([0, 1, 0, 0, 0, 2, 0, 0]))
      let value = graph.addConstant("\(name).fill", try .scalar(0.25))
      y = (graph.append(.pad, name, [x.id, pads, random.int(0...1) == 0 ? nil : value]), c + 3)
    case 12:
      let order = (0..<c).shuffled(using: &random).prefix(max(c - 1, 1))
      y = (
        graph.append(.gather, name, [x.id, graph.addConstant("\(name).i", try .integers(Array(order)))], ["axis": .int(1)]), order.count
      )
    case 13:
      // Channels last, through a product and back.
      let outputs = random.pick([4, 6])
      let last = graph.append(.transpose, "\(name).t", [x.id], ["perm": .ints([0, 2, 3, 1])])
      let product = graph.append(.matMul, "\(name).m", [last, try weight("\(name).w", [c, outputs])])
      let sum = graph.append(.add, "\(name).a", [try weight("\(name).b", [outputs]), product])
      y = (graph.append(.transpose, name, [sum], ["perm": .ints([0, 3, 1, 2])]), outputs)
    case 14:
      // One weight for two convolutions.
      if let shared, shared.inputs == c {
        y = (graph.append(.conv, name, [x.id, shared.weight]), shared.outputs)
      } else {
        let w = try weight("\(name).w", [c, c, 1, 1])
        shared = (w, c, c)
        y = (graph.append(.conv, name, [graph.append(.conv, "\(name).1", [x.id, w]), w]), c)
      }
    default:
      let scaled = graph.append(.mul, "\(name).m", [try weight("\(name).s", [c, 1, 1]), x.id])
      y.id = graph.append(.leakyRelu, name, [scaled])
    }
    pool.append(y)
  }
}
