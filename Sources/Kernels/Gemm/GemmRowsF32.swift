import KernelContract

/// Where an output pixel's window begins in the input; steps through pixels in order without dividing.
struct PixelCursor {
  var image: Int
  var y: Int
  var x: Int

  /// At output pixel `index`, counted over all images.
  @inline(__always)
  init(_ index: Int, _ geometry: UnsafePointer<Geometry>) {
    let perImage = geometry.pointee.outputHeight * geometry.pointee.outputWidth
    image = index / perImage
    let inImage = index - image * perImage
    y = inImage / geometry.pointee.outputWidth
    x = inImage - y * geometry.pointee.outputWidth
  }

  @inline(__always)
  mutating func advance(_ geometry: UnsafePointer<Geometry>) {
    x += 1
    if x == geometry.pointee.outputWidth {
      x = 0
      y += 1
      if y == geometry.pointee.outputHeight {
        y = 0
        image += 1
      }
    }
  }
}

/// Writes for each of `count` output pixels from `first` and each tap where its input pixel begins, or `zeros` outside the image:
/// `table[tap · count + row]`.
func pointToRows(
  _ geometry: UnsafePointer<Geometry>, input: UnsafePointer<Float>, zeros: UnsafePointer<Float>, first: Int, count: Int,
  table: UnsafeMutablePointer<UnsafePointer<Float>>
) {
  let g = geometry.pointee
  if g.isPointwise {
    for row in 0..<count { table[row] = input + (first + row) * g.inputPixelStride }
    return
  }
  var cursor = PixelCursor(first, geometry)
  for row in 0..<count {
    let image = input + cursor.image * g.inputHeight * g.inputWidth * g.inputPixelStride
    let top = cursor.y * g.strideY - g.padTop
    let left = cursor.x * g.strideX - g.padLeft
    var entry = table + row
    for ky in 0..<g.kernelHeight {
      let y = top + ky * g.dilationY
      let isInside = y >= 0 && y < g.inputHeight
      for kx in 0..<g.kernelWidth {
        let x = left + kx * g.dilationX
        entry.pointee = isInside && x >= 0 && x < g.inputWidth ? image + (y * g.inputWidth + x) * g.inputPixelStride : zeros
        entry += count
      }
    }
    cursor.advance(geometry)
  }
}

/// Copies the windows of `count` output pixels side by side, `[row][tap][channel]`, zeros outside the image.
func gatherRows(
  _ geometry: UnsafePointer<Geometry>, input: UnsafePointer<Float>, channels: Int, first: Int, count: Int,
  into target: UnsafeMutablePointer<Float>
) {
  let g = geometry.pointee
  let width = g.kernelWidth * channels
  let isDense = g.inputPixelStride == channels && g.dilationX == 1
  var cursor = PixelCursor(first, geometry)
  var to = target
  for _ in 0..<count {
    let image = input + cursor.image * g.inputHeight * g.inputWidth * g.inputPixelStride
    let left = cursor.x * g.strideX - g.padLeft
    let isInside = left >= 0 && left + (g.kernelWidth - 1) * g.dilationX < g.inputWidth
    for ky in 0..<g.kernelHeight {
      let y = cursor.y * g.strideY - g.padTop + ky * g.dilationY
      let line = image + (y * g.inputWidth + left) * g.inputPixelStride
      if y < 0 || y >= g.inputHeight {
        clear(to, width)
      } else if isInside && isDense {
        copy(line, to, width)
      } else {
        for kx in 0..<g.kernelWidth {
          let x = left + kx * g.dilationX
          if x < 0 || x >= g.inputWidth {
            clear(to + kx * channels, channels)
          } else {
            copy(line + kx * g.dilationX * g.inputPixelStride, to + kx * channels, channels)
          }
        }
      }
      to += width
    }
    cursor.advance(geometry)
  }
}

/// Copies the windows of `count` output pixels of a dense NCHW input, the pixels side by side: `[tap][channel][row]`.
func gatherPlanes(
  _ geometry: UnsafePointer<Geometry>, input: UnsafePointer<Float>, channels: Int, first: Int, count: Int,
  into target: UnsafeMutablePointer<Float>
) {
  let g = geometry.pointee
  let plane = g.inputHeight * g.inputWidth
  var done = 0
  while done < count {
    let cursor = PixelCursor(first + done, geometry)
    // The rest of this output line, or of the block.
    let run = min(count - done, g.outputWidth - cursor.x)
    for ky in 0..<g.kernelHeight {
      let y = cursor.y * g.strideY - g.padTop + ky * g.dilationY
      for kx in 0..<g.kernelWidth {
        let left = cursor.x * g.strideX - g.padLeft + kx * g.dilationX
        // Rows lead … trail of the run lie inside the image.
        let lead = y < 0 || y >= g.inputHeight ? run : min(run, left < 0 ? blocks(0 - left, of: g.strideX) : 0)
        let trail = left >= g.inputWidth ? lead : max(lead, min(run, blocks(g.inputWidth - left, of: g.strideX)))
        for channel in 0..<channels {
          let depth = (ky * g.kernelWidth + kx) * channels + channel
          let to = target + (depth * count + done)
          let line = (cursor.image * channels + channel) * plane + y * g.inputWidth
          let from = input + (line + left)
          clear(to, lead)
          copyStrided(from + lead * g.strideX, stride: g.strideX, to + lead, trail - lead)
          clear(to + trail, run - trail)
        }
      }
    }
    done += run
  }
}

@inline(__always)
func clear(_ to: UnsafeMutablePointer<Float>, _ count: Int) {
  var i = 0
  while i < count {
    to[i] = 0
    i += 1
  }
}

/// Whole vectors, the last one overlapping the one before.
@inline(__always)
func copy(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
  if count >= 8 {
    var i = 0
    while i + 8 < count {
      store8(load8(from + i), to + i)
      i += 8
    }
    store8(load8(from + (count - 8)), to + (count - 8))
  } else {
    var i = 0
    while i < count {
      to[i] = from[i]
      i += 1
    }
  }
}

/// `to[i] = from[i · stride]`
@inline(__always)
private func copyStrided(_ from: UnsafePointer<Float>, stride: Int, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
  if stride == 1 { return copy(from, to, count) }
  var i = 0
  if stride == 2 {
    // Sixteen floats for eight, so the last one read is unused: stop while it is still followed by one that is used.
    while i + 8 < count {
      store8(UnsafeRawPointer(from + 2 * i).loadUnaligned(as: SIMD16<Float>.self).evenHalf, to + i)
      i += 8
    }
  }
  while i < count {
    to[i] = from[i * stride]
    i += 1
  }
}
