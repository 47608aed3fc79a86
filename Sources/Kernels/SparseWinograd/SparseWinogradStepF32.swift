import KernelContract

/// `sparse_winograd_f32_2x56`: see `SparseWinogradF32Descriptor`. Consecutive tasks of one block of tiles share its transformed input.
///
/// Tiles lie along the vector all the way: a strip of one channel is dealt out by columns modulo the tile, so that the pixels that neighbouring
/// tiles see at one place are neighbours (`WinogradStrip`), the transform of eight tiles is that of eight channels in the dense kernel, and what it
/// writes is the panel of the sparse product of each point.
func stepSparseWinogradF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: SparseWinogradF32Descriptor.self)
  let g = descriptor.assumingMemoryBound(to: Geometry.self)
  let form = d.pointee.form
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let residual = d.pointee.hasResidual ? UnsafePointer(buffers[2].assumingMemoryBound(to: Float.self)) : nil
  let weights = d.pointee.weights
  let starts = (weights + form.startsOffset).assumingMemoryBound(to: UInt32.self)
  let pairs = (weights + form.pairsOffset).assumingMemoryBound(to: SparsePair.self)
  let quads = (weights + form.quadsOffset).assumingMemoryBound(to: SparseQuad.self)

  let (tile, points) = (d.pointee.tile, d.pointee.points)
  let (bandRows, tilePixels) = (64, 8 * form.tileVectors)
  let bands = blocks(form.groupOutChannels, of: bandRows)
  let (bandBlock, bandBlocks) = (d.pointee.bandBlock, d.pointee.bandBlocks)
  let (down, across) = (d.pointee.tilesDown, d.pointee.tilesAcross)
  let (blockLines, blockColumns) = (d.pointee.blockLines, d.pointee.blockColumns)
  let blocksAcross = blocks(across, of: blockColumns)
  let perImage = d.pointee.blocksPerImage

  let zeros = scratch.assumingMemoryBound(to: Float.self)
  let table = (scratch + 4 * bandRows).assumingMemoryBound(to: UnsafePointer<Float>.self)
  let between = zeros + (bandRows + 2 * 48)
  let stripFloats = between + 16 * points
  let spread = stripFloats + d.pointee.stripFloats
  let pointStride = d.pointee.inputPointStride
  let products = spread + points * pointStride
  let productPointStride = d.pointee.productPointStride
  for i in 0..<bandRows { zeros[i] = 0 }
  for i in 0..<d.pointee.stripFloats { stripFloats[i] = 0 }
  for point in 0..<points {
    for block in 0..<form.stripBlocks {
      let zero = spread + (point * pointStride + block * form.panelFloats)
      for i in 0..<tilePixels { zero[i] = 0 }
    }
  }
  let strip = WinogradStrip(tile: tile, pitch: d.pointee.pitch, lines: d.pointee.stripLines, stripFloats)
  let clamps = isClamp(d.pointee.epilogue)
  var product = SparseTileF32(
    records: UnsafeRawPointer(quads), pairs: pairs, pairCount: 0, panel: UnsafeRawPointer(spread), bias: nil, sums: products, sumStride: 0,
    output: nil, outputStride: 0, vectorStep: 8, residual: nil, residualStride: 0, low: -.infinity, high: .infinity)
  var sink = PlanarTileSink(
    output: output, residual: residual, width: g.pointee.outputWidth, lines: 0, columns: 0, bias: 0,
    low: clamps ? d.pointee.epilogue.a : -.infinity, high: clamps ? d.pointee.epilogue.b : .infinity)

  var found = -1
  for task in begin..<end {
    let place = task / bandBlocks
    let (image, inImage) = (place / perImage, place % perImage)
    let top = inImage / blocksAcross * blockLines
    let left = inImage % blocksAcross * blockColumns
    let (lines, columns) = (min(blockLines, down - top), min(blockColumns, across - left))
    let vectors = blocks(lines * columns, of: 8)
    if found != place {
      found = place
      for channel in 0..<form.groupInChannels {
        strip.load(
          g, input + (image * d.pointee.input.imageStride + channel * d.pointee.input.channelStride), line: top * tile, column: left * tile,
          lines: lines * tile + 2, columns: columns * tile + 2)
        let block = channel / form.stripBlock
        let target = spread + (block * form.panelFloats + (1 + channel - block * form.stripBlock) * tilePixels)
        for line in 0..<lines {
          strip.pointToPixels(line, table)
          // What is written beyond a line's last tile is overwritten by the next line, the next channel, or spilled.
          let to = target + line * columns
          if tile == 4 {
            transformInput6(table, channels: roundUp(columns, to: 8), to: to, pointStride: pointStride, between: between)
          } else {
            transformInput4(table, channels: roundUp(columns, to: 8), to: to, pointStride: pointStride, between: between)
          }
        }
      }
    }
    let firstBand = (task - place * bandBlocks) * bandBlock
    let lastBand = min(bands, firstBand + bandBlock)
    for point in 0..<points {
      for block in 0..<form.stripBlocks {
        product.panel = UnsafeRawPointer(spread + (point * pointStride + block * form.panelFloats))
        product.bias = block == 0 ? UnsafePointer(zeros) : nil
        for band in firstBand..<lastBand {
          let section = (point * form.stripBlocks + block) * bands + band
          product.records = UnsafeRawPointer(quads + Int(starts[section]))
          product.pairs = pairs + section * (bandRows / 2)
          product.pairCount = blocks(min(bandRows, form.groupOutChannels - band * bandRows), of: 2)
          product.sums = products + (point * productPointStride + (band - firstBand) * bandRows * 8 * vectors)
          product.sumStride = 8 * vectors
          multiplySparse(vectors, isWide: false, &product)
        }
      }
    }
    let firstRow = firstBand * bandRows
    let rows = min(form.groupOutChannels, lastBand * bandRows) - firstRow
    let corner = top * tile * g.pointee.outputWidth + left * tile
    for row in 0..<rows {
      let channel = firstRow + row
      sink.bias = d.pointee.bias[channel]
      for line in 0..<lines {
        let pixel = corner + line * tile * g.pointee.outputWidth
        sink.lines = min(tile, g.pointee.outputHeight - (top + line) * tile)
        let width = min(columns * tile, g.pointee.outputWidth - left * tile)
        let to = output + (image * d.pointee.output.imageStride + channel * d.pointee.output.channelStride + pixel)
        let added = residual.map { $0 + (image * d.pointee.residual.imageStride + channel * d.pointee.residual.channelStride + pixel) }
        var column = 0
        while column < columns {
          sink.output = to + column * tile
          sink.residual = added.map { $0 + column * tile }
          sink.columns = min(8 * tile, width - column * tile)
          let from = products + (row * 8 * vectors + line * columns + column)
          if tile == 4 {
            transformPlanarOutput4(from, pointStride: productPointStride, to: &sink, between: between)
          } else {
            transformPlanarOutput2(from, pointStride: productPointStride, to: &sink, between: between)
          }
          column += 8
        }
        if !clamps {
          for y in 0..<sink.lines {
            let pixels = to + y * g.pointee.outputWidth
            activateRow(pixels, pixels, width, d.pointee.epilogue)
          }
        }
      }
    }
  }
}
