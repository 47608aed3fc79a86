import Graph
import Tensors

/// Which channels of which values must be scaled alike so that a network keeps its meaning.
///
/// Scaling a channel by s > 0 where it is made and by 1/s where it is read changes nothing as long as everything in between is
/// positively homogeneous (relu, pools, sums, concatenations). A slot is a set of channels that such operators tie together; a frozen
/// slot reaches something else and must keep its scale.
struct ChannelSlots {
  /// For each value its slots, channel by channel; nil where the value has no channels that could be scaled.
  private(set) var slots: [[Int]?]
  private var parents: [Int] = []
  private var frozen: [Bool] = []

  /// - scalable: names of the layers whose weights may be changed.
  init(_ graph: Graph, _ layers: [Layer], scalable: Set<String>) throws {
    slots = [[Int]?](repeating: nil, count: graph.values.count)
    let byNode = Dictionary(layers.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    for (index, node) in graph.nodes.enumerated() {
      if let layer = byNode[index], scalable.contains(layer.name) {
        try visit(layer, node)
      } else if try !pass(node, in: graph) {
        freeze(node.inputs.compactMap { $0 })
      }
    }
    freeze(graph.outputs)
  }

  func root(_ slot: Int) -> Int {
    var slot = slot
    while parents[slot] != slot { slot = parents[slot] }
    return slot
  }

  /// Whether the slot of this root must keep its scale.
  func isFrozen(_ root: Int) -> Bool { frozen[root] }

  private mutating func fresh(_ count: Int) -> [Int] {
    let first = parents.count
    parents += first..<first + count
    frozen += [Bool](repeating: false, count: count)
    return Array(first..<first + count)
  }

  private mutating func unite(_ a: Int, _ b: Int) {
    let (x, y) = (root(a), root(b))
    parents[max(x, y)] = min(x, y)
    frozen[min(x, y)] = frozen[x] || frozen[y]
  }

  private mutating func freeze(_ ids: [ValueID]) {
    for id in ids { for slot in slots[id.index] ?? [] { frozen[root(slot)] = true } }
  }

  /// A layer takes any scale of its inputs into its weights, and makes channels that can be scaled unless its activation forbids it.
  private mutating func visit(_ layer: Layer, _ node: Node) throws {
    let input = try node.requiredInput(0)
    let channels = layer.shape[layer.inputAxis] * layer.groups
    if slots[input.index]?.count != channels { freeze([input]) }
    guard let output = node.outputs.first, ChannelSlots.isHomogeneous(try Activation(node.attributes)) else { return }
    slots[output.index] = fresh(layer.shape[layer.outputAxis])
  }

  private static func isHomogeneous(_ activation: Activation) -> Bool {
    switch activation {
    case .none, .relu: true
    case .leakyRelu(let alpha): alpha.isFinite
    default: false
    }
  }

  /// Carries slots through a node that keeps scales; false where it does not.
  private mutating func pass(_ node: Node, in graph: Graph) throws -> Bool {
    guard let output = node.outputs.first, let first = node.input(0), let incoming = slots[first.index] else { return false }
    let rank = graph[first].type?.shape?.count
    switch node.op {
    case .relu, .leakyRelu, .maxPool, .averagePool, .globalAveragePool, .globalMaxPool, .identity:
      guard node.outputs.count == 1 else { return false }
      slots[output.index] = incoming
    case .add:
      guard let second = node.input(1), let other = slots[second.index], other.count == incoming.count,
        graph[first].type?.shape == graph[second].type?.shape, graph[first].type?.shape != nil,
        ChannelSlots.isHomogeneous(try Activation(node.attributes))
      else { return false }
      for (a, b) in zip(incoming, other) { unite(a, b) }
      slots[output.index] = incoming
    case .concat:
      guard let rank, rank >= 2, try node.attributes.int("axis", default: 0) == 1 || node.attributes.int("axis", default: 0) == 1 - rank
      else { return false }
      var all: [Int] = []
      for id in node.inputs {
        guard let id, let part = slots[id.index], graph[id].type?.shape?.count == rank else { return false }
        all += part
      }
      slots[output.index] = all
    case .channelShuffle:
      let groups = try node.attributes.int("groups", default: 1)
      guard groups > 0, incoming.count % groups == 0 else { return false }
      let size = incoming.count / groups
      slots[output.index] = (0..<incoming.count).map { incoming[$0 % groups * size + $0 / groups] }
    case .flatten, .reshape, .squeeze:
      // Only where every channel is one element before and after.
      guard let shape = graph[first].type?.shape, let after = graph[output].type?.shape, shape.count >= 2, after.count >= 2,
        shape[1].value == incoming.count, after[1].value == incoming.count, shape[0] == after[0],
        (shape[2...] + after[2...]).allSatisfy({ $0.value == 1 })
      else { return false }
      slots[output.index] = incoming
    default: return false
    }
    return true
  }
}
