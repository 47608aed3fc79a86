import KernelContract

/// Copies `count` pixels of a dense NCHW input as the tiles of a product walk them, `[tile][channel][row]`, and points to their rows.
///
/// Rows of a tile lie side by side, channels `tallestTile` floats apart, tiles `packedTileStride` floats.
func packTiles(
  _ geometry: UnsafePointer<Geometry>, input: UnsafePointer<Float>, channels: Int, first: Int, count: Int,
  into target: UnsafeMutablePointer<Float>, table: UnsafeMutablePointer<UnsafePointer<Float>>
) {
  let plane = geometry.pointee.inputHeight * geometry.pointee.inputWidth
  let stride = GemmF32Descriptor.packedTileStride(channels: channels, tallest: tallestTile)
  let image = first / plane
  let pixel = first - image * plane
  // Whole tiles with 8 pixels of the image to read: each channel's pixels are met once.
  var whole = 0
  while tileHeight(count - whole * tallestTile) == tallestTile && pixel + whole * tallestTile + 8 <= plane { whole += 1 }
  var line = input + (image * channels * plane + pixel)
  var to = target
  for _ in 0..<channels {
    var from = line
    var tile = to
    for _ in 0..<whole {
      store8(load8(from), tile)
      from += tallestTile
      tile += stride
    }
    line += plane
    to += tallestTile
  }
  for row in 0..<whole * tallestTile { table[row] = UnsafePointer(target + (row / tallestTile * stride + row % tallestTile)) }
  var row = whole * tallestTile
  var tile = target + whole * stride
  while row < count {
    let height = tileHeight(count - row)
    packTile(input, plane: plane, channels: channels, first: first + row, height: height, to: tile)
    for index in 0..<height { table[row + index] = UnsafePointer(tile + index) }
    row += height
    tile += stride
  }
}

/// One tile, whose rows may lie in several images.
private func packTile(
  _ input: UnsafePointer<Float>, plane: Int, channels: Int, first: Int, height: Int, to target: UnsafeMutablePointer<Float>
) {
  var row = 0
  while row < height {
    let image = (first + row) / plane
    let pixel = first + row - image * plane
    let run = min(height - row, plane - pixel)
    let line = input + (image * channels * plane + pixel)
    if row == 0 {
      // What is written beyond the run is written again, or never read.
      for k in 0..<channels { store8(load8(line + k * plane, count: run), target + k * tallestTile) }
    } else {
      for k in 0..<channels {
        for index in 0..<run { target[k * tallestTile + row + index] = line[k * plane + index] }
      }
    }
    row += run
  }
}

/// Writes a panel of results, `count` rows of 16 columns of which `columns` count, to planes of a dense NCHW output, from channel `column` on.
func spreadPanel(
  _ geometry: UnsafePointer<Geometry>, _ panel: UnsafePointer<Float>, first: Int, count: Int, columns: Int,
  to output: UnsafeMutablePointer<Float>, _ column: Int, channels: Int
) {
  let plane = geometry.pointee.outputHeight * geometry.pointee.outputWidth
  var row = 0
  while row < count {
    let image = (first + row) / plane
    let pixel = first + row - image * plane
    let run = min(count - row, plane - pixel)
    let from = panel + row * 16
    let to = output + ((image * channels + column) * plane + pixel)
    var done = 0
    while done + 8 <= columns && run >= 8 {
      var index = 0
      while index < run {
        // The last tile overlaps the one before.
        let at = min(index, run - 8)
        transpose8(from + (at * 16 + done), 16, to + (done * plane + at), plane)
        index += 8
      }
      done += 8
    }
    while done < columns {
      for index in 0..<run { to[done * plane + index] = from[index * 16 + done] }
      done += 1
    }
    row += run
  }
}
