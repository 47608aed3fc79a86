import Graph
import Tensors

/// The slow truth: runs a graph node by node with scalar loops and double accumulation. The oracle of every test.
package struct Interpreter {
  package let graph: Graph

  package init(_ graph: Graph) { self.graph = graph }

  /// The graph's outputs for `inputs`, in the graph's order; `observing` names further values to return after them.
  package func run(_ inputs: [Tensor], observing: [ValueID] = []) throws -> [Tensor] {
    throw Failure(.internal, "not there yet")
  }
}
