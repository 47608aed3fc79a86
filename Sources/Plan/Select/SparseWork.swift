import KernelContract

/// What a sparse convolution of one image does, counted: a rate each (`SparseRates`) makes an estimate of it.
package struct SparseWork: Sendable {
  /// Weights times vectors of eight pixels, and times tiles; of blocks of rows all values of a record, and records times passes over the tile.
  package var vectors: Double
  package var weights: Double
  /// Vectors of the panels, of neighbouring pixels or of every other one.
  package var panel: Double
  package var strided: Double
  /// Rows of sums, once a tile and block; of blocks of rows, once a pass.
  package var rows: Double
  /// Rows that are stored together, 1 where they are in pairs.
  package var rowBlock: Int

  package init(_ packing: SparsePacking, _ geometry: Geometry) {
    let form = packing.form
    let (height, width) = (geometry.outputHeight, geometry.outputWidth)
    let tiles = Double(
      form.spansLines ? blocks(width, of: 8) * blocks(height, of: form.tileVectors) : blocks(height * width, of: form.tilePixels))
    let columns = Double(form.spansLines ? height * blocks(width, of: 8) : blocks(height * width, of: 8))
    let passes: Double
    rowBlock = form.rowBlock
    if rowBlock > 1 {
      let lines = form.spansLines ? height : blocks(height * width, of: 8)
      let across = Double(form.spansLines ? blocks(width, of: 8) : 1)
      let (full, rest) = (Self.passes(form.tileVectors, form.rowBlock), Self.passes(lines % form.tileVectors, form.rowBlock))
      let whole = Double(lines / form.tileVectors)
      passes = across * (whole * full.count + rest.count)
      vectors = Double(packing.filled) * across * (whole * full.vectors + rest.vectors)
      weights = Double(packing.filled / form.rowBlock) * passes
    } else {
      passes = tiles
      vectors = Double(packing.stored) * columns
      weights = Double(packing.stored) * tiles
    }
    let copied = Double(form.groups * form.groupInChannels * form.strips) * tiles * Double(form.stripFloats) / 8
    (panel, strided) = geometry.strideX == 1 ? (copied, 0) : (0, copied)
    rows = Double(form.groups * form.groupOutChannels * form.stripBlocks) * passes
  }

  /// The passes over a tile of so many vectors, and what they take in vectors: fewer than eight chains of sums wait for one another.
  private static func passes(_ width: Int, _ rowBlock: Int) -> (count: Double, vectors: Double) {
    var (rest, count, vectors) = (width, 0, 0)
    while rest > 0 {
      let part = nextSparsePass(rest, rowBlock: rowBlock)
      rest -= part
      count += 1
      vectors += max(part, 8 / rowBlock)
    }
    return (Double(count), Double(vectors))
  }

  func nanoseconds(_ rates: SparseRates) -> Double {
    let filling = panel * rates.panel + strided * rates.strided
    if rowBlock > 1 {
      let kind = rowBlock / 4
      return filling + vectors * rates.rowsVector[kind] + weights * rates.rowsRecord[kind] + rows * rates.rowsRow[kind]
    }
    return filling + vectors * rates.vector + weights * rates.weight + rows * rates.row
  }
}
