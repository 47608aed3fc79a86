import Graph
import Tensors

extension Pass {
  /// Transpose after Transpose is one; Reshape after Reshape is the last.
  package static let mergeTransposes = Pass.each("merge-transposes") { rewriter, index in
    let node = rewriter.node(index)
    switch node.op {
    case .transpose:
      guard let first = rewriter.producer(of: node.input(0)), rewriter.node(first).op == .transpose,
        let rank = rewriter.shape(node.input(0))?.count
      else { return }
      let inner = try rewriter.context(first).permutation(rank: rank)
      let outer = try rewriter.context(index).permutation(rank: rank)
      let source = rewriter.node(first).inputs[0]
      rewriter.edit(index) {
        $0.inputs[0] = source
        $0.attributes["perm"] = .ints(outer.map { inner[$0] })
      }
    case .reshape:
      guard let first = rewriter.producer(of: node.input(0)),
        [.reshape, .flatten, .squeeze, .unsqueeze].contains(rewriter.node(first).op),
        // A 0 in the target copies an extent of the shape between.
        let target = try rewriter.integers(index, 1), !target.contains(0)
      else { return }
      let source = rewriter.node(first).inputs[0]
      rewriter.edit(index) { $0.inputs[0] = source }
    default: return
    }
  }
}
