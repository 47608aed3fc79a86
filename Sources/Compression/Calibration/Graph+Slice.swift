import Graph
import Tensors

extension Graph {
  /// A layer alone, without the activation behind it: its input becomes the graph's, its sums the output.
  package func isolate(sumsOf layer: Layer) throws -> Graph {
    var part = self
    guard let output = nodes[layer.node].outputs.first else { throw Failure(.internal, "a layer without output", node: layer.name) }
    part.nodes = [nodes[layer.node]]
    Activation.none.store(in: &part.nodes[0].attributes)
    part.inputs = [try nodes[layer.node].requiredInput(0)]
    part.outputs = [output]
    part.metadata = [:]
    return part
  }

  /// The graph with the value as it is before the activation behind it.
  func withoutActivation(making value: ValueID) throws -> Graph {
    var plain = self
    if let last = nodes.lastIndex(where: { $0.outputs.contains(value) }) { Activation.none.store(in: &plain.nodes[last].attributes) }
    return plain
  }
}
