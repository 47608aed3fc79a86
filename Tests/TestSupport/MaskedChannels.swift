import Graph
import Tensors

extension ChannelDependencies {
  /// The graph in which the removed channels are zero wherever they are made, and so have no effect: what a cut graph must equal.
  package func masked(_ removed: [Int: [Int]]) throws -> Graph {
    var result = graph
    var masks: [ValueID: [Int: [Float]]] = [:]
    for (index, channels) in removed {
      let gone = Set(channels)
      for member in groups[index].members where graph[member.value].constant == nil && member.blocks == 1 {
        for (position, channel) in zip(member.positions, member.channels) where gone.contains(channel) {
          masks[member.value, default: [:]][member.axis, default: [Float](repeating: 1, count: member.extent)][position] = 0
        }
      }
    }
    var nodes: [Node] = []
    for node in graph.nodes {
      let index = nodes.count
      nodes.append(node)
      for (place, output) in node.outputs.enumerated() {
        guard let axes = masks[output], let type = graph[output].type, type.dtype == .f32, let rank = type.shape?.count else { continue }
        // The mask makes the value that the node made; the node makes a new one.
        var unmasked = result.addValue("\(graph[output].name)/unmasked/\(axes.count)", type)
        nodes[index].outputs[place] = unmasked
        for (count, (axis, mask)) in axes.sorted(by: { $0.key < $1.key }).enumerated() {
          let last = count == axes.count - 1
          let shape = (0..<rank).map { $0 == axis ? mask.count : 1 }
          let constant = result.addConstant("\(graph[output].name)/mask/\(axis)", try Tensor(shape, mask))
          let masked = last ? output : result.addValue("\(graph[output].name)/unmasked/\(count)", type)
          nodes.append(Node(.mul, name: "\(graph[output].name)/mul/\(axis)", inputs: [unmasked, constant], outputs: [masked]))
          unmasked = masked
        }
      }
    }
    result.nodes = nodes
    try result.inferTypes()
    return result
  }
}
