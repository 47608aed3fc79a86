import KernelContract

/// The lines of one channel that a block of tiles sees, their columns dealt out by the remainder modulo the tile: column c of a line lies at
/// place c / tile of its phase c mod tile.
struct WinogradStrip {
  /// Output pixels of a tile: 2 or 4.
  var tile: Int
  /// Floats of a phase, a multiple of 8.
  var pitch: Int
  private var floats: UnsafeMutablePointer<Float>
  /// One line before it is dealt out.
  private var line: UnsafeMutablePointer<Float>

  /// `floats` are zeros, (lines + 1) · tile · pitch and 32 more.
  @inline(__always)
  init(tile: Int, pitch: Int, lines: Int, _ floats: UnsafeMutablePointer<Float>) {
    (self.tile, self.pitch, self.floats) = (tile, pitch, floats)
    line = floats + lines * tile * pitch
  }

  /// Copies what the windows of output pixels from (`line`, `column`) on see of a plane, zeros outside the image.
  @inline(__always)
  func load(_ g: UnsafePointer<Geometry>, _ plane: UnsafePointer<Float>, line first: Int, column: Int, lines: Int, columns: Int) {
    let (top, left) = (first - g.pointee.padTop, column - g.pointee.padLeft)
    let width = g.pointee.inputWidth
    let begin = min(max(0, 0 - left), columns)
    let inside = max(0, min(columns, width - left) - begin)
    let all = tile * pitch
    for i in 0..<begin { line[i] = 0 }
    for i in begin + inside..<max(all, begin + inside) { line[i] = 0 }
    var to = floats
    for y in top..<top + lines {
      if y < 0 || y >= g.pointee.inputHeight || inside == 0 {
        var i = 0
        while i < all {
          store8(splat8(0), to + i)
          i += 8
        }
      } else {
        let from = plane + (y * width + left + begin)
        copyFloats(from, line + begin, inside)
        if tile == 4 { dealFours(line, to, pitch) } else { dealTwos(line, to, pitch) }
      }
      to += all
    }
  }

  /// Where the pixels of the first tiles of a line of tiles lie, row by row.
  @inline(__always)
  func pointToPixels(_ tileLine: Int, _ table: UnsafeMutablePointer<UnsafePointer<Float>>) {
    let side = tile + 2
    var entry = table
    var from = UnsafePointer(floats) + tileLine * tile * tile * pitch
    for _ in 0..<side {
      for x in 0..<tile { entry[x] = from + x * pitch }
      entry[tile] = from + 1
      entry[tile + 1] = from + (pitch + 1)
      entry += side
      from += tile * pitch
    }
  }
}

@inline(__always)
private func dealTwos(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ pitch: Int) {
  var i = 0
  while i < pitch {
    let both = SIMD16(lowHalf: load8(from + 2 * i), highHalf: load8(from + (2 * i + 8)))
    store8(both.evenHalf, to + i)
    store8(both.oddHalf, to + (pitch + i))
    i += 8
  }
}

@inline(__always)
private func dealFours(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ pitch: Int) {
  var i = 0
  while i < pitch {
    let at = from + 4 * i
    let dealt = deal8(load8(at), load8(at + 8), load8(at + 16), load8(at + 24))
    store8(dealt.0, to + i)
    store8(dealt.1, to + (pitch + i))
    store8(dealt.2, to + (2 * pitch + i))
    store8(dealt.3, to + (3 * pitch + i))
    i += 8
  }
}
