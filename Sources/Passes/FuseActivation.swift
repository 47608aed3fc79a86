import Graph
import Tensors

extension Pass {
  /// Moves an activation into the Conv, WinogradConv, Gemm or Add before it, where nothing else reads what that makes.
  package static let fuseActivation = Pass.each("fuse-activation") { rewriter, index in
    guard let activation = try activation(rewriter, index), let input = rewriter.node(index).input(0),
      let producer = rewriter.producer(of: input), uses(rewriter, input, only: index),
      [.conv, .winogradConv, .gemm, .add].contains(rewriter.node(producer).op), rewriter.type(input)?.dtype.isFloat == true,
      try Activation(rewriter.node(producer).attributes) == .none
    else { return }
    let output = rewriter.node(index).outputs[0]
    rewriter.edit(producer) { node in
      activation.store(in: &node.attributes)
      node.outputs = [output]
    }
    rewriter.remove(index)
  }

  private static func uses(_ rewriter: Rewriter, _ id: ValueID, only index: Int) -> Bool { rewriter.soleConsumer(of: id) == index }

  /// The node as an activation; nil for any other, and for a Clip whose bounds are not constant.
  static func activation(_ rewriter: Rewriter, _ index: Int) throws -> Activation? {
    let node = rewriter.node(index)
    switch node.op {
    case .relu: return .relu
    case .sigmoid: return .sigmoid
    case .tanh: return .tanh
    case .hardSwish: return .hardSwish
    case .leakyRelu: return .leakyRelu(alpha: try node.attributes.float("alpha", default: 0.01))
    case .hardSigmoid:
      return .hardSigmoid(
        alpha: try node.attributes.float("alpha", default: 0.2), beta: try node.attributes.float("beta", default: 0.5))
    case .clip:
      let (low, high) = (try rewriter.scalar(index, 1), try rewriter.scalar(index, 2))
      guard (low == nil) == (node.input(1) == nil), (high == nil) == (node.input(2) == nil) else { return nil }
      // A bound of NaN bounds nothing in ONNX's words; leave such a node alone.
      guard low?.isNaN != true, high?.isNaN != true else { return nil }
      return .clip(low: low.map { Float($0) } ?? -.infinity, high: high.map { Float($0) } ?? .infinity)
    default: return nil
    }
  }
}
