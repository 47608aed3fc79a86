import KernelContract

/// `winograd_u8s8_…`: see `WinogradU8S8Descriptor`. A task is a block of tiles by a block of panels of one group.
///
/// The tiles of a block are transformed once. Then, panel by panel, their rows meet the weights of all points, and the products are
/// transformed back while they are in the first-level cache.
func stepWinogradU8S8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: WinogradU8S8Descriptor.self)
  let g = descriptor.assumingMemoryBound(to: Geometry.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self))
  let channels = d.pointee.groupInChannels
  let paddingBytes = d.pointee.paddingBytes
  let table = scratch.assumingMemoryBound(to: UnsafePointer<UInt8>.self)
  let padding = (scratch + WinogradU8S8Descriptor.tableBytes).assumingMemoryBound(to: UInt8.self)
  let between = UnsafeMutableRawPointer(padding) + paddingBytes
  let spread = (between + WinogradU8S8Descriptor.betweenBytes).assumingMemoryBound(to: Int16.self)
  let rowStride = d.pointee.inputRowStride
  let pointStride = d.pointee.inputPointStride
  let products = UnsafeMutableRawPointer(spread + 36 * pointStride).assumingMemoryBound(to: Int32.self)
  let productPointStride = d.pointee.productPointStride
  for k in 0..<paddingBytes { padding[k] = d.pointee.inputZeroPoint }

  let panels = d.pointee.panels
  let pairs = blocks(channels, of: 2)
  let panelCount = 36 * pairs * 32
  let tileBlock = d.pointee.tileBlock
  let tileCount = d.pointee.tileCount
  let tileBlocks = blocks(tileCount, of: tileBlock)
  let panelBlocks = blocks(panels, of: d.pointee.panelBlock)
  let outputStride = g.pointee.outputPixelStride
  var requantization = d.pointee.requantization
  var product = GemmWordsTile(
    rows: UnsafePointer(spread), rowStride: rowStride, pairs: pairs, panel: d.pointee.weights, sums: products)

  // Tasks run through the panel blocks of a tile block first: the tiles are transformed again only when the block changes.
  var found = -1
  for task in begin..<end {
    let group = task / (panelBlocks * tileBlocks)
    let first = task / panelBlocks % tileBlocks * tileBlock
    let count = min(tileBlock, tileCount - first)
    if found != task / panelBlocks {
      found = task / panelBlocks
      var cursor = CodeTileCursor(first, d)
      for tile in 0..<count {
        cursor.pointToPixels(g, input: input + group * channels, padding: UnsafePointer(padding), table: table)
        transformCodes(
          table, channels: channels, to: spread + tile * rowStride, pointStride: pointStride,
          between: between.assumingMemoryBound(to: Int16.self))
        cursor.advance()
      }
    }
    let panel = task % panelBlocks * d.pointee.panelBlock
    for index in panel..<min(panels, panel + d.pointee.panelBlock) {
      var weights = d.pointee.weights + (group * panels + index) * panelCount
      for point in 0..<36 {
        product.panel = weights
        weights += pairs * 32
        var row = 0
        while row < count {
          let height = tileHeight(count - row)
          product.rows = UnsafePointer(spread + (point * pointStride + row * rowStride))
          product.sums = products + (point * productPointStride + row * 16)
          multiplyWords(height, &product)
          row += height
        }
      }
      let column = (group * panels + index) * 16
      let columns = min(16, d.pointee.groupOutChannels - index * 16)
      let outputColumn = group * d.pointee.groupOutChannels + index * 16
      var cursor = CodeTileCursor(first, d)
      for tile in 0..<count {
        let pixel = (cursor.image * g.pointee.outputHeight + cursor.y * 4) * g.pointee.outputWidth + cursor.x * 4
        gatherTile(
          UnsafePointer(products + tile * 16), pointStride: productPointStride, height: min(4, g.pointee.outputHeight - cursor.y * 4),
          width: min(4, g.pointee.outputWidth - cursor.x * 4), bias: d.pointee.bias + column, scales: d.pointee.scales + column,
          columns: columns, &requantization, output: buffers[0], outputOffset: pixel * outputStride + outputColumn,
          outputStride: outputStride, outputLine: g.pointee.outputWidth * outputStride, between: between)
        cursor.advance()
      }
    }
  }
}

/// A tile of 4 × 4 output pixels of some image; steps through tiles in order without dividing.
struct CodeTileCursor {
  var image: Int
  var y: Int
  var x: Int
  private var down: Int
  private var across: Int

  /// At tile `index`, counted over all images.
  @inline(__always)
  init(_ index: Int, _ d: UnsafePointer<WinogradU8S8Descriptor>) {
    down = d.pointee.tilesDown
    across = d.pointee.tilesAcross
    image = index / (down * across)
    let inImage = index - image * down * across
    y = inImage / across
    x = inImage - y * across
  }

  @inline(__always)
  mutating func advance() {
    x += 1
    if x == across {
      x = 0
      y += 1
      if y == down {
        y = 0
        image += 1
      }
    }
  }

  /// Writes where each of the 36 input pixels that the tile sees begins, row by row, or `padding` outside the image.
  @inline(__always)
  func pointToPixels(
    _ g: UnsafePointer<Geometry>, input: UnsafePointer<UInt8>, padding: UnsafePointer<UInt8>,
    table: UnsafeMutablePointer<UnsafePointer<UInt8>>
  ) {
    let (height, width) = (g.pointee.inputHeight, g.pointee.inputWidth)
    let pixelStride = g.pointee.inputPixelStride
    let top = y * 4 - g.pointee.padTop
    let left = x * 4 - g.pointee.padLeft
    // Columns begin … end of the tile lie inside the image.
    let begin = max(0, min(6, 0 - left))
    let end = max(begin, min(6, width - left))
    var entry = table
    for row in 0..<6 {
      let isInside = top + row >= 0 && top + row < height
      let line = input + ((image * height + top + row) * width + left) * pixelStride
      for column in 0..<6 {
        entry[column] = isInside && column >= begin && column < end ? line + column * pixelStride : padding
      }
      entry += 6
    }
  }
}
