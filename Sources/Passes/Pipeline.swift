import Graph
import Tensors

/// The passes that every imported model goes through; each keeps the meaning of the graph.
package enum Pipeline {
  /// Infers types and shapes, folds constants, batch norms and activations, drops what is dead; the graph stays valid for every
  /// value of its symbolic extents.
  package static func simplify(_ graph: inout Graph) throws {
    throw Failure(.internal, "not there yet")
  }

  /// The graph for these input shapes, one list of extents for each input: every extent fixed, every shape computation folded.
  package static func specialize(_ graph: Graph, inputShapes: [[Int]]) throws -> Graph {
    throw Failure(.internal, "not there yet")
  }
}
