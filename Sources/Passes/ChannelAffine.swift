import Graph
import Tensors

/// y = factor · x + shift, for each channel.
struct ChannelAffine {
  var factors: [Double]
  var shifts: [Double]

  /// What node `index` does to each channel, where `constant` is the position of its constant; nil for any other node.
  init?(_ rewriter: Rewriter, _ index: Int, constant: Int, channels: Int, rank: Int) throws {
    let node = rewriter.node(index)
    factors = [Double](repeating: 1, count: channels)
    shifts = [Double](repeating: 0, count: channels)
    if node.op == .batchNormalization {
      var parameters: [[Double]] = []
      for position in 1...4 {
        guard let tensor = try rewriter.constant(index, position), tensor.count == channels else { return nil }
        parameters.append(tensor.doubles())
      }
      let epsilon = Double(try node.attributes.float("epsilon", default: 1e-5))
      for channel in 0..<channels {
        factors[channel] = parameters[0][channel] / (parameters[3][channel] + epsilon).squareRoot()
        shifts[channel] = parameters[1][channel] - parameters[2][channel] * factors[channel]
      }
    } else {
      guard let values = try ChannelAffine.values(rewriter, node, constant, channels: channels, rank: rank) else { return nil }
      switch (node.op, constant) {
      case (.mul, _): factors = values
      case (.div, 1): factors = values.map { 1 / $0 }
      case (.add, _): shifts = values
      case (.sub, 1): shifts = values.map { -$0 }
      case (.sub, 0):
        factors = factors.map { -$0 }
        shifts = values
      default: return nil
      }
    }
    // What does not fit an f32, or is no number, stays where it is.
    guard factors.allSatisfy({ Float($0).isFinite }), shifts.allSatisfy({ Float($0).isFinite }) else { return nil }
  }

  /// The constant as one number a channel: of extent 1 everywhere but on axis 1.
  private static func values(_ rewriter: Rewriter, _ node: Node, _ position: Int, channels: Int, rank: Int) throws -> [Double]? {
    guard let id = node.input(position), let weight = rewriter.graph[id].constant, weight.dtype == .f32, weight.shape.count <= rank,
      weight.count == 1 || weight.count == channels
    else { return nil }
    let shape = [Int](repeating: 1, count: rank - weight.shape.count) + weight.shape
    guard weight.count == 1 || shape[1] == channels else { return nil }
    let elements = try weight.decoded().doubles()
    return (0..<channels).map { elements[weight.count == 1 ? 0 : $0] }
  }
}
