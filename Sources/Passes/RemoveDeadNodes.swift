import Graph
import Tensors

extension Pass {
  /// Drops the nodes that nothing reads, from the last to the first, and the values with them.
  package static let removeDeadNodes = Pass("remove-dead-nodes") { rewriter in
    var live = Set(rewriter.graph.outputs)
    for index in rewriter.graph.nodes.indices.reversed() {
      let node = rewriter.node(index)
      if node.outputs.contains(where: live.contains) {
        for case let input? in node.inputs { live.insert(input) }
      } else {
        rewriter.remove(index)
      }
    }
  }
}
