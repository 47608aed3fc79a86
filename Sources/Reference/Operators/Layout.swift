import Graph
import Tensors

extension ReferenceOperator {
  static let reshape = sameElements(.reshape)
  static let flatten = sameElements(.flatten)
  static let squeeze = sameElements(.squeeze)
  static let unsqueeze = sameElements(.unsqueeze)
  static let identity = sameElements(.identity)

  /// The same elements in the inferred shape, without a copy.
  private static func sameElements(_ op: Operator) -> ReferenceOperator {
    ReferenceOperator(op) { [try $0.input(0).reshaped($0.shape())] }
  }

  static let transpose = ReferenceOperator(.transpose) { call in
    let x = try call.input(0)
    let strides = Offsets.strides(x.shape)
    let order = try call.context.permutation(rank: x.shape.count)
    return [try x.picking(Offsets.walk(call.shape(), strides: order.map { strides[$0] }), shape: call.shape())]
  }

  /// Channel g·(C/groups)+c becomes c·groups+g: a transpose of [N, groups, C/groups, pixels].
  static let channelShuffle = ReferenceOperator(.channelShuffle) { call in
    let x = try call.input(0)
    let groups = try call.node.attributes.int("groups", default: 1)
    let (slice, plane) = (x.shape[1] / groups, x.shape.dropFirst(2).reduce(1, *))
    let offsets = Offsets.walk(
      [x.shape[0], slice, groups, plane], strides: [x.shape[1] * plane, plane, slice * plane, 1])
    return [try x.picking(offsets, shape: x.shape)]
  }
}
