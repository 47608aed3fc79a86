import Graph
import Tensors

extension Pass {
  /// MatMul of two matrices is a Gemm, and takes the Add of a constant behind it along as its addend.
  package static let fuseMatMulAdd = Pass("fuse-matmul-add") { rewriter in
    // From the end, so that an Add is seen before its MatMul.
    for index in rewriter.graph.nodes.indices.reversed() where rewriter.isFree(index) {
      switch rewriter.node(index).op {
      case .matMul where isMatrixProduct(rewriter, index): rewriter.edit(index) { $0.op = .gemm }
      case .add: try takeAddend(&rewriter, index)
      default: break
      }
    }
  }

  private static func isMatrixProduct(_ rewriter: Rewriter, _ index: Int) -> Bool {
    (0..<2).allSatisfy { rewriter.shape(rewriter.node(index).input($0))?.count == 2 }
  }

  private static func takeAddend(_ rewriter: inout Rewriter, _ index: Int) throws {
    let node = rewriter.node(index)
    for position in 0..<2 {
      guard let product = rewriter.soleProducer(index, position, .matMul) ?? rewriter.soleProducer(index, position, .gemm),
        isMatrixProduct(rewriter, product), rewriter.node(product).input(2) == nil,
        try Activation(rewriter.node(product).attributes) == .none, let addend = node.input(1 - position),
        rewriter.graph[addend].constant != nil, let shape = rewriter.shape(addend), shape.count <= 2,
        rewriter.shape(node.outputs[0]) == rewriter.shape(rewriter.node(product).outputs[0])
      else { continue }
      let activation = try Activation(node.attributes)
      rewriter.edit(product) {
        $0.op = .gemm
        $0.inputs = [$0.inputs[0], $0.inputs[1], addend]
        $0.outputs = node.outputs
        // Without an addend, beta meant nothing.
        $0.attributes["beta"] = nil
        activation.store(in: &$0.attributes)
      }
      rewriter.remove(index)
      return
    }
  }
}
