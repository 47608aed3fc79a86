import KernelContract

/// `gemm_u8s8_6x16`: see `GemmU8S8Descriptor`. A task is a block of rows by a block of panels of one group; its rows are widened once,
/// side by
/// side, which costs a copy per task and leaves the micro-kernel one flat loop.
func stepGemmU8S8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: GemmU8S8Descriptor.self)
  let geometry = UnsafeRawPointer(d).assumingMemoryBound(to: Geometry.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self))
  let channels = d.pointee.groupInChannels
  let used = channels * geometry.pointee.taps
  let depth = roundUp(used, to: 2)
  let rowsOfAll = geometry.pointee.outputPixels
  let rowBlock = d.pointee.rowBlock
  let rowBlocks = blocks(rowsOfAll, of: rowBlock)
  let panels = blocks(d.pointee.groupOutChannels, of: 16)
  let panelBlock = d.pointee.panelBlock
  let panelBlocks = blocks(panels, of: panelBlock)
  let sums = scratch.assumingMemoryBound(to: Int32.self)
  let rows = (scratch + 512).assumingMemoryBound(to: Int16.self)
  let outputStride = geometry.pointee.outputPixelStride
  var requantization = d.pointee.requantization
  var tile = GemmTileU8S8(
    rows: rows, rowStride: depth, pairs: depth / 2, panel: d.pointee.weights, bias: d.pointee.bias, sums: sums, columns: 16)

  var found = -1
  for task in begin..<end {
    let panelTask = task % panelBlocks
    let rowTask = task / panelBlocks % rowBlocks
    let group = task / (panelBlocks * rowBlocks)
    let first = rowTask * rowBlock
    let count = min(rowBlock, rowsOfAll - first)
    if found != task / panelBlocks {
      found = task / panelBlocks
      widenRows(
        geometry, input: input + group * channels, channels: channels, zeroPoint: d.pointee.inputZeroPoint, first: first, count: count,
        rowStride: depth, into: rows)
      if depth > used {
        // The odd lane meets weights of 0; it is written so that checkers of memory see no result made of undefined bytes.
        for row in 0..<count { rows[row * depth + used] = 0 }
      }
    }
    for panel in panelTask * panelBlock..<min(panels, (panelTask + 1) * panelBlock) {
      let column = group * panels + panel
      let outputColumn = group * d.pointee.groupOutChannels + panel * 16
      tile.panel = d.pointee.weights + column * depth * 16
      tile.bias = d.pointee.bias + column * 16
      tile.columns = min(16, d.pointee.groupOutChannels - panel * 16)
      var row = 0
      while row < count {
        let height = tileHeight(count - row)
        tile.rows = UnsafePointer(rows + row * depth)
        multiplyTile(height, &tile)
        requantize(
          sums, sumsStride: 16, rows: height, columns: tile.columns,
          scales: d.pointee.scales + column * 16,
          &requantization, output: buffers[0], outputOffset: (first + row) * outputStride + outputColumn, outputStride: outputStride)
        row += height
      }
    }
  }
}

/// Copies the windows of `count` output pixels side by side as 16-bit integers, `[row][tap][channel]`, `zeroPoint` outside the image.
private func widenRows(
  _ geometry: UnsafePointer<Geometry>, input: UnsafePointer<UInt8>, channels: Int, zeroPoint: UInt8, first: Int, count: Int, rowStride: Int,
  into target: UnsafeMutablePointer<Int16>
) {
  let g = geometry.pointee
  if g.isPointwise {
    for row in 0..<count { widenRow(input + (first + row) * g.inputPixelStride, target + row * rowStride, channels) }
    return
  }
  let width = g.kernelWidth * channels
  let isDense = g.inputPixelStride == channels && g.dilationX == 1
  let outside = Int16(zeroPoint)
  var cursor = PixelCursor(first, geometry)
  var row = 0
  while row < count {
    let run = narrowRun(geometry, cursor, channels: channels, count: count - row)
    if run > 0 {
      copyNarrow(
        words: true, geometry, cursor, run, input: input, channels: channels, zeroPoint: zeroPoint, rowStride: rowStride,
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
        for i in 0..<width { to[i] = outside }
      } else if isInside && isDense {
        widenRow(line, to, width)
      } else {
        for kx in 0..<g.kernelWidth {
          let x = left + kx * g.dilationX
          if x < 0 || x >= g.inputWidth {
            for i in 0..<channels { to[kx * channels + i] = outside }
          } else {
            widenRow(line + kx * g.dilationX * g.inputPixelStride, to + kx * channels, channels)
          }
        }
      }
      to += width
    }
    cursor.advance(geometry)
    row += 1
  }
}
