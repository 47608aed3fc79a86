/// Where the terms of a sparse convolution lie in its panel, and how large a tile and a block are.
struct SparseLayout: Sendable {
  private(set) var form: SparseForm
  /// For each strip of a channel what it holds and the taps it serves, floats behind the strip's beginning.
  private(set) var strips: [(place: SparseStrip, taps: [(tap: Int, offset: Int)])] = []

  /// The most floats of a panel that 16 bits of bytes can reach into.
  private static var reach: Int { 65_536 / 4 }

  init(
    _ g: Geometry, groups: Int, groupInChannels: Int, groupOutChannels: Int, level1Bytes: Int, tileVectors: Int?, spansLines: Bool?,
    rowBlock: Int
  ) {
    let pixels = g.outputHeight * g.outputWidth
    // At the right edge of an image, tiles that span lines may be empty in part.
    let inLines = g.outputHeight * blocks(g.outputWidth, of: 8)
    let fits = (g.kernelHeight - 1) * g.dilationY / g.strideY <= 1024
    let spans = fits && (spansLines ?? (g.taps > 1 && 4 * 8 * inLines <= 5 * pixels))
    let all = spans ? g.outputHeight : blocks(pixels, of: 8)
    let best: Int
    if rowBlock > 1 {
      // Six vectors are whole passes of blocks of either size; four rows take consecutive pixels three by three, so that more channels
      // share a panel. Lines above one another share what their windows see: with a stride, copying that is most of the work.
      best = Self.evenly(all, most: spans ? (g.strideX > 1 ? 7 : 6) : rowBlock == 4 ? 3 : 6)
    } else {
      best = spans ? Self.evenly(all) : Self.bestTile(all)
    }
    let vectors = max(1, tileVectors ?? best)
    // A line of 16 floats serves all columns of a window that moves by single pixels; its vectors never cross a cache line.
    let reachX = (g.kernelWidth - 1) * g.dilationX
    let isWide = spans && g.strideX == 1 && g.kernelWidth > 1 && reachX <= 8
    let lineFloats = isWide ? 16 : 8
    let farthest = spans ? (g.kernelHeight - 1) * g.dilationY / g.strideY : 0
    let stripFloats = lineFloats * (vectors + farthest)
    for x in 0..<(isWide ? 1 : g.kernelWidth) {
      let column = x * g.dilationX - g.padLeft
      // Strips that serve several taps hold the lines of one remainder modulo the stride, in the order in which the window meets them.
      var phases: [Int: Int] = [:]
      for y in 0..<g.kernelHeight {
        let line = y * g.dilationY
        let below = spans ? line / g.strideY * lineFloats : 0
        let first = y * g.kernelWidth
        let taps = isWide ? (0..<g.kernelWidth).map { (first + $0, below + $0 * g.dilationX) } : [(first + x, below)]
        if spans, let known = phases[line % g.strideY] {
          strips[known].taps += taps
        } else {
          phases[line % g.strideY] = strips.count
          strips.append((SparseStrip(line: (spans ? line % g.strideY : line) - g.padTop, column: column), taps))
        }
      }
    }
    let allStrips = groupInChannels * strips.count
    let room = min(level1Bytes / 4 * 15 / 16, Self.reach) - lineFloats * vectors - 8
    let blockCount = max(1, blocks(allStrips, of: max(1, room / stripFloats)))
    let block = max(1, blocks(allStrips, of: blockCount))
    form = SparseForm(
      groups: groups, groupInChannels: groupInChannels, groupOutChannels: groupOutChannels, tileVectors: vectors, spansLines: spans,
      lineFloats: lineFloats, strips: strips.count, stripFloats: stripFloats, stripBlock: block,
      stripBlocks: max(1, blocks(allStrips, of: block)), rowBlock: rowBlock, startsOffset: 0,
      pairsOffset: 0, quadsOffset: 0)
  }

  /// The vectors of a tile of consecutive pixels, so that the tiles of an image are about full.
  private static func bestTile(_ vectors: Int) -> Int {
    if vectors <= 7 { return vectors }
    // What a tile of so many vectors takes beside its vectors, in vectors.
    let wastes = [(7, 1.2), (6, 1.5), (5, 1.5)]
    let costs = wastes.map { width, waste in Double(vectors) + Double(blocks(vectors, of: width)) * waste }
    return costs.indices.min { costs[$0] < costs[$1] }.map { wastes[$0].0 } ?? 7
  }

  /// At most so many lines, or vectors, so that all tiles are about as high.
  static func evenly(_ lines: Int, most: Int = 7) -> Int { blocks(lines, of: max(1, blocks(lines, of: most))) }

  /// Calls the body with each term of a block in the order of its sum: input channel, tap, and floats behind the panel's beginning.
  @inline(__always)
  func forEachTerm(_ block: Int, _ body: (_ channel: Int, _ tap: Int, _ offset: Int) -> Void) {
    let first = block * form.stripBlock
    let end = min(first + form.stripBlock, form.groupInChannels * form.strips)
    var (channel, strip) = (first / form.strips, first % form.strips)
    var place = form.zeroFloats
    for _ in first..<max(first, end) {
      for (tap, offset) in strips[strip].taps { body(channel, tap, place + offset) }
      place += form.stripFloats
      strip += 1
      if strip == form.strips { (channel, strip) = (channel + 1, 0) }
    }
  }
}
