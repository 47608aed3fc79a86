import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Weights of a constant that are not zero.
  func stored(_ w: ValueID) throws -> Int {
    if let known = storedCounts[w] { return known }
    let count = graph[w].constant?.count ?? 0
    let stored =
      count == 0
      ? 0
      : try withFloats(w) { floats in
        var stored = 0
        for index in 0..<count where floats[index] != 0 { stored &+= 1 }
        return stored
      }
    storedCounts[w] = stored
    return stored
  }

  /// How the weights of the convolution being lowered are packed without their zeros.
  func sparsePacking(_ conv: ConvShape, _ w: ValueID) throws -> SparsePacking {
    if let known = sparsePackings[nodeIndex] { return known }
    let packing = try sparsePacking(conv, w, tileVectors: nil, spansLines: nil)
    sparsePackings[nodeIndex] = packing
    return packing
  }

  /// The same in tiles of a given form; by blocks of rows where the weights have such blocks, and that is estimated to be faster.
  func sparsePacking(_ conv: ConvShape, _ w: ValueID, tileVectors: Int?, spansLines: Bool?) throws -> SparsePacking {
    try withFloats(w) { weights in
      func packing(_ rowBlock: Int) -> SparsePacking {
        SparsePacking(
          conv.geometry(input: 1, output: 1), groups: conv.groups, groupInChannels: conv.groupIn, groupOutChannels: conv.groupOut, weights,
          conv.packing.oihw, level1Bytes: machine.level1Bytes, tileVectors: tileVectors, spansLines: spansLines, rowBlock: rowBlock)
      }
      let costs = imageCosts(conv)
      var best = packing(1)
      for rowBlock in SparseForm.rowBlocks {
        let fullness = SparsePacking.fullness(
          rowBlock: rowBlock, groups: conv.groups, groupOutChannels: conv.groupOut, places: conv.packing.depth, weights)
        // What is bound by multiplications is less than twice as fast as what is bound by loads; larger blocks are no fuller.
        guard 2 * fullness > 1 else { break }
        let blocks = packing(rowBlock)
        if costs.sparse(blocks) < costs.sparse(best) { best = blocks }
      }
      return best
    }
  }

  /// Whether a convolution may be run without zeros: dense weights too, where they are few, as in the first layer of a network.
  func mayBeSparse(_ conv: ConvShape, _ w: ValueID) throws -> Bool {
    try options.sparse == .always || stored(w) <= max(100_000, conv.outputs * conv.packing.depth / 4 * 3)
  }

  /// Estimates are for one image: an image's result must not depend on the batch that it is in.
  func imageCosts(_ conv: ConvShape) -> ConvCosts {
    var geometry = conv.geometry(input: 1, output: 1)
    geometry.batch = min(1, geometry.batch)
    return convCosts(conv, geometry)
  }

  func sparseName(_ stored: Int, of count: Int) -> String {
    "sparse, \((1000 * stored / max(1, count) + 5) / 10) % of the weights"
  }

  func sparseName(_ packing: SparsePacking, of count: Int) -> String {
    sparseName(packing.stored, of: count) + (packing.form.rowBlock > 1 ? " in blocks of \(packing.form.rowBlock) rows" : "")
  }

  /// Why the convolution being lowered, which was chosen to be sparse, is.
  func sparseChoice(_ conv: ConvShape, _ w: ValueID, _ bias: [Float], behind front: FusedDepthwise? = nil) throws -> Choice {
    if let front {
      let packing = try fusedPacking(conv, w)
      return Choice(
        name: "depthwise in the panel of " + sparseName(packing, of: conv.packing.depth * conv.outputs),
        nanoseconds: imageCosts(conv).sparse(packing, behind: front.descriptor.geometry),
        losers: [Choice.Loser(name: "one after the other", nanoseconds: front.apart, refusal: nil)])
    }
    let packing = try sparsePacking(conv, w)
    let cost = imageCosts(conv).sparse(packing)
    let losers = denseWays(conv, w, bias, fromPlanes: false).map { way in
      Choice.Loser(
        name: way.candidate.name, nanoseconds: way.candidate.nanoseconds,
        refusal: way.candidate.nanoseconds < cost ? PlanBuilder.regional : nil)
    }
    return Choice(name: sparseName(packing, of: conv.packing.depth * conv.outputs), nanoseconds: cost, losers: losers)
  }

  /// What leaving out zeros would take in a convolution that is dense; nil where it was not thought of.
  func sparseLoser(_ conv: ConvShape, under dense: Double) -> Choice.Loser? {
    guard let packing = sparsePackings[nodeIndex] else { return nil }
    let cost = imageCosts(conv).sparse(packing)
    return Choice.Loser(
      name: sparseName(packing, of: conv.packing.depth * conv.outputs), nanoseconds: cost,
      refusal: cost < dense ? PlanBuilder.regional : nil)
  }

  static var regional: String { "its neighbours' layout is the other one, and changing it would take longer" }
}
