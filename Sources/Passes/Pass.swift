import Graph
import Tensors

/// A rewrite of the graph that keeps its meaning.
package struct Pass: Sendable {
  /// How the pass is named in messages: `fold-constants`.
  package let name: String
  private let body: @Sendable (inout Rewriter) throws -> Void

  package init(_ name: String, _ body: @escaping @Sendable (inout Rewriter) throws -> Void) {
    self.name = name
    self.body = body
  }

  /// A pass that looks at one node at a time and rewrites what begins or ends there.
  package static func each(_ name: String, _ match: @escaping @Sendable (inout Rewriter, _ index: Int) throws -> Void) -> Pass {
    Pass(name) { rewriter in
      for index in rewriter.graph.nodes.indices where rewriter.isFree(index) { try match(&rewriter, index) }
    }
  }

  /// Runs the pass once over `graph`, whose types must be inferred, and infers them again where it changed something.
  /// - Returns: whether it changed anything.
  package func run(_ graph: inout Graph) throws -> Bool {
    var rewriter = Rewriter(graph)
    try body(&rewriter)
    guard rewriter.hasChanged else { return false }
    var changed = rewriter.finished()
    try changed.inferTypes()
    graph = changed
    return true
  }
}
