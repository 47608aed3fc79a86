import KernelContract

/// What the ways to run one convolution are estimated to take on one core.
struct ConvCosts {
  let conv: ConvShape
  let geometry: Geometry
  let machine: Machine
  let table: CostTable
  /// Bytes of all weights of the network: together they either stay in the last-level cache from run to run, or come from memory each time.
  let networkBytes: Int

  /// The time to stream a layer's weights once, above that of the product that uses them.
  func once(_ stream: CostTable.Stream, _ bytes: Double) -> Double { bytes * (isFar(bytes) ? stream.memory : stream.level3) }

  /// Whether weights come from memory at every run.
  private func isFar(_ bytes: Double) -> Bool { max(Double(networkBytes), bytes) > 0.75 * Double(machine.level3Bytes) }

  /// The time to move the images where they do not fit the second-level cache: the output is fetched before it is written.
  var images: Double {
    let input = 4 * (Double(geometry.batch) * Double(geometry.inputHeight) * Double(geometry.inputWidth) * Double(conv.channels))
    let output = 4 * Double(geometry.outputPixels) * Double(conv.outputs)
    if input + output <= Double(machine.level2Bytes) { return 0 }
    let stream = table.images
    return (input + 2 * output) * (input + output > 0.5 * Double(machine.level3Bytes) ? stream.memory : stream.level3)
  }

  /// `gemm_f32`, which sums over taps and channels.
  func gemm(_ grid: ProductBlocks, copiesRows: Bool) -> Double {
    let depth = conv.packing.depth
    let rows = geometry.outputPixels
    let panels = blocks(conv.groupOut, of: GemmPacking.panel)
    // A last panel of 8 columns or fewer does half the work.
    let half = conv.groupOut % GemmPacking.panel
    let width = Double(panels) - (half > 0 && half <= 8 ? 0.5 : 0)
    let whole = Double(rows / grid.rows) * table.rows(grid.rows, depth: depth)
    let rest = rows % grid.rows == 0 ? 0 : table.rows(rows % grid.rows, depth: depth)
    // Copied lines are shared by neighbouring windows.
    let fresh = Double(min(depth, conv.groupIn * geometry.strideX * geometry.strideY))
    let finding = Double(rows) * (copiesRows ? 4 * fresh * table.copiedByte : Double(conv.taps) * table.pointer)
    let work = (whole + rest) * width + finding
    return Double(conv.groups) * work + once(table.weights, Double(conv.packing.f32Bytes))
  }

  /// `winograd_f32` with the tiles of `packing`.
  func winograd(_ packing: WinogradPacking, _ grid: WinogradBlocks, tileCount: Int) -> Double {
    // The way back of a window of 5 has the points of a larger tile and fewer pixels: that tile's is the upper bound.
    let which = packing.side / 2 - 2
    let whole = Double(tileCount / grid.tiles) * table.rows(grid.tiles, depth: conv.groupIn)
    let rest = tileCount % grid.tiles == 0 ? 0 : table.rows(tileCount % grid.tiles, depth: conv.groupIn)
    // A last panel of 8 columns or fewer does half the work.
    let half = conv.groupOut % GemmPacking.panel
    let width = Double(packing.panels) - (half > 0 && half <= 8 ? 0.5 : 0)
    let products = (whole + rest) * width * Double(packing.points)
    // Of a square tile, `side` columns and as many rows are transformed, and on the way back as many columns and `tile` rows.
    let side = Double(packing.side)
    let (transformIn, transformOut) = packing.isLine ? (2 * side, 2 * side - 2) : (1, 1)
    let vectors =
      Double(blocks(conv.groupIn, of: 8)) * table.winogradIn[which] / transformIn
      + Double(blocks(conv.groupOut, of: 8)) * table.winogradOut[which] / transformOut
    let passes = Double(blocks(tileCount, of: grid.tiles))
    // What the first pass brings stays for the others where it leaves room for the rest: in a quarter of the last-level cache.
    let bytes = 4 * Double(packing.weightCount)
    let staysNot = bytes > 0.25 * Double(machine.level3Bytes)
    let again = bytes * (staysNot ? table.winogradWeights.memory : table.winogradWeights.level3)
    // They are fetched while products are made, which takes at least as long as fetching does.
    let fetched = (isFar(bytes) ? bytes : 0) + (staysNot ? (passes - 1) * bytes : 0)
    let work = Double(conv.groups) * Double(tileCount) * vectors + max(Double(conv.groups) * products, fetched * table.winogradFetch)
    // Transformed tiles that do not fit the second-level cache are written to the last one and read back.
    let block = 4 * Double(packing.points) * Double(conv.groupIn + packing.panels * GemmPacking.panel) * Double(grid.tiles)
    let spilled = block > Double(machine.level2Bytes) ? 2 * block * passes * table.images.level3 : 0
    let streams = once(table.winogradWeights, bytes) + (passes - 1) * again + Double(conv.groups) * spilled
    return work + streams + images
  }

  /// A product called for itself instead of as a step of its own: its descriptor, its rows, a first panel that nothing fetched ahead.
  private static let productCall = 150.0

  /// `strassen_f32` with `block` pairs of rows a task.
  func strassen(_ block: Int) -> Double {
    let packing = StrassenPacking(inChannels: conv.channels, outChannels: conv.outputs)
    let upper = blocks(geometry.outputPixels, of: 2)
    let (passes, rest) = (upper / block, upper % block)
    let depth = conv.channels / 2
    // The right halves of the columns are a panel shorter where the panels are odd in number.
    let panels = Double(4 * packing.panels + 3 * (blocks(conv.outputs, of: GemmPacking.panel) - packing.panels))
    let products = (Double(passes) * table.rows(block, depth: depth) + (rest == 0 ? 0 : table.rows(rest, depth: depth))) * panels
    let floats = Double(upper) * Double(4 * depth + 3 * packing.half)
    let bytes = 4 * Double(packing.weightCount)
    let again = bytes * (bytes > 0.75 * Double(machine.level3Bytes) ? table.weights.memory : table.weights.level3)
    let calls = 7 * Double(passes + (rest == 0 ? 0 : 1)) * ConvCosts.productCall
    return products + calls + floats * table.strassenFloat + once(table.weights, bytes) + Double(passes + (rest == 0 ? 0 : 1) - 1) * again
  }
}
