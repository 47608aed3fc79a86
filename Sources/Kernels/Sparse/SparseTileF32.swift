import KernelContract

/// What one call reads and writes: a tile of pixels by a band of rows and a block of strips.
struct SparseTileF32 {
  /// `SparseQuad`s, or records of blocks of rows.
  var records: UnsafeRawPointer
  var pairs: UnsafePointer<SparsePair>
  var pairCount: Int
  var panel: UnsafeRawPointer
  /// Of the band's rows; nil behind the first block, where sums begin with those at `sums`.
  var bias: UnsafePointer<Float>?
  /// `[row][sumStride]`, vectors side by side.
  var sums: UnsafeMutablePointer<Float>
  var sumStride: Int
  /// Where the sums are complete and may be written as they are: the first row, `outputStride` floats between rows.
  var output: UnsafeMutablePointer<Float>?
  var outputStride: Int
  /// Floats between the vectors of a row of the output and the residual.
  var vectorStep: Int
  var residual: UnsafePointer<Float>?
  var residualStride: Int
  var low: Float
  var high: Float
}

/// `width` vectors of eight pixels, `pitch` floats apart in the panel.
@inline(__always)
private func multiply(_ width: Int, _ pitch: Int, _ tile: UnsafePointer<SparseTileF32>) {
  let panel = tile.pointee.panel
  var quad = tile.pointee.records.assumingMemoryBound(to: SparseQuad.self)
  var pair = tile.pointee.pairs
  let end = pair + tile.pointee.pairCount
  while pair < end {
    let (a, b) = (Int(pair.pointee.a), Int(pair.pointee.b))
    let (sumsA, sumsB) = (tile.pointee.sums + a * tile.pointee.sumStride, tile.pointee.sums + b * tile.pointee.sumStride)
    var sums: SparseSumsF32
    if let bias = tile.pointee.bias {
      sums = SparseSumsF32(splat8(bias[a]), splat8(bias[b]))
    } else {
      sums = SparseSumsF32(width, sumsA, sumsB, step: 8)
    }
    // Complete sums mostly go to lines that no cache near has: they come while the sums are made.
    if let output = tile.pointee.output {
      let (stride, step) = (tile.pointee.outputStride, tile.pointee.vectorStep)
      fetchRow(width, output + a * stride, step: step)
      fetchRow(width, output + b * stride, step: step)
    }
    let last = quad + Int(pair.pointee.quads)
    while quad < last {
      let offsets = quad.pointee.offsets
      var factors = Factors(UnsafeRawPointer(quad) + 8)
      sums.addA(width, pitch, factors.first, place(panel, word0(offsets)))
      sums.holdA(width, &factors)
      sums.addB(width, pitch, factors.second, place(panel, word1(offsets)))
      sums.holdB(width, &factors)
      sums.addA(width, pitch, factors.third, place(panel, word2(offsets)))
      sums.holdA(width, &factors)
      sums.addB(width, pitch, factors.fourth, place(panel, word3(offsets)))
      quad += 1
    }
    if let output = tile.pointee.output {
      if let residual = tile.pointee.residual {
        let stride = tile.pointee.residualStride
        sums.add(width, residual + a * stride, residual + b * stride, step: tile.pointee.vectorStep)
      }
      sums.clamp(width, splat8(tile.pointee.low), splat8(tile.pointee.high))
      let stride = tile.pointee.outputStride
      sums.write(width, output + a * stride, output + b * stride, step: tile.pointee.vectorStep)
    } else {
      sums.write(width, sumsA, sumsB, step: 8)
    }
    pair += 1
  }
}

/// Asks for a row's lines of the output: two vectors side by side share one.
@inline(__always)
func fetchRow(_ width: Int, _ row: UnsafePointer<Float>, step: Int) {
  fetchToWrite(row)
  if step == 8 {
    if width > 2 { fetchToWrite(row + 16) }
    if width > 4 { fetchToWrite(row + 32) }
    if width > 6 { fetchToWrite(row + 48) }
    return
  }
  if width > 1 { fetchToWrite(row + step) }
  if width > 2 { fetchToWrite(row + 2 * step) }
  if width > 3 { fetchToWrite(row + 3 * step) }
  if width > 4 { fetchToWrite(row + 4 * step) }
  if width > 5 { fetchToWrite(row + 5 * step) }
  if width > 6 { fetchToWrite(row + 6 * step) }
}

@inline(__always)
private func place(_ panel: UnsafeRawPointer, _ bytes: Int) -> UnsafePointer<Float> {
  (panel + bytes).assumingMemoryBound(to: Float.self)
}

@inline(never) private func multiply1(_ tile: UnsafePointer<SparseTileF32>) { multiply(1, 8, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<SparseTileF32>) { multiply(2, 8, tile) }
@inline(never) private func multiply3(_ tile: UnsafePointer<SparseTileF32>) { multiply(3, 8, tile) }
@inline(never) private func multiply4(_ tile: UnsafePointer<SparseTileF32>) { multiply(4, 8, tile) }
@inline(never) private func multiply5(_ tile: UnsafePointer<SparseTileF32>) { multiply(5, 8, tile) }
@inline(never) private func multiply6(_ tile: UnsafePointer<SparseTileF32>) { multiply(6, 8, tile) }
@inline(never) private func multiply7(_ tile: UnsafePointer<SparseTileF32>) { multiply(7, 8, tile) }

@inline(never) private func multiplyLines1(_ tile: UnsafePointer<SparseTileF32>) { multiply(1, 16, tile) }
@inline(never) private func multiplyLines2(_ tile: UnsafePointer<SparseTileF32>) { multiply(2, 16, tile) }
@inline(never) private func multiplyLines3(_ tile: UnsafePointer<SparseTileF32>) { multiply(3, 16, tile) }
@inline(never) private func multiplyLines4(_ tile: UnsafePointer<SparseTileF32>) { multiply(4, 16, tile) }
@inline(never) private func multiplyLines5(_ tile: UnsafePointer<SparseTileF32>) { multiply(5, 16, tile) }
@inline(never) private func multiplyLines6(_ tile: UnsafePointer<SparseTileF32>) { multiply(6, 16, tile) }
@inline(never) private func multiplyLines7(_ tile: UnsafePointer<SparseTileF32>) { multiply(7, 16, tile) }

/// A tile of `width` (1 … 7) vectors, side by side in the panel or, with `isWide`, a cache line each.
func multiplySparse(_ width: Int, isWide: Bool, _ tile: UnsafePointer<SparseTileF32>) {
  if isWide {
    switch width {
    case 1: multiplyLines1(tile)
    case 2: multiplyLines2(tile)
    case 3: multiplyLines3(tile)
    case 4: multiplyLines4(tile)
    case 5: multiplyLines5(tile)
    case 6: multiplyLines6(tile)
    default: multiplyLines7(tile)
    }
    return
  }
  switch width {
  case 1: multiply1(tile)
  case 2: multiply2(tile)
  case 3: multiply3(tile)
  case 4: multiply4(tile)
  case 5: multiply5(tile)
  case 6: multiply6(tile)
  default: multiply7(tile)
  }
}
