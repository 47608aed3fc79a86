import Graph
import KernelContract
import Tensors

/// A batch normalization as one factor and one shift a channel.
struct ChannelScaling {
  var factors: [Float]
  var shifts: [Float]
}

extension PlanBuilder {
  /// What the batch normalization at `index` does to each of `channels` channels.
  func scaling(normalization index: Int, channels: Int) throws -> ChannelScaling {
    let node = graph.nodes[index]
    let parts = try (1...4).map { position in
      guard let tensor = try graph.constant(node, position) else { throw unsupported("the statistics of '\(node.name)' must be constant") }
      return tensor.floats().map(Double.init)
    }
    guard parts.allSatisfy({ $0.count == channels }) else { throw unsupported("the statistics do not match \(channels) channels") }
    let epsilon = Double(try node.attributes.float("epsilon", default: 1e-5))
    let factors = (0..<channels).map { parts[0][$0] / (parts[3][$0] + epsilon).squareRoot() }
    let shifts = (0..<channels).map { parts[1][$0] - parts[2][$0] * factors[$0] }
    return ChannelScaling(factors: factors.map { Float($0) }, shifts: shifts.map { Float($0) })
  }

  /// A batch normalization that alone reads `id`, the result of a convolution with an activation: the kernel that makes `id` can apply it
  /// before it writes, where the activation is one that it applies in registers.
  func followingNormalization(_ id: ValueID, _ activation: Activation) throws -> (node: Int, output: ValueID, scaling: ChannelScaling)? {
    guard let index = uses.soleConsumer(of: id), graph.nodes[index].op == .batchNormalization, graph.nodes[index].input(0) == id,
      graph.nodes[index].outputs.count == 1, try shape(id).count > 1
    else { return nil }
    switch Epilogue(activation).kind {
    case .clamp, .leakyRelu: break
    default: return nil
    }
    return (index, graph.nodes[index].outputs[0], try scaling(normalization: index, channels: try shape(id)[1]))
  }

  /// Factors and shifts as a product's `affine`.
  func packedScaling(_ scaling: ChannelScaling, _ packing: GemmPacking) throws -> UnsafePointer<Float> {
    try packedScaling(scaling, count: packing.columnCount) { packing.packColumns($0, fill: 0, into: $1) }
  }

  /// The same for a depthwise convolution.
  func packedScaling(_ scaling: ChannelScaling, _ packing: DepthwisePacking) throws -> UnsafePointer<Float> {
    try packedScaling(scaling, count: packing.columnCount) { packing.packColumns($0, fill: 0, into: $1) }
  }

  /// `count` factors, then as many shifts, each arranged by `pack`.
  private func packedScaling(
    _ scaling: ChannelScaling, count: Int, pack: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) throws -> UnsafePointer<Float> {
    let target = try memory.constant(byteCount: 8 * count).bindMemory(to: Float.self, capacity: 2 * count)
    for (place, values) in [scaling.factors, scaling.shifts].enumerated() {
      values.withUnsafeBufferPointer { source in if let base = source.baseAddress { pack(base, target + place * count) } }
    }
    return UnsafePointer(target)
  }
}
