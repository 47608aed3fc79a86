import Graph
import Tensors

extension Pass {
  /// Folds what scales and shifts each channel (BatchNormalization, or Mul, Div, Add and Sub by constants of one number a
  /// channel) into the Conv or Gemm before it: y = f·(W∗x + b) + s is (f·W)∗x + (f·b + s).
  package static let foldBatchNormalization = Pass.each("fold-batch-normalization") { rewriter, index in
    let node = rewriter.node(index)
    for position in 0..<(node.op == .batchNormalization ? 1 : min(node.inputs.count, 2)) {
      guard let producer = rewriter.soleProducer(index, position, .conv) ?? rewriter.soleProducer(index, position, .gemm),
        try Activation(rewriter.node(producer).attributes) == .none, let output = rewriter.shape(rewriter.node(producer).outputs[0]),
        rewriter.shape(node.outputs[0]) == output,
        let weightID = rewriter.node(producer).input(1), let weight = rewriter.graph[weightID].constant,
        // A weight that others read would have to be copied, without bound.
        rewriter.uses.consumers(of: weightID).count == 1, !rewriter.uses.isOutput(weightID)
      else { continue }
      let isConv = rewriter.node(producer).op == .conv
      let axis = try isConv ? 0 : (rewriter.node(producer).attributes.int("transB", default: 0) == 1 ? 0 : 1)
      let channels = weight.shape[axis]
      guard let affine = try ChannelAffine(rewriter, index, constant: 1 - position, channels: channels, rank: output.count),
        let bias = try bias(rewriter, producer, channels: channels)
      else { continue }
      let scaled = affine.factors.allSatisfy { $0 == 1 } ? weight : weight.scaled(by: affine.factors, axis: axis)
      let shifted = (0..<channels).map { Float(bias[$0] * affine.factors[$0] + affine.shifts[$0]) }
      guard let scaled, shifted.allSatisfy(\.isFinite) else { continue }
      let newWeight = rewriter.replaceConstant(weightID, with: scaled)
      let newBias = Weight(try Tensor([channels], shifted))
      let old = rewriter.node(producer).input(2)
      let biasID =
        if let old { rewriter.replaceConstant(old, with: newBias) } else {
          rewriter.addConstant("\(rewriter.node(producer).name).bias", newBias)
        }
      let activation = node.op == .add ? try Activation(node.attributes) : .none
      rewriter.edit(producer) {
        $0.inputs = [$0.inputs[0], newWeight, biasID]
        $0.outputs = node.outputs
        if !isConv { $0.attributes["beta"] = nil }
        activation.store(in: &$0.attributes)
      }
      rewriter.remove(index)
      return
    }
  }

  /// What Conv or Gemm adds to each channel, beta included; nil where that is not constant or not one number a channel.
  static func bias(_ rewriter: Rewriter, _ producer: Int, channels: Int) throws -> [Double]? {
    let node = rewriter.node(producer)
    guard let id = node.input(2) else { return [Double](repeating: 0, count: channels) }
    guard let weight = rewriter.graph[id].constant, weight.count == 1 || (weight.count == channels && weight.shape.last == channels) else {
      return nil
    }
    let beta = node.op == .gemm ? Double(try node.attributes.float("beta", default: 1)) : 1
    let elements = try weight.decoded().doubles()
    return (0..<channels).map { beta * elements[weight.count == 1 ? 0 : $0] }
  }
}
