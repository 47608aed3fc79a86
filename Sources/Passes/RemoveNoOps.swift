import Graph
import Tensors

extension Pass {
  /// Bypasses the nodes that give back their first input: Identity, a Reshape to the same shape, a Cast to the same type, …
  package static let removeNoOps = Pass.each("remove-no-ops") { rewriter, index in
    let node = rewriter.node(index)
    guard node.outputs.count == 1, let input = node.input(0), let type = rewriter.type(input),
      type == rewriter.type(node.outputs[0]), type.shape != nil, try keepsElements(node, rewriter, index)
    else { return }
    rewriter.bypass(index, to: input)
  }

  /// Whether a node whose output has the type of its first input also has its elements, in their order.
  private static func keepsElements(_ node: Node, _ rewriter: Rewriter, _ index: Int) throws -> Bool {
    let rank = rewriter.shape(node.input(0))?.count ?? 0
    switch node.op {
    case .identity, .reshape, .flatten, .squeeze, .unsqueeze, .cast, .expand: return true
    case .concat: return node.inputs.count == 1
    case .split: return true
    case .transpose: return try rewriter.context(index).permutation(rank: rank) == Array(0..<rank)
    case .slice:
      return try rewriter.context(index).sliceRanges().allSatisfy { range in
        guard case .some(let known) = range else { return true }
        return known.map { $0.start == 0 && $0.step == 1 } ?? false
      }
    case .pad: return try rewriter.integers(index, 1)?.allSatisfy { $0 == 0 } ?? false
    case .clip: return node.input(1) == nil && node.input(2) == nil
    case .reduceMean: return try rewriter.context(index).reducedAxes() == nil
    case .channelShuffle:
      let groups = try node.attributes.int("groups", default: 1)
      return groups == 1 || rewriter.shape(node.input(0))?[1] == .fixed(groups)
    default: return false
    }
  }
}
