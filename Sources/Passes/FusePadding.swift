import Graph
import Tensors

extension Pass {
  /// A Pad with zeros of the spatial extents goes into the Conv behind it, or into an AveragePool that counts padding.
  package static let fusePadding = Pass.each("fuse-padding") { rewriter, index in
    let window = rewriter.node(index)
    guard window.op == .conv || window.op == .averagePool, let pad = rewriter.soleProducer(index, 0, .pad),
      try rewriter.node(pad).attributes.string("mode", default: "constant") == "constant", let source = rewriter.node(pad).input(0),
      let rank = rewriter.shape(source)?.count, rank >= 3
    else { return }
    if rewriter.node(pad).input(2) != nil { guard try rewriter.scalar(pad, 2) == 0 else { return } }
    guard let pads = try spatialPads(rewriter, pad, rank: rank), pads.allSatisfy({ $0 >= 0 && $0 <= 1 << 20 }) else { return }
    guard ["NOTSET", "VALID", ""].contains(try window.attributes.string("auto_pad", default: "NOTSET")) else { return }
    let isExplicit = try window.attributes.string("auto_pad", default: "NOTSET") != "VALID"
    let none = [Int](repeating: 0, count: pads.count)
    let own = isExplicit ? try window.attributes.ints("pads") ?? none : none
    guard own.count == pads.count, own.allSatisfy({ $0 <= 1 << 20 }) else { return }
    let sum = zip(own, pads).map { $0 + $1 }
    if window.op == .averagePool {
      guard try own == none || window.attributes.int("count_include_pad", default: 0) == 1,
        try window.attributes.int("ceil_mode", default: 0) == 0, let kernel = try window.attributes.ints("kernel_shape"),
        2 * kernel.count == sum.count, sum.indices.allSatisfy({ sum[$0] < kernel[$0 % kernel.count] })
      else { return }
    }
    rewriter.edit(index) { node in
      node.inputs[0] = source
      node.attributes["auto_pad"] = nil
      node.attributes["pads"] = .ints(sum)
      if node.op == .averagePool { node.attributes["count_include_pad"] = .int(1) }
    }
  }

  /// The constant pads as Conv writes them; nil where they touch batch or channels.
  private static func spatialPads(_ rewriter: Rewriter, _ pad: Int, rank: Int) throws -> [Int]? {
    guard let stated = try rewriter.integers(pad, 1) else { return nil }
    var axes = Array(0..<rank)
    if rewriter.node(pad).input(3) != nil {
      guard let list = try rewriter.integers(pad, 3) else { return nil }
      axes = try rewriter.context(pad).normalized(list, rank: rank)
    }
    guard stated.count == 2 * axes.count else { return nil }
    var pads = [Int](repeating: 0, count: 2 * (rank - 2))
    for (position, axis) in axes.enumerated() {
      let (begin, end) = (stated[position], stated[position + axes.count])
      if axis < 2 {
        guard begin == 0, end == 0 else { return nil }
      } else {
        pads[axis - 2] = begin
        pads[axis - 2 + rank - 2] = end
      }
    }
    return pads
  }
}
