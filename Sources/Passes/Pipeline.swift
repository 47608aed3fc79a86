import Graph
import Tensors

/// The passes that every imported model goes through; each keeps the meaning of the graph.
package enum Pipeline {
  /// Every pass, in the order of a round. `limit` bounds what all constants may come to, in bytes.
  package static func passes(limit: Int) -> [Pass] {
    [
      .removeDeadNodes, .foldConstants(limit: limit), .foldShapes, .removeNoOps, .mergeTransposes,
      // Before activations disappear into their producers.
      .recognizeHardSwish, .fusePadding, .recognizeGlobalPool, .fuseChannelShuffle, .fuseMatMulAdd,
      .foldBatchNormalization, .fuseActivation,
      // What found nothing before it to fold into.
      .foldIntoConsumer,
    ]
  }

  /// More rounds than any real network needs; each shortens a chain by at least one node.
  private static let maximumRounds = 24

  /// Infers types and shapes, folds constants, batch norms and activations, drops what is dead; the graph stays valid for every
  /// value of its symbolic extents.
  ///
  /// Folding may add three times the constants that are there (16 MB to small graphs). Every pass that changed
  /// something is verified. On failure `graph` is unchanged.
  package static func simplify(_ graph: inout Graph) throws {
    var result = graph
    try run(&result, growth: max(3 * graph.constantBytes, 16 << 20))
    graph = result
  }

  /// The graph for these input shapes, one list of extents for each input: every extent fixed, every shape computation folded.
  ///
  /// `graph` need not be simplified. Outputs keep their number, order and names; an output that depends on no input is a constant.
  /// - Throws: `shapeMismatch` where a shape is not one the graph takes; `unsupported` naming the node whose shape depends on data.
  package static func specialize(_ graph: Graph, inputShapes: [[Int]]) throws -> Graph {
    var result = graph
    try fix(&result, inputShapes)
    try run(&result, growth: 256 << 20)
    for node in result.nodes {
      for output in node.outputs where result[output].type?.shape?.fixed == nil {
        throw Failure(.unsupported, "the shape of '\(result[output].name)' depends on data", node: node.name)
      }
    }
    return result
  }

  private static func run(_ graph: inout Graph, growth: Int) throws {
    try Verifier.checkStructure(graph)
    try graph.inferTypes()
    let passes = passes(limit: graph.constantBytes + growth)
    for _ in 0..<maximumRounds {
      var changed = false
      for pass in passes where try pass.run(&graph) {
        changed = true
        do { try Verifier.verify(graph) } catch var failure as Failure {
          failure.message = "after the pass \(pass.name): \(failure.message)"
          throw failure
        }
      }
      if !changed { return }
    }
  }

  private static func fix(_ graph: inout Graph, _ shapes: [[Int]]) throws {
    try Verifier.checkStructure(graph)
    try graph.bindSymbols(shapes)
    for (id, extents) in zip(graph.inputs, shapes) { graph[id].type?.shape = extents.map(Dim.fixed) }
  }
}
