import Graph
import Tensors

extension Pass {
  /// Reshape [N, C, H, W] → [N, g, C/g, H, W], Transpose of the two parts of C, Reshape back: one ChannelShuffle.
  package static let fuseChannelShuffle = Pass.each("fuse-channel-shuffle") { rewriter, index in
    guard rewriter.node(index).op == .reshape, let transpose = rewriter.soleProducer(index, 0, .transpose),
      let reshape = rewriter.soleProducer(transpose, 0, .reshape), let input = rewriter.node(reshape).input(0),
      let x = rewriter.shape(input), let folded = rewriter.shape(rewriter.node(reshape).outputs[0]), x.count >= 3,
      rewriter.shape(rewriter.node(index).outputs[0]) == x, folded.count >= 4, folded[0] == x[0],
      let groups = folded[1].value, groups >= 1, let slice = folded[2].value, x[1].value == groups.multipliedSafely(by: slice)
    else { return }
    // The pixels may be split or joined, as long as they stay behind.
    let order = try rewriter.context(transpose).permutation(rank: folded.count)
    guard order == [0, 2, 1] + Array(3..<folded.count) else { return }
    rewriter.edit(index) { node in
      node.op = .channelShuffle
      node.inputs = [input]
      node.attributes = Attributes(["groups": .int(groups)])
    }
  }
}

extension Int {
  /// The product; nil on overflow.
  fileprivate func multipliedSafely(by other: Int) -> Int? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }
}
