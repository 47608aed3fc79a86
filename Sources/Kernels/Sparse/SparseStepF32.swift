import KernelContract

/// `sparse_f32_2x56`: see `SparseF32Descriptor`. Consecutive tasks of one tile share its panels.
///
/// For each block of strips, the panel is filled and every band's rows are walked in pairs, or in blocks; sums wait in scratch between blocks. Complete sums
/// go straight to planes where whole vectors may be written, and by way of the scratch otherwise.
func stepSparseF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: SparseF32Descriptor.self)
  let geometry = descriptor.assumingMemoryBound(to: Geometry.self)
  let form = d.pointee.form
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let residual = d.pointee.hasResidual ? UnsafePointer(buffers[2].assumingMemoryBound(to: Float.self)) : nil
  let weights = d.pointee.weights
  let starts = (weights + form.startsOffset).assumingMemoryBound(to: UInt32.self)
  let pairs = (weights + form.pairsOffset).assumingMemoryBound(to: SparsePair.self)
  let records = weights + form.quadsOffset

  let (height, width) = (geometry.pointee.outputHeight, geometry.pointee.outputWidth)
  let tilePixels = 8 * form.tileVectors
  let across = form.spansLines ? blocks(width, of: 8) : 1
  let tiles = form.spansLines ? across * blocks(height, of: form.tileVectors) : blocks(height * width, of: tilePixels)
  let (bandRows, sharedBands) = (64, 16)
  // Rows that are stored together: two by two, or blocks.
  let together = max(2, form.rowBlock)
  let recordBytes = form.rowBlock > 1 ? 4 + 4 * form.rowBlock : 24
  let bands = blocks(form.groupOutChannels, of: bandRows)
  let bandBlocks = blocks(bands, of: d.pointee.bandBlock)
  let stripCount = form.groupInChannels * form.strips

  let panel = scratch.assumingMemoryBound(to: Float.self)
  let sums = (scratch + form.panelFloats * 4).assumingMemoryBound(to: Float.self)
  for i in 0..<form.zeroFloats { panel[i] = 0 }
  let clamps = isClamp(d.pointee.epilogue)
  let writesPlanes = clamps && geometry.pointee.outputPixelStride == 1
  var source = SparseSource(
    geometry: geometry, input: input, channelStride: d.pointee.inputChannelStride,
    strips: weights.assumingMemoryBound(to: SparseStrip.self), stripsOfChannel: form.strips, stripFloats: form.stripFloats,
    lineFloats: form.lineFloats, pixel: 0,
    line: 0, column: 0, places: 0, spansLines: form.spansLines,
    fetches: 4 * form.groupInChannels * geometry.pointee.inputHeight * geometry.pointee.inputWidth > 512 << 10)
  var front: SparseDepthwiseF32?
  if d.pointee.hasDepthwise {
    front = SparseDepthwiseF32(
      d.pointee.depthwise, spansLines: form.spansLines, stripFloats: form.stripFloats, channelStride: d.pointee.inputChannelStride,
      sums + min(bands, sharedBands) * bandRows * tilePixels)
  }
  var tile = SparseTileF32(
    records: records, pairs: pairs, pairCount: 0, panel: UnsafeRawPointer(panel), bias: nil, sums: sums, sumStride: 0, output: nil,
    outputStride: d.pointee.outputChannelStride, vectorStep: form.spansLines ? width : 8, residual: nil,
    residualStride: d.pointee.residualChannelStride,
    low: clamps ? d.pointee.epilogue.a : -.infinity, high: clamps ? d.pointee.epilogue.b : .infinity)

  var task = begin
  while task < end {
    let place = task / bandBlocks
    let group = place % form.groups
    let image = place / form.groups / tiles
    let inImage = place / form.groups % tiles
    // The bands of this tile, as many as share a panel.
    let first = (task - place * bandBlocks) * d.pointee.bandBlock
    let last = min(min(end, (place + 1) * bandBlocks) - place * bandBlocks, bandBlocks) * d.pointee.bandBlock
    let bandEnd = min(bands, last)
    task = min(end, (place + 1) * bandBlocks)

    // Its first pixel, its vectors, and the pixels of the last of them, or, where it spans lines, of each.
    let vectors: Int
    let lastCount: Int
    if form.spansLines {
      source.line = inImage / across * form.tileVectors
      source.column = inImage % across * 8
      source.pixel = source.line * width + source.column
      vectors = min(form.tileVectors, height - source.line)
      lastCount = min(8, width - source.column)
    } else {
      source.pixel = inImage * tilePixels
      source.line = source.pixel / width
      source.column = source.pixel - source.line * width
      source.places = min(tilePixels, height * width - source.pixel)
      vectors = blocks(source.places, of: 8)
      lastCount = source.places - 8 * (vectors - 1)
    }
    tile.sumStride = 8 * vectors
    source.input = input + (image * d.pointee.inputImageStride + group * form.groupInChannels * d.pointee.inputChannelStride)
    front?.begin(
      input + image * d.pointee.inputImageStride, firstChannel: group * form.groupInChannels, line: source.line, x: source.column,
      lines: form.spansLines ? vectors : source.places / width)
    let outputChannel = group * form.groupOutChannels
    let outputPlace =
      image * d.pointee.outputImageStride + outputChannel * d.pointee.outputChannelStride
      + source.pixel * geometry.pointee.outputPixelStride
    let residualPlace =
      image * d.pointee.residualImageStride + outputChannel * d.pointee.residualChannelStride
      + source.pixel * geometry.pointee.outputPixelStride
    var bandBegin = first
    while bandBegin < bandEnd {
      let shared = min(bandEnd, bandBegin + sharedBands)
      for block in 0..<form.stripBlocks {
        let firstStrip = block * form.stripBlock
        let stripEnd = min(stripCount, firstStrip + form.stripBlock)
        if front != nil {
          front?.fill(firstStrip, stripEnd, into: panel + form.zeroFloats)
        } else {
          source.fill(firstStrip, stripEnd, into: panel + form.zeroFloats)
        }
        let isComplete = block + 1 == form.stripBlocks
        for band in bandBegin..<shared {
          let section = (group * form.stripBlocks + block) * bands + band
          let row = band * bandRows
          tile.records = records + Int(starts[section]) * recordBytes
          tile.pairs = pairs + section * (bandRows / together)
          tile.pairCount = blocks(min(bandRows, form.groupOutChannels - row), of: together)
          tile.bias = block == 0 ? d.pointee.bias + (outputChannel + row) : nil
          tile.sums = sums + (band - bandBegin) * bandRows * tilePixels
          let straight = isComplete && writesPlanes && lastCount == 8
          tile.output = straight ? output + (outputPlace + row * d.pointee.outputChannelStride) : nil
          if straight, let residual { tile.residual = residual + (residualPlace + row * d.pointee.residualChannelStride) }
          if form.rowBlock > 1 {
            multiplySparseRows(vectors, rowBlock: form.rowBlock, isWide: form.lineFloats == 16, &tile)
          } else {
            multiplySparse(vectors, isWide: form.lineFloats == 16, &tile)
          }
          if isComplete && !straight {
            let rows = min(bandRows, form.groupOutChannels - row)
            finishSparse(
              d, tile.sums, rows: rows, vectors: vectors, lastCount: lastCount,
              output + (outputPlace + row * d.pointee.outputChannelStride),
              residual.map { $0 + (residualPlace + row * d.pointee.residualChannelStride) })
          }
        }
      }
      bandBegin = shared
    }
  }
}

/// Adds the residual to complete sums, applies the activation and writes them where they belong.
private func finishSparse(
  _ d: UnsafePointer<SparseF32Descriptor>, _ sums: UnsafeMutablePointer<Float>, rows: Int, vectors: Int, lastCount: Int,
  _ output: UnsafeMutablePointer<Float>, _ residual: UnsafePointer<Float>?
) {
  let pixelStride = d.pointee.geometry.outputPixelStride
  let spansLines = d.pointee.form.spansLines
  let clamps = isClamp(d.pointee.epilogue)
  let (low, high) = (splat8(d.pointee.epilogue.a), splat8(d.pointee.epilogue.b))
  let vectorStep = (spansLines ? d.pointee.geometry.outputWidth : 8) * pixelStride
  for row in 0..<rows {
    let from = sums + row * (8 * vectors)
    let to = output + row * d.pointee.outputChannelStride
    let added = residual.map { $0 + row * d.pointee.residualChannelStride }
    if clamps && pixelStride == 1 {
      for vector in 0..<vectors {
        let (at, place) = (from + 8 * vector, to + vector * vectorStep)
        let count = spansLines || vector + 1 == vectors ? lastCount : 8
        var sum = load8(at)
        if let added { sum += count == 8 ? load8(added + vector * vectorStep) : load8(added + vector * vectorStep, count: count) }
        sum = atMost(high, atLeast(low, sum))
        if count == 8 { store8(sum, place) } else { storeFew(sum, at, place, count) }
      }
      continue
    }
    if let added {
      for vector in 0..<vectors {
        let (at, place) = (from + 8 * vector, added + vector * vectorStep)
        let count = spansLines || vector + 1 == vectors ? lastCount : 8
        for lane in 0..<count { at[lane] += place[lane * pixelStride] }
      }
    }
    // Lanes that are not written may hold anything.
    if !clamps { activateRow(from, from, 8 * vectors, d.pointee.epilogue) }
    for vector in 0..<vectors {
      let (at, place) = (from + 8 * vector, to + vector * vectorStep)
      let count = spansLines || vector + 1 == vectors ? lastCount : 8
      let sum = clamps ? atMost(high, atLeast(low, load8(at))) : load8(at)
      store8(sum, at)
      for lane in 0..<count { place[lane * pixelStride] = at[lane] }
    }
  }
}

/// Writes the first `count` (1 … 7) lanes, by way of eight floats that may be overwritten: masked stores take longer than a few single ones.
@inline(__always)
private func storeFew(_ value: Float8, _ spare: UnsafeMutablePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
  store8(value, spare)
  var lane = 0
  if count >= 4 {
    UnsafeMutableRawPointer(to).storeBytes(of: value.lowHalf, as: SIMD4<Float>.self)
    lane = 4
  }
  while lane < count {
    to[lane] = spare[lane]
    lane += 1
  }
}
