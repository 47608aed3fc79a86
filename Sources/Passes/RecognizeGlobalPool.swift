import Graph
import Tensors

extension Pass {
  /// ReduceMean over all spatial axes is GlobalAveragePool, with a Squeeze behind it where the axes are dropped.
  package static let recognizeGlobalPool = Pass.each("recognize-global-pool") { rewriter, index in
    let node = rewriter.node(index)
    guard node.op == .reduceMean, let rank = rewriter.shape(node.input(0))?.count, rank >= 3,
      node.input(1) == nil || rewriter.isConstant(node.input(1)),
      try rewriter.context(index).reducedAxes() == Set(2..<rank)
    else { return }
    if try node.attributes.int("keepdims", default: 1) == 1 {
      rewriter.edit(index) { $0 = Node(.globalAveragePool, name: $0.name, inputs: [$0.inputs[0]], outputs: $0.outputs) }
      return
    }
    let pooled = rewriter.addValue("\(node.name).pooled")
    let axes = try rewriter.addConstant("\(node.name).axes", integers: Array(2..<rank))
    let pool = Node(.globalAveragePool, name: rewriter.freshName("\(node.name).pool"), inputs: [node.inputs[0]], outputs: [pooled])
    rewriter.insert(pool, before: index)
    rewriter.edit(index) { $0 = Node(.squeeze, name: $0.name, inputs: [pooled, axes], outputs: $0.outputs) }
  }
}

extension Rewriter {
  func isConstant(_ id: ValueID?) -> Bool { id.map { graph[$0].constant != nil } ?? false }
}
