import Graph
import Tensors

/// The slow truth: runs a graph node by node with scalar loops and double accumulation. The oracle of every test.
///
/// Every floating-point result is rounded once per node, fused activation included; integers are exact and wrap.
package struct Interpreter {
  package let graph: Graph

  package init(_ graph: Graph) { self.graph = graph }

  /// The graph's outputs for `inputs`, in the graph's order; `observing` names further values to return after them.
  ///
  /// An intermediate value is freed when its last reader has run.
  /// - Throws: `shapeMismatch` where an input does not have the type the graph states; what the operators throw.
  package func run(_ inputs: [Tensor], observing: [ValueID] = []) throws -> [Tensor] {
    try Verifier.checkStructure(graph)
    try check(inputs)
    let wanted = graph.outputs + observing
    var readers = [Int](repeating: 0, count: graph.values.count)
    for node in graph.nodes { for case let input? in node.inputs { readers[input.index] += 1 } }
    for id in wanted {
      guard readers.indices.contains(id.index) else { throw Failure(.invalidArgument, "there is no value \(id.index) to observe") }
      readers[id.index] += 1
    }
    var tensors = [Tensor?](repeating: nil, count: graph.values.count)
    for (id, tensor) in zip(graph.inputs, inputs) { tensors[id.index] = tensor }
    func tensor(_ id: ValueID) throws -> Tensor {
      if let tensor = tensors[id.index] { return tensor }
      guard let weight = graph[id].constant else { throw Failure(.invalidArgument, "nothing makes '\(graph[id].name)'") }
      return try weight.decoded()
    }
    for node in graph.nodes {
      let results = try ReferenceOperator.evaluate(node, node.inputs.map { try $0.map(tensor) })
      for (output, result) in zip(node.outputs, results) where readers[output.index] > 0 { tensors[output.index] = result }
      for case let input? in node.inputs {
        readers[input.index] -= 1
        if readers[input.index] == 0 { tensors[input.index] = nil }
      }
    }
    return try wanted.map(tensor)
  }

  /// Holds `inputs` against the graph's types.
  private func check(_ inputs: [Tensor]) throws {
    try graph.bindSymbols(inputs.map(\.shape))
    for (id, tensor) in zip(graph.inputs, inputs) {
      guard let type = graph[id].type, type.dtype != tensor.dtype else { continue }
      throw Failure(.shapeMismatch, "the input '\(graph[id].name)' is \(type), not \(tensor.dtype.name)\(tensor.shape)")
    }
  }
}
