import KernelContract

/// `winograd_f32_…`: see `WinogradF32Descriptor`. A task is a block of tiles by a block of panels of one group.
///
/// The tiles of a block are transformed once. Then, point by point, their rows meet the block's panels of transformed weights, which so stream
/// through the cache once for all tiles of the block; the products of all points are transformed back at the end.
func stepWinogradF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: WinogradF32Descriptor.self)
  let g = UnsafeRawPointer(d).assumingMemoryBound(to: Geometry.self)
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let residual = d.pointee.hasResidual ? UnsafePointer(buffers[2].assumingMemoryBound(to: Float.self)) : nil

  let points = d.pointee.points
  let channels = d.pointee.groupInChannels
  let table = scratch.assumingMemoryBound(to: UnsafePointer<Float>.self)
  let zeros = (scratch + 8 * d.pointee.pointerCount).assumingMemoryBound(to: Float.self)
  let between = zeros + d.pointee.zeroFloats
  let spread = between + d.pointee.betweenFloats
  let rowStride = d.pointee.inputRowStride
  let pointStride = d.pointee.inputPointStride
  let products = spread + points * pointStride
  let productRowStride = d.pointee.productRowStride
  let productPointStride = d.pointee.productPointStride
  for k in 0..<d.pointee.zeroFloats { zeros[k] = 0 }

  let panels = d.pointee.panels
  let tileBlock = d.pointee.tileBlock
  let tileBlocks = blocks(d.pointee.tileCount, of: tileBlock)
  let panelBlocks = blocks(panels, of: d.pointee.panelBlock)
  let clamps = isClamp(d.pointee.epilogue)
  var product = GemmTileF32(
    rows: UnsafePointer(table), rowsStride: 0, taps: 1, depth: channels, depthStep: 1, panel: d.pointee.weights, bias: UnsafePointer(zeros),
    output: products, outputStride: productRowStride, residual: nil, residualStride: 0, columns: 16, low: -.infinity, high: .infinity)
  var sink = WinogradSink(
    output: output, rowStride: g.pointee.outputWidth * g.pointee.outputPixelStride, pixelStride: g.pointee.outputPixelStride,
    residual: residual, residualRowStride: g.pointee.outputWidth * d.pointee.residualPixelStride,
    residualPixelStride: d.pointee.residualPixelStride, bias: d.pointee.bias, columns: 0, height: 0, width: 0,
    low: clamps ? d.pointee.epilogue.a : -.infinity, high: clamps ? d.pointee.epilogue.b : .infinity)

  // Tasks run through the panel blocks of a tile block first: the tiles are transformed again only when the block changes.
  var found = -1
  for task in begin..<end {
    let group = task / (panelBlocks * tileBlocks)
    let first = task / panelBlocks % tileBlocks * tileBlock
    let count = min(tileBlock, d.pointee.tileCount - first)
    if found != task / panelBlocks {
      found = task / panelBlocks
      var cursor = TileCursor(first, d)
      for tile in 0..<count {
        cursor.pointToPixels(d, input: input + group * channels, zeros: zeros, table: table)
        transformInput(d, table, channels: channels, to: spread + tile * rowStride, pointStride: pointStride, between: between)
        cursor.advance(d)
      }
    }
    let panel = task % panelBlocks * d.pointee.panelBlock
    let panelEnd = min(panels, panel + d.pointee.panelBlock)
    for point in 0..<points {
      for row in 0..<count { table[row] = UnsafePointer(spread + (point * pointStride + row * rowStride)) }
      var weights = d.pointee.weights + ((group * points + point) * panels + panel) * channels * 16
      var to = products + point * productPointStride
      for index in panel..<panelEnd {
        product.panel = weights
        // Of a last panel that is half padding only the other half is multiplied.
        product.columns = d.pointee.groupOutChannels - index * 16 <= 8 ? 8 : 16
        // The next panel to come, or the first of the next point; a tile brings in half of it. One tile alone would break the pattern
        // that the processor follows by itself.
        var ahead = weights + (index + 1 < panelEnd ? 1 : panels - (panelEnd - panel) + 1) * channels * 16
        let aheadEnd = tileHeight(count) < count ? ahead + channels * 16 : ahead
        var row = 0
        while row < count {
          let height = tileHeight(count - row)
          product.rows = UnsafePointer(table + row)
          product.output = to + row * productRowStride
          product.ahead = ahead < aheadEnd ? ahead : weights
          ahead += channels / 4 * 32
          multiplyTile(height, &product)
          row += height
        }
        weights += channels * 16
        to += 16
      }
    }
    sink.bias = d.pointee.bias + (group * panels + panel) * 16
    sink.columns = min(d.pointee.groupOutChannels, panelEnd * 16) - panel * 16
    let outputColumn = group * d.pointee.groupOutChannels + panel * 16
    var cursor = TileCursor(first, d)
    for tile in 0..<count {
      let pixel = cursor.outputPixel(d)
      sink.output = output + pixel * sink.pixelStride + outputColumn
      if let residual { sink.residual = residual + pixel * sink.residualPixelStride + outputColumn }
      sink.height = min(d.pointee.tileHeight, g.pointee.outputHeight - cursor.y * d.pointee.tileHeight)
      sink.width = min(d.pointee.tileWidth, g.pointee.outputWidth - cursor.x * d.pointee.tileWidth)
      transformOutput(
        d, UnsafePointer(products + tile * productRowStride), pointStride: productPointStride, to: &sink, between: between)
      if !clamps { activateTile(&sink, d.pointee.epilogue) }
      cursor.advance(d)
    }
  }
}

/// Transforms the input of one tile: pixel p's channels begin at `pixels[p]`, those of point p go to `target + p · pointStride`, filled up with
/// anything to a multiple of 8.
///
/// `between` holds 16 floats a point.
@inline(__always)
private func transformInput(
  _ d: UnsafePointer<WinogradF32Descriptor>, _ pixels: UnsafePointer<UnsafePointer<Float>>, channels: Int,
  to target: UnsafeMutablePointer<Float>, pointStride: Int, between: UnsafeMutablePointer<Float>
) {
  switch (d.pointee.sideHeight, d.pointee.sideWidth) {
  case (1, 6), (6, 1): transformInputLine6(pixels, channels: channels, to: target, pointStride: pointStride)
  case (1, _), (_, 1): transformInputLine8(pixels, channels: channels, to: target, pointStride: pointStride)
  case (4, _): transformInput4(pixels, channels: channels, to: target, pointStride: pointStride, between: between)
  case (6, _): transformInput6(pixels, channels: channels, to: target, pointStride: pointStride, between: between)
  default: transformInput8(pixels, channels: channels, to: target, pointStride: pointStride, between: between)
  }
}

/// Transforms the products of one tile back, `products + p · pointStride` for point p, and writes the pixels.
@inline(__always)
private func transformOutput(
  _ d: UnsafePointer<WinogradF32Descriptor>, _ products: UnsafePointer<Float>, pointStride: Int, to sink: UnsafePointer<WinogradSink>,
  between: UnsafeMutablePointer<Float>
) {
  if d.pointee.sideHeight == 1 || d.pointee.sideWidth == 1 {
    return transformOutputLine(
      products, points: d.pointee.points, tile: d.pointee.tile, isColumn: d.pointee.sideWidth == 1, pointStride: pointStride, to: sink)
  }
  switch (d.pointee.sideHeight, d.pointee.tile) {
  case (4, _): transformOutput4to2(products, pointStride: pointStride, to: sink, between: between)
  case (6, 2): transformOutput6to2(products, pointStride: pointStride, to: sink, between: between)
  case (6, _): transformOutput6to4(products, pointStride: pointStride, to: sink, between: between)
  case (_, 4): transformOutput8to4(products, pointStride: pointStride, to: sink, between: between)
  default: transformOutput8to6(products, pointStride: pointStride, to: sink, between: between)
  }
}
