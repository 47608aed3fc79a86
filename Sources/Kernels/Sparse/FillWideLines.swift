import KernelContract

extension SparseSource {
  /// Strips of lines of 16 columns, for windows that move by single pixels to the right.
  func fillWide(_ first: Int, _ end: Int, into panel: UnsafeMutablePointer<Float>) {
    let inputWidth = geometry.pointee.inputWidth
    let (height, strideY, step) = (geometry.pointee.inputHeight, geometry.pointee.strideY, geometry.pointee.inputPixelStride)
    let lines = stripFloats / 16
    // Columns `left ..< left + seen` of a line are inside the image; all strips begin at the same column.
    let start = column + strips.pointee.column
    let left = min(16, max(0, -start))
    let seen = max(0, min(16 - left, inputWidth - start - left))
    // The columns that a window looks at behind these may be anything, but they must be there to be read.
    let isInside = step == 1 && seen == 16
    // What comes next is asked for in whole cache lines, by every other tile.
    let fetchesLines = fetches && isInside && column % 16 == 0
    let lineStep = strideY * inputWidth * step
    var channel = first / stripsOfChannel
    var strip = first - channel * stripsOfChannel
    var to = panel
    for _ in first..<end {
      let y = line * strideY + strips[strip].line
      // Lines `above ..< below` see the image.
      let above = y >= 0 ? 0 : min(lines, blocks(-y, of: strideY))
      let below = y >= height || seen == 0 ? above : max(above, min(lines, blocks(height - y, of: strideY)))
      zeroLines(0, above, to)
      var from = input + channel * channelStride + ((y + above * strideY) * inputWidth + start + left) * step
      var place = to + 16 * above
      let last = to + 16 * below
      if isInside {
        if fetchesLines {
          var ahead = from + 24
          for _ in above..<below {
            fetchToLevel2(ahead)
            ahead += lineStep
          }
        }
        while place < last {
          store8(load8(from), place)
          store8(load8(from + 8), place + 8)
          from += lineStep
          place += 16
        }
      } else if step == 1 && left <= 8 {
        while place < last {
          // What is written behind the line's end is the beginning of the next, which comes later.
          let low = load8(from, count: min(8, seen))
          let high = load8(from + 8, count: max(0, seen - 8))
          store8(splat8(0), place)
          store8(low, place + left)
          store8(high, place + left + 8)
          from += lineStep
          place += 16
        }
      } else {
        while place < last {
          zeroLines(0, 1, place)
          for i in 0..<seen { place[left + i] = from[i * step] }
          from += lineStep
          place += 16
        }
      }
      zeroLines(below, lines, to)
      to += stripFloats
      strip += 1
      if strip == stripsOfChannel { (channel, strip) = (channel + 1, 0) }
    }
  }
}

@inline(__always)
private func zeroLines(_ first: Int, _ end: Int, _ strip: UnsafeMutablePointer<Float>) {
  for line in first..<end {
    store8(splat8(0), strip + 16 * line)
    store8(splat8(0), strip + 16 * line + 8)
  }
}
