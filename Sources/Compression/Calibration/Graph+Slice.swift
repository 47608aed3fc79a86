import Graph
import Tensors

extension Graph {
  /// The part of the graph that computes `value`, which becomes its only output; inputs stay as they are.
  package func slice(making value: ValueID) -> Graph {
    var needed = [Bool](repeating: false, count: values.count)
    needed[value.index] = true
    var kept: [Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: { needed[$0.index] }) {
      kept.append(node)
      for case let input? in node.inputs { needed[input.index] = true }
    }
    var part = self
    part.nodes = kept.reversed()
    part.outputs = [value]
    part.metadata = [:]
    return part
  }

  /// The part of the graph that computes what a layer makes before the activation behind it.
  package func slice(makingSumsOf layer: Layer) throws -> Graph {
    guard let output = nodes[layer.node].outputs.first else { throw Failure(.internal, "a layer without output", node: layer.name) }
    var part = slice(making: output)
    guard let last = part.nodes.indices.last(where: { part.nodes[$0].outputs.contains(output) }) else { return part }
    Activation.none.store(in: &part.nodes[last].attributes)
    return part
  }

  /// A layer alone, without the activation behind it: its input becomes the graph's, its sums the output.
  package func isolate(sumsOf layer: Layer) throws -> Graph {
    var part = try slice(makingSumsOf: layer)
    part.inputs = [try nodes[layer.node].requiredInput(0)]
    part.nodes = part.nodes.suffix(1)
    return part
  }
}
