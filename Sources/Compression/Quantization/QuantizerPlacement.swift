import Graph
import Tensors

/// Which values of a graph shall be carried as u8 codes, and which of them must share scale and zero point.
///
/// Demand flows backwards from the inputs of the integer layers: an operator that works on codes (an addition, a pool, a
/// concatenation …) is drawn into the integer region when something behind it wants codes. So regions grow as far as the integer
/// layers need and no further: what only Softmax or the caller reads stays float.
struct QuantizerPlacement {
  /// The values to quantize, in the order of the graph.
  private(set) var values: [ValueID] = []
  /// For each entry of `values`: the first entry that it shares its parameters with (itself, where it is that one).
  private(set) var leaders: [Int] = []

  /// - layers: those that shall compute in integers.
  init(_ graph: Graph, layers: [Layer]) {
    let uses = graph.uses()
    var wanted = [Bool](repeating: false, count: graph.values.count)
    for layer in layers {
      if let input = graph.nodes[layer.node].input(0) { wanted[input.index] = true }
    }
    var parents = Array(graph.values.indices)
    func root(_ index: Int) -> Int {
      var index = index
      while parents[index] != index { index = parents[index] }
      return index
    }
    let layerNodes = Set(layers.map(\.node))
    for (index, node) in graph.nodes.enumerated().reversed() where !layerNodes.contains(index) {
      guard node.outputs.contains(where: { wanted[$0.index] }), let data = QuantizerPlacement.codeInputs(of: node, in: graph)
      else { continue }
      for input in data.inputs { wanted[input.index] = true }
      guard data.sharesScale else { continue }
      let outputs = node.outputs.filter { wanted[$0.index] }
      for id in data.inputs + outputs {
        let (a, b) = (root(id.index), root(outputs[0].index))
        // The smaller index leads, so that leaders do not depend on the order of the unions.
        parents[max(a, b)] = min(a, b)
      }
    }
    // Only what carries floats at run time, and is not quantized already.
    let order = graph.inputs + graph.nodes.flatMap(\.outputs)
    values = order.filter { id in
      guard wanted[id.index], graph[id].constant == nil, graph[id].type.map({ $0.dtype == .f32 }) ?? true else { return false }
      if let producer = uses.producer(of: id), graph.nodes[producer].op == .dequantizeLinear { return false }
      return graph.dequantized(id, uses) == nil
    }
    var firstOfGroup: [Int: Int] = [:]
    for (position, id) in values.enumerated() {
      let leader = firstOfGroup[root(id.index)] ?? position
      firstOfGroup[root(id.index)] = leader
      leaders.append(leader)
    }
  }

  /// The inputs that an operator reads as codes when its output is wanted as codes, and whether it passes codes through unchanged;
  /// nil for operators that compute in floats.
  private static func codeInputs(of node: Node, in graph: Graph) -> (inputs: [ValueID], sharesScale: Bool)? {
    func dynamic(_ id: ValueID?) -> ValueID? { id.flatMap { graph[$0].constant == nil ? $0 : nil } }
    switch node.op {
    case .maxPool, .globalMaxPool, .reshape, .flatten, .transpose, .squeeze, .unsqueeze, .slice, .split, .channelShuffle, .identity:
      return dynamic(node.input(0)).map { ([$0], true) }
    case .concat:
      let inputs = node.inputs.compactMap(dynamic)
      return inputs.count == node.inputs.count ? (inputs, true) : nil
    case .averagePool, .globalAveragePool, .relu, .clip, .sigmoid, .hardSigmoid, .hardSwish, .leakyRelu, .tanh:
      return dynamic(node.input(0)).map { ([$0], false) }
    case .add:
      guard let a = dynamic(node.input(0)), let b = dynamic(node.input(1)), a != b, let shape = graph[a].type?.shape,
        shape == graph[b].type?.shape
      else { return nil }
      return ([a, b], false)
    default: return nil
    }
  }
}
