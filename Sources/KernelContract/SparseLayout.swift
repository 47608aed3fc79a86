/// Where the terms of a sparse convolution lie in its panel, and how large a tile and a block are.
struct SparseLayout: Sendable {
  private(set) var form: SparseForm
  /// For each strip of a channel what it holds and the taps it serves, floats behind the strip's beginning.
  private(set) var strips: [(place: SparseStrip, taps: [(tap: Int, offset: Int)])] = []

  /// The most floats of a panel that 16 bits of bytes can reach into.
  private static var reach: Int { 65_536 / 4 }

  init(
    _ g: Geometry, groups: Int, groupInChannels: Int, groupOutChannels: Int, level1Bytes: Int, tileVectors: Int?, sharesLines: Bool?
  ) {
    let pixels = g.outputHeight * g.outputWidth
    let vectors = max(1, tileVectors ?? Self.bestTile(blocks(pixels, of: 8)))
    let tile = 8 * vectors
    // With shared lines, the strips of a channel are [column of the window][line modulo the stride].
    let phases = Set((0..<g.kernelHeight).map { $0 * g.dilationY % g.strideY }).sorted()
    let farthest = g.isPointwise ? 0 : (g.kernelHeight - 1) * g.dilationY / g.strideY
    let shared = roundUp(tile + farthest * g.outputWidth, to: 8)
    let shares =
      (sharesLines ?? true) && g.kernelHeight > 1
      && g.kernelWidth * phases.count * shared <= (sharesLines == nil ? g.taps * tile : Self.reach) && tile + shared + 8 <= Self.reach
    for x in 0..<g.kernelWidth {
      let column = x * g.dilationX - g.padLeft
      if shares {
        for phase in phases {
          let lines = (0..<g.kernelHeight).filter { $0 * g.dilationY % g.strideY == phase }
          let taps = lines.map { (tap: $0 * g.kernelWidth + x, offset: $0 * g.dilationY / g.strideY * g.outputWidth) }
          strips.append((SparseStrip(line: phase - g.padTop, column: column), taps))
        }
      } else {
        for y in 0..<g.kernelHeight {
          strips.append((SparseStrip(line: y * g.dilationY - g.padTop, column: column), [(tap: y * g.kernelWidth + x, offset: 0)]))
        }
      }
    }
    let stripFloats = shares ? shared : tile
    let all = groupInChannels * strips.count
    let room = min(level1Bytes / 4 * 15 / 16, Self.reach) - tile - 8
    let blockCount = max(1, blocks(all, of: max(1, room / stripFloats)))
    let block = max(1, blocks(all, of: blockCount))
    form = SparseForm(
      groups: groups, groupInChannels: groupInChannels, groupOutChannels: groupOutChannels, tileVectors: vectors, strips: strips.count,
      stripFloats: stripFloats, stripBlock: block, stripBlocks: max(1, blocks(all, of: block)), startsOffset: 0,
      pairsOffset: 0, quadsOffset: 0)
  }

  /// The vectors of a tile, so that the tiles of an image are about full.
  private static func bestTile(_ vectors: Int) -> Int {
    if vectors <= 7 { return vectors }
    // What a tile of so many vectors takes beside its vectors, in vectors.
    let wastes = [(7, 1.9), (6, 1.9), (5, 1.6)]
    let costs = wastes.map { width, waste in Double(vectors) + Double(blocks(vectors, of: width)) * waste }
    return costs.indices.min { costs[$0] < costs[$1] }.map { wastes[$0].0 } ?? 7
  }

  /// Calls the body with each term of a block in the order of its sum: input channel, tap, and floats behind the panel's beginning.
  @inline(__always)
  func forEachTerm(_ block: Int, _ body: (_ channel: Int, _ tap: Int, _ offset: Int) -> Void) {
    let first = block * form.stripBlock
    let end = min(first + form.stripBlock, form.groupInChannels * form.strips)
    var (channel, strip) = (first / form.strips, first % form.strips)
    var place = form.tilePixels
    for _ in first..<max(first, end) {
      for (tap, offset) in strips[strip].taps { body(channel, tap, place + offset) }
      place += form.stripFloats
      strip += 1
      if strip == form.strips { (channel, strip) = (channel + 1, 0) }
    }
  }
}
