import Graph
import Tensors

/// A node with a trained weight: Conv, WinogradConv, Gemm or MatMul with a constant second input.
package struct Layer: Sendable {
  /// Index into the graph's nodes.
  package var node: Int
  package let name: String
  package let op: Operator
  package let weight: ValueID
  package let shape: [Int]
  package let roles: Set<LayerRole>
  package let groups: Int

  /// The axis of the weight along which output channels run: 0 for Conv and for Gemm with transB, the last one otherwise.
  package let outputAxis: Int
  /// The axis of the weight along which the input channels (of one group) run.
  package let inputAxis: Int

  /// The layers of the graph, in its order.
  /// - transformed: whether WinogradConv is among them: methods do not know what to do with coefficients instead of taps, reports do.
  package static func all(in graph: Graph, transformed: Bool = false) throws -> [Layer] {
    var upstream = [Bool](repeating: false, count: graph.values.count)
    var found: [(node: Int, isFirst: Bool)] = []
    for (index, node) in graph.nodes.enumerated() {
      let isLayer = try isLayer(node, in: graph)
      let above = node.inputs.contains { $0.map { upstream[$0.index] } ?? false }
      if isLayer { found.append((index, !above)) }
      for output in node.outputs { upstream[output.index] = above || isLayer }
    }
    var downstream = [Bool](repeating: false, count: graph.values.count)
    var last: Set<Int> = []
    for (index, node) in graph.nodes.enumerated().reversed() {
      let isLayer = try isLayer(node, in: graph)
      let below = node.outputs.contains { downstream[$0.index] }
      if isLayer, !below { last.insert(index) }
      for case let input? in node.inputs where below || isLayer { downstream[input.index] = true }
    }
    return try found.filter { transformed || graph.nodes[$0.node].op != .winogradConv }.map {
      try Layer($0.node, in: graph, isFirst: $0.isFirst, isLast: last.contains($0.node))
    }
  }

  private static func isLayer(_ node: Node, in graph: Graph) throws -> Bool {
    guard let id = node.input(1), let weight = graph[id].constant, weight.dtype == .f32, weight.count > 0 else { return false }
    switch node.op {
    case .conv: return weight.shape.count >= 3
    case .winogradConv: return weight.shape.count == 4
    case .gemm: return weight.shape.count == 2
    case .matMul: return weight.shape.count == 2
    default: return false
    }
  }

  private init(_ index: Int, in graph: Graph, isFirst: Bool, isLast: Bool) throws {
    let node = graph.nodes[index]
    let id = try node.requiredInput(1)
    guard let weight = graph[id].constant else {
      throw Failure(.internal, "the weight of a layer is not constant", node: node.name)
    }
    self.node = index
    name = node.name
    op = node.op
    self.weight = id
    shape = weight.shape
    var roles: Set<LayerRole> = []
    if isFirst { roles.insert(.first) }
    if isLast { roles.insert(.last) }
    if op == .winogradConv {
      groups = 1
      roles.insert(.spatial)
      (outputAxis, inputAxis) = (0, 1)
    } else if op == .conv {
      groups = max(try node.attributes.int("group", default: 1), 1)
      if groups > 1 {
        roles.insert(shape[1] == 1 ? .depthwise : .grouped)
      } else {
        roles.insert(shape[2...].allSatisfy { $0 == 1 } ? .pointwise : .spatial)
      }
      (outputAxis, inputAxis) = (0, 1)
    } else {
      groups = 1
      roles.insert(.linear)
      let transposed = op == .gemm ? try node.attributes.int("transB", default: 0) != 0 : false
      (outputAxis, inputAxis) = transposed ? (0, 1) : (1, 0)
    }
    self.roles = roles
  }
}
