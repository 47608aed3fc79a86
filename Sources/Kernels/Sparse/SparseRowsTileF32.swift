import KernelContract

/// Blocks of two rows by `width` (1 … 6) vectors, `pitch` floats apart in the panel: each vector is loaded once for both.
@inline(__always)
private func multiplyTwo(_ width: Int, _ pitch: Int, _ tile: UnsafePointer<SparseTileF32>) {
  let panel = tile.pointee.panel
  var record = tile.pointee.records
  var block = tile.pointee.pairs
  let end = block + tile.pointee.pairCount
  while block < end {
    let (a, b) = (Int(block.pointee.a), Int(block.pointee.b))
    let (sumsA, sumsB) = (tile.pointee.sums + a * tile.pointee.sumStride, tile.pointee.sums + b * tile.pointee.sumStride)
    var sums: SparseSumsF32
    if let bias = tile.pointee.bias {
      sums = SparseSumsF32(splat8(bias[a]), splat8(bias[b]))
    } else {
      sums = SparseSumsF32(width, sumsA, sumsB, step: 8)
    }
    if let output = tile.pointee.output {
      let (stride, step) = (tile.pointee.outputStride, tile.pointee.vectorStep)
      fetchRow(width, output + a * stride, step: step)
      fetchRow(width, output + b * stride, step: step)
    }
    let last = record + Int(block.pointee.quads) * 12
    while record < last {
      let weights = (record + 4).assumingMemoryBound(to: Float.self)
      sums.addBoth(width, pitch, splat8(weights[0]), splat8(weights[1]), place(panel, record))
      record += 12
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
    block += 1
  }
}

/// Blocks of four rows by `width` (1 … 3) vectors.
@inline(__always)
private func multiplyFour(_ width: Int, _ pitch: Int, _ tile: UnsafePointer<SparseTileF32>) {
  let panel = tile.pointee.panel
  var record = tile.pointee.records
  var block = tile.pointee.pairs
  let end = block + tile.pointee.pairCount
  while block < end {
    let (first, final) = (Int(block.pointee.a), Int(block.pointee.b))
    let sumRows = SparseRows4(first, final, stride: tile.pointee.sumStride)
    var sums: SparseSums4F32
    if let bias = tile.pointee.bias {
      let rows = SparseRows4(first, final, stride: 1)
      sums = SparseSums4F32(splat8(bias[rows.first]), splat8(bias[rows.second]), splat8(bias[rows.third]), splat8(bias[rows.fourth]))
    } else {
      sums = SparseSums4F32(width, tile.pointee.sums, sumRows, step: 8)
    }
    if let output = tile.pointee.output {
      let (rows, step) = (SparseRows4(first, final, stride: tile.pointee.outputStride), tile.pointee.vectorStep)
      fetchRow(width, output + rows.first, step: step)
      fetchRow(width, output + rows.second, step: step)
      fetchRow(width, output + rows.third, step: step)
      fetchRow(width, output + rows.fourth, step: step)
    }
    let last = record + Int(block.pointee.quads) * 20
    while record < last {
      sums.add(width, pitch, (record + 4).assumingMemoryBound(to: Float.self), place(panel, record))
      record += 20
    }
    if let output = tile.pointee.output {
      let step = tile.pointee.vectorStep
      if let residual = tile.pointee.residual {
        sums.add(width, residual, SparseRows4(first, final, stride: tile.pointee.residualStride), step: step)
      }
      sums.clamp(width, splat8(tile.pointee.low), splat8(tile.pointee.high))
      sums.write(width, output, SparseRows4(first, final, stride: tile.pointee.outputStride), step: step)
    } else {
      sums.write(width, tile.pointee.sums, sumRows, step: 8)
    }
    block += 1
  }
}

/// What a record's weights are multiplied with.
@inline(__always)
private func place(_ panel: UnsafeRawPointer, _ record: UnsafeRawPointer) -> UnsafePointer<Float> {
  (panel + Int(record.loadUnaligned(as: UInt32.self))).assumingMemoryBound(to: Float.self)
}

@inline(never) private func two1(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(1, 8, tile) }
@inline(never) private func two2(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(2, 8, tile) }
@inline(never) private func two3(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(3, 8, tile) }
@inline(never) private func two4(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(4, 8, tile) }
@inline(never) private func two5(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(5, 8, tile) }
@inline(never) private func two6(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(6, 8, tile) }
@inline(never) private func twoLines1(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(1, 16, tile) }
@inline(never) private func twoLines2(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(2, 16, tile) }
@inline(never) private func twoLines3(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(3, 16, tile) }
@inline(never) private func twoLines4(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(4, 16, tile) }
@inline(never) private func twoLines5(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(5, 16, tile) }
@inline(never) private func twoLines6(_ tile: UnsafePointer<SparseTileF32>) { multiplyTwo(6, 16, tile) }
@inline(never) private func four1(_ tile: UnsafePointer<SparseTileF32>) { multiplyFour(1, 8, tile) }
@inline(never) private func four2(_ tile: UnsafePointer<SparseTileF32>) { multiplyFour(2, 8, tile) }
@inline(never) private func four3(_ tile: UnsafePointer<SparseTileF32>) { multiplyFour(3, 8, tile) }
@inline(never) private func fourLines1(_ tile: UnsafePointer<SparseTileF32>) { multiplyFour(1, 16, tile) }
@inline(never) private func fourLines2(_ tile: UnsafePointer<SparseTileF32>) { multiplyFour(2, 16, tile) }
@inline(never) private func fourLines3(_ tile: UnsafePointer<SparseTileF32>) { multiplyFour(3, 16, tile) }

/// Blocks of two rows by up to six vectors.
private func multiplyTwo(_ width: Int, isWide: Bool, _ tile: UnsafePointer<SparseTileF32>) {
  switch isWide ? 8 + width : width {
  case 1: two1(tile)
  case 2: two2(tile)
  case 3: two3(tile)
  case 4: two4(tile)
  case 5: two5(tile)
  case 6: two6(tile)
  case 9: twoLines1(tile)
  case 10: twoLines2(tile)
  case 11: twoLines3(tile)
  case 12: twoLines4(tile)
  case 13: twoLines5(tile)
  default: twoLines6(tile)
  }
}

/// Blocks of four rows by up to three vectors.
private func multiplyFour(_ width: Int, isWide: Bool, _ tile: UnsafePointer<SparseTileF32>) {
  switch isWide ? 8 + width : width {
  case 1: four1(tile)
  case 2: four2(tile)
  case 3: four3(tile)
  case 9: fourLines1(tile)
  case 10: fourLines2(tile)
  default: fourLines3(tile)
  }
}

/// A tile of `width` (1 … 7) vectors by blocks of `rowBlock` (2 or 4) rows, in as many passes as its sums need registers.
func multiplySparseRows(_ width: Int, rowBlock: Int, isWide: Bool, _ tile: UnsafePointer<SparseTileF32>) {
  var part = tile.pointee
  var rest = width
  while rest > 0 {
    let count = nextSparsePass(rest, rowBlock: rowBlock)
    if rowBlock == 2 {
      multiplyTwo(count, isWide: isWide, &part)
    } else {
      multiplyFour(count, isWide: isWide, &part)
    }
    part.panel += 4 * count * (isWide ? 16 : 8)
    part.sums += 8 * count
    part.output = part.output.map { $0 + count * part.vectorStep }
    part.residual = part.residual.map { $0 + count * part.vectorStep }
    rest -= count
  }
}
