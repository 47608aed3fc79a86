import KernelContract

/// `gemm_quads_u8s8_…`: see `GemmQuadsU8S8Descriptor`. A task is a block of rows by a block of panels of one group; the next task with the same
/// rows finds them copied.
func stepGemmQuadsU8S8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: GemmU8S8Descriptor.self)
  let geometry = descriptor.assumingMemoryBound(to: Geometry.self)
  let quads = descriptor.assumingMemoryBound(to: GemmQuadsU8S8Descriptor.self)
  let copies = quads.pointee.copiesRows
  let excess = quads.pointee.excess
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self))
  let channels = d.pointee.groupInChannels
  let used = channels * geometry.pointee.taps
  let depth = roundUp(used, to: 4)
  let rowsOfAll = geometry.pointee.outputPixels
  let rowBlock = d.pointee.rowBlock
  let rowBlocks = blocks(rowsOfAll, of: rowBlock)
  let panels = blocks(d.pointee.groupOutChannels, of: 16)
  let panelBlock = d.pointee.panelBlock
  let panelBlocks = blocks(panels, of: panelBlock)
  let sums = scratch.assumingMemoryBound(to: Int32.self)
  let copied = (scratch + GemmQuadsU8S8Descriptor.sumBytes).assumingMemoryBound(to: UInt8.self)
  let excessSums = (scratch + (GemmQuadsU8S8Descriptor.sumBytes + quads.pointee.copiedBytes)).assumingMemoryBound(to: Int32.self)
  let transposed = UnsafeMutableRawPointer(excessSums + 512).assumingMemoryBound(to: UInt8.self)
  let outputStride = geometry.pointee.outputPixelStride
  var requantization = d.pointee.requantization
  var tile = GemmQuadsTile(
    rows: UnsafePointer(copied), rowStride: copies ? depth : geometry.pointee.inputPixelStride, quads: depth / 4,
    panel: d.pointee.weights, panelStep: 16 * depth, bias: d.pointee.bias, sums: sums, columns: 16)

  var found = -1
  var foundExcess = -1
  for task in begin..<end {
    let panelTask = task % panelBlocks
    let place = task / panelBlocks
    let group = place / rowBlocks
    let first = (place - group * rowBlocks) * rowBlock
    let count = min(rowBlock, rowsOfAll - first)
    if copies && found != place {
      found = place
      copyRows(
        geometry, input: input + group * channels, channels: channels, zeroPoint: d.pointee.inputZeroPoint, first: first, count: count,
        rowStride: depth, into: copied)
      // Lanes that fill up the last quad meet weights of 0; they are written so that checkers of memory see no undefined bytes.
      if depth > used { for row in 0..<count { for lane in used..<depth { copied[row * depth + lane] = 0 } } }
    }
    let rows = copies ? UnsafePointer(copied) : input + (first * geometry.pointee.inputPixelStride + group * channels)
    if excess != nil && foundExcess != place {
      foundExcess = place
      transposeRows(rows, stride: tile.rowStride, depth: depth, count: count, into: transposed)
    }
    let last = min(panels, (panelTask + 1) * panelBlock)
    var panel = panelTask * panelBlock
    while panel < last {
      let wide = min(quadsPanels, last - panel)
      let column = group * panels + panel
      let outputColumn = group * d.pointee.groupOutChannels + panel * 16
      tile.panel = d.pointee.weights + column * depth * 16
      tile.bias = d.pointee.bias + column * 16
      tile.columns = min(16 * wide, d.pointee.groupOutChannels - panel * 16)
      let given = excess.map { UnsafePointer($0 + 2 * column) }
      let pairs = given.map { Int($0[1]) } ?? 0
      tile.biasStride = pairs > 0 ? 16 : 0
      var row = 0
      while row < count {
        var height = tileHeight(count - row)
        if pairs > 0, let excess, let given {
          // Sixteen rows are 6, 5 and 5.
          let inGroup = row % 16
          height = tileHeight(min(16, count - (row - inGroup)) - inGroup)
          if inGroup == 0 {
            addExcess(
              UnsafePointer(transposed + row * depth), excess + Int(given[0]), pairs: pairs, bias: d.pointee.bias + column * 16,
              work: excessSums + 256, into: excessSums)
          }
          tile.bias = UnsafePointer(excessSums + inGroup * 16)
        }
        tile.rows = rows + row * tile.rowStride
        multiplyQuads(height, panels: wide, &tile)
        finishQuads(
          sums, sumsStride: 16 * wide, rows: height, columns: tile.columns, scales: d.pointee.scales + column * 16, &requantization,
          output: buffers[0], outputOffset: (first + row) * outputStride + outputColumn, outputStride: outputStride)
        row += height
      }
      panel += wide
    }
  }
}

/// Copies the windows of `count` output pixels side by side, `[row][tap][channel]`, `zeroPoint` outside the image.
private func copyRows(
  _ geometry: UnsafePointer<Geometry>, input: UnsafePointer<UInt8>, channels: Int, zeroPoint: UInt8, first: Int, count: Int, rowStride: Int,
  into target: UnsafeMutablePointer<UInt8>
) {
  let g = geometry.pointee
  if g.isPointwise {
    for row in 0..<count { copyCodes(input + (first + row) * g.inputPixelStride, target + row * rowStride, channels) }
    return
  }
  let width = g.kernelWidth * channels
  let isDense = g.inputPixelStride == channels && g.dilationX == 1
  var cursor = PixelCursor(first, geometry)
  var row = 0
  while row < count {
    let run = narrowRun(geometry, cursor, channels: channels, count: count - row)
    if run > 0 {
      copyNarrow(
        words: false, geometry, cursor, run, input: input, channels: channels, zeroPoint: zeroPoint, rowStride: rowStride,
        into: UnsafeMutableRawPointer(target + row * rowStride))
      row += run
      cursor.x += run - 1
      cursor.advance(geometry)
      continue
    }
    var to = target + row * rowStride
    let image = input + cursor.image * g.inputHeight * g.inputWidth * g.inputPixelStride
    let left = cursor.x * g.strideX - g.padLeft
    let isInside = left >= 0 && left + (g.kernelWidth - 1) * g.dilationX < g.inputWidth
    for ky in 0..<g.kernelHeight {
      let y = cursor.y * g.strideY - g.padTop + ky * g.dilationY
      let line = image + (y * g.inputWidth + left) * g.inputPixelStride
      if y < 0 || y >= g.inputHeight {
        for i in 0..<width { to[i] = zeroPoint }
      } else if isInside && isDense {
        copyCodes(line, to, width)
      } else {
        for kx in 0..<g.kernelWidth {
          let x = left + kx * g.dilationX
          if x < 0 || x >= g.inputWidth {
            for i in 0..<channels { to[kx * channels + i] = zeroPoint }
          } else {
            copyCodes(line + kx * g.dilationX * g.inputPixelStride, to + kx * channels, channels)
          }
        }
      }
      to += width
    }
    cursor.advance(geometry)
    row += 1
  }
}
