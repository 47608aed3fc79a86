import Graph
import Tensors

/// How one operator is computed: from a `Call` to its outputs.
package struct ReferenceOperator: Sendable {
  package let op: Operator
  package let run: @Sendable (Call) throws -> [Tensor]

  init(_ op: Operator, _ run: @escaping @Sendable (Call) throws -> [Tensor]) {
    self.op = op
    self.run = run
  }

  /// Every operator of the graph.
  package static let all: [ReferenceOperator] = [
    conv, gemm, matMul, winogradConv,
    batchNormalization, lrn,
    maxPool, averagePool, globalAveragePool, globalMaxPool, reduceMean,
    relu, sigmoid, hardSigmoid, hardSwish, leakyRelu, tanh, clip, softmax,
    add, sub, mul, div,
    reshape, flatten, squeeze, unsqueeze, identity, transpose, channelShuffle,
    concat, split, slice, pad, resize, gather, expand,
    shape, constantOfShape, cast,
    quantizeLinear, dequantizeLinear,
  ]

  private static let byOperator: [Operator: ReferenceOperator] = Dictionary(all.map { ($0.op, $0) }) { first, _ in first }

  /// The outputs of `node` for `inputs` (nil where one is left out).
  package static func evaluate(_ node: Node, _ inputs: [Tensor?]) throws -> [Tensor] {
    guard let implementation = byOperator[node.op] else {
      throw Failure(.unsupported, "the operator \(node.op.rawValue) has no reference", node: node.name)
    }
    let call = try Call(node, inputs)
    do { return try implementation.run(call) } catch var failure as Failure {
      failure.node = failure.node ?? node.name
      throw failure
    }
  }
}
