import KernelContract

/// `gemm_f32_6x16`: see `GemmF32Descriptor`. A task is a block of rows by a block of panels of one group.
///
/// The rows of a block are found once (pointers to pixels, or copies of their windows where the channels are few) and then walked for
/// each panel,
/// which stays in the first-level cache while the block stays in the second.
func stepGemmF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: GemmF32Descriptor.self)
  let geometry = UnsafeRawPointer(d).assumingMemoryBound(to: Geometry.self)
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let residual = d.pointee.hasResidual ? UnsafePointer(buffers[2].assumingMemoryBound(to: Float.self)) : nil

  let channels = d.pointee.groupInChannels
  let taps = geometry.pointee.taps
  let rowsOfAll = geometry.pointee.outputPixels
  let rowBlock = d.pointee.rowBlock
  let rowBlocks = blocks(rowsOfAll, of: rowBlock)
  let panels = blocks(d.pointee.groupOutChannels, of: 16)
  let panelBlock = d.pointee.panelBlock
  let panelBlocks = blocks(panels, of: panelBlock)
  let copies = d.pointee.gathersRows
  let lines = d.pointee.lines
  let depth = channels * taps

  // Results go to planes by way of a panel of them, which stays in the first-level cache.
  let panelOfResults = scratch.assumingMemoryBound(to: Float.self)
  let writesPlanes = d.pointee.outputIsNCHW
  let scratch = scratch + 4 * d.pointee.panelFloats
  let table = scratch.assumingMemoryBound(to: UnsafePointer<Float>.self)
  let behindTable = scratch + roundUp(8 * rowBlock * (copies ? 1 : taps), to: 64)
  let places = behindTable.assumingMemoryBound(to: Int.self)
  let copied = (behindTable + (lines != nil ? roundUp(8 * depth, to: 64) : 0)).assumingMemoryBound(to: Float.self)
  if let lines {
    placeTerms(geometry, lines, isNCHW: d.pointee.inputIsNCHW, channels: channels, into: places)
  } else if !copies && !geometry.pointee.isPointwise {
    for k in 0..<channels { copied[k] = 0 }
  }

  let clamps = isClamp(d.pointee.epilogue)
  let finishes = finishes(d.pointee.epilogue, affine: d.pointee.affine, hasResidual: residual != nil)
  let whole = Finish(d.pointee.epilogue, affine: d.pointee.affine, columnCount: d.pointee.groups * panels * 16)
  var tile = GemmTileF32(
    rows: table, rowsStride: 0, taps: copies ? 1 : taps, depth: copies ? depth : channels, depthStep: 1, panel: d.pointee.weights,
    bias: d.pointee.bias, output: output, outputStride: writesPlanes ? 16 : geometry.pointee.outputPixelStride, residual: residual,
    residualStride: d.pointee.residualPixelStride, columns: 16, low: clamps ? d.pointee.epilogue.a : -.infinity,
    high: clamps ? d.pointee.epilogue.b : .infinity)

  // Tasks run through the panel blocks of a row block first: the rows are found again only when the block changes.
  var found = -1
  for task in begin..<end {
    let panelTask = task % panelBlocks
    let rowTask = task / panelBlocks % rowBlocks
    let group = task / (panelBlocks * rowBlocks)
    let first = rowTask * rowBlock
    let count = min(rowBlock, rowsOfAll - first)
    if found != task / panelBlocks {
      found = task / panelBlocks
      let groupInput = input + group * channels
      if let lines {
        copyLinesOfRows(
          geometry, lines, input: groupInput, isNCHW: d.pointee.inputIsNCHW, channels: channels, first: first, count: count, into: copied,
          table: table)
      } else if d.pointee.packsTiles {
        packTiles(geometry, input: input, channels: channels, first: first, count: count, into: copied, table: table)
        tile.depthStep = tallestTile
      } else if d.pointee.inputIsNCHW {
        gatherPlanes(geometry, input: input, channels: channels, first: first, count: count, into: copied)
        for row in 0..<count { table[row] = UnsafePointer(copied + row) }
        tile.depthStep = count
      } else if copies {
        gatherRows(geometry, input: groupInput, channels: channels, first: first, count: count, into: copied)
        for row in 0..<count { table[row] = UnsafePointer(copied + row * depth) }
      } else {
        pointToRows(geometry, input: groupInput, zeros: copied, first: first, count: count, table: table)
      }
      tile.rowsStride = count
    }
    // A tile brings in as many lines as half of its terms: the first two tiles of a panel fetch the next one.
    let ahead = tile.taps * (tile.depth / 4) * 32
    var panel = panelTask * panelBlock
    let panelEnd = min(panels, panel + panelBlock)
    while panel < panelEnd {
      let column = group * panels + panel
      let outputColumn = group * d.pointee.groupOutChannels + panel * 16
      let width = d.pointee.groupOutChannels - panel * 16
      tile.panel = d.pointee.weights + column * depth * 16
      tile.bias = d.pointee.bias + column * 16
      var finish = whole
      finish.factors = whole.factors.map { $0 + column * 16 }
      finish.shifts = whole.shifts.map { $0 + column * 16 }
      let takesFour = count == 1 && lines == nil && panel + 4 <= panelEnd && !writesPlanes
      tile.columns = min(width, takesFour ? 64 : 16)
      var row = 0
      var aheadTiles = 0
      while row < count {
        let height = tileHeight(count - row)
        tile.ahead = aheadTiles < 2 ? tile.panel + (depth * 16 + aheadTiles * ahead) : tile.panel
        aheadTiles += 1
        tile.rows = UnsafePointer(table + row)
        tile.output = writesPlanes ? panelOfResults + row * 16 : output + (first + row) * tile.outputStride + outputColumn
        if let residual { tile.residual = residual + (first + row) * tile.residualStride + outputColumn }
        if lines != nil {
          multiplyTile(height, &tile, places: places)
        } else if takesFour {
          multiplyRowByFourPanels(&tile, panelStride: depth * 16)
        } else {
          multiplyTile(height, &tile)
        }
        if finishes {
          finishRows(tile.output, stride: tile.outputStride, rows: height, columns: tile.columns, finish)
        } else if !clamps {
          activateRows(tile.output, stride: tile.outputStride, rows: height, columns: tile.columns, d.pointee.epilogue)
        }
        row += height
      }
      if writesPlanes {
        spreadPanel(
          geometry, panelOfResults, first: first, count: count, columns: tile.columns, to: output, outputColumn,
          channels: d.pointee.groups * d.pointee.groupOutChannels)
      }
      panel += takesFour ? 4 : 1
    }
  }
}
