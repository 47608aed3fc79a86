import KernelContract

/// A tile of output pixels of some image; steps through tiles in order without dividing.
struct TileCursor {
  var image: Int
  var y: Int
  var x: Int

  /// At tile `index`, counted over all images.
  @inline(__always)
  init(_ index: Int, _ d: UnsafePointer<WinogradF32Descriptor>) {
    let across = d.pointee.tilesAcross
    let perImage = d.pointee.tilesDown * across
    image = index / perImage
    let inImage = index - image * perImage
    y = inImage / across
    x = inImage - y * across
  }

  @inline(__always)
  mutating func advance(_ d: UnsafePointer<WinogradF32Descriptor>) {
    x += 1
    if x == d.pointee.tilesAcross {
      x = 0
      y += 1
      if y == d.pointee.tilesDown {
        y = 0
        image += 1
      }
    }
  }

  /// The number of the tile's first output pixel.
  @inline(__always)
  func outputPixel(_ d: UnsafePointer<WinogradF32Descriptor>) -> Int {
    (image * d.pointee.geometry.outputHeight + y * d.pointee.tileHeight) * d.pointee.geometry.outputWidth + x * d.pointee.tileWidth
  }

  /// Writes where each input pixel that the tile sees begins, row by row, or `zeros` outside the image.
  @inline(__always)
  func pointToPixels(
    _ d: UnsafePointer<WinogradF32Descriptor>, input: UnsafePointer<Float>, zeros: UnsafePointer<Float>,
    table: UnsafeMutablePointer<UnsafePointer<Float>>
  ) {
    let (height, width) = (d.pointee.geometry.inputHeight, d.pointee.geometry.inputWidth)
    let pixelStride = d.pointee.geometry.inputPixelStride
    let (sideHeight, side) = (d.pointee.sideHeight, d.pointee.sideWidth)
    let top = y * d.pointee.tileHeight - d.pointee.geometry.padTop
    let left = x * d.pointee.tileWidth - d.pointee.geometry.padLeft
    // Columns begin … end of the tile lie inside the image.
    let begin = max(0, min(side, 0 - left))
    let end = max(begin, min(side, width - left))
    var entry = table
    for row in 0..<sideHeight {
      let isInside = top + row >= 0 && top + row < height
      let line = input + ((image * height + top + row) * width + left) * pixelStride
      for column in 0..<side {
        entry[column] = isInside && column >= begin && column < end ? line + column * pixelStride : zeros
      }
      entry += side
    }
  }
}
