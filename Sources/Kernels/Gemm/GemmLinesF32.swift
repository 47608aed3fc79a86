import KernelContract

/// Copies the input lines that output lines `top ... bottom` of an image read, widened to the pixels that windows reach, with zeros outside
/// the image, and returns what follows from where they lie.
///
/// Lines lie `lines.lineStride` floats apart, in each `[pixel][channel]`, or `[channel][pixel]` for an NCHW input.
func copyLines(
  _ geometry: UnsafePointer<Geometry>, _ lines: GemmLines, image: UnsafePointer<Float>, isNCHW: Bool, channels: Int, top: Int, bottom: Int,
  into target: UnsafeMutablePointer<Float>
) {
  let g = geometry.pointee
  let first = top * g.strideY - g.padTop
  let last = bottom * g.strideY - g.padTop + (g.kernelHeight - 1) * g.dilationY
  // Pixels lead ..< trail of a copied line lie inside the image.
  let lead = min(g.padLeft, lines.width)
  let trail = max(lead, min(lines.width, g.padLeft + g.inputWidth))
  // An NCHW line is one line of each plane; an NHWC line is copied as one, or pixel by pixel where others lie between.
  let planes = isNCHW ? channels : 1
  let size = isNCHW ? 1 : channels
  var to = target
  for y in first...max(first, last) {
    for plane in 0..<planes {
      if y < 0 || y >= g.inputHeight {
        clear(to, lines.width * size)
      } else {
        clear(to, lead * size)
        let start = isNCHW ? (plane * g.inputHeight + y) * g.inputWidth : y * g.inputWidth * g.inputPixelStride
        if isNCHW || g.inputPixelStride == channels {
          copy(image + start, to + lead * size, (trail - lead) * size)
        } else {
          for x in 0..<trail - lead { copy(image + (start + x * g.inputPixelStride), to + (lead + x) * size, size) }
        }
        clear(to + trail * size, (lines.width - trail) * size)
      }
      to += isNCHW ? lines.planeStride : lines.lineStride
    }
  }
}

/// Copies the lines that `count` output pixels from `first` on read, image by image, and writes where each pixel's window begins.
func copyLinesOfRows(
  _ geometry: UnsafePointer<Geometry>, _ lines: GemmLines, input: UnsafePointer<Float>, isNCHW: Bool, channels: Int, first: Int, count: Int,
  into target: UnsafeMutablePointer<Float>, table: UnsafeMutablePointer<UnsafePointer<Float>>
) {
  let g = geometry.pointee
  let perImage = g.inputHeight * g.inputWidth * (isNCHW ? channels : g.inputPixelStride)
  let step = g.strideX * (isNCHW ? 1 : channels)
  var cursor = PixelCursor(first, geometry)
  var to = target
  var done = 0
  while done < count {
    let inImage = min(count - done, (g.outputHeight - cursor.y) * g.outputWidth - cursor.x)
    let top = cursor.y
    let bottom = top + (cursor.x + inImage - 1) / g.outputWidth
    copyLines(
      geometry, lines, image: input + cursor.image * perImage, isNCHW: isNCHW, channels: channels, top: top, bottom: bottom, into: to)
    for row in done..<done + inImage {
      table[row] = UnsafePointer(to + ((cursor.y - top) * g.strideY * lines.lineStride + cursor.x * step))
      cursor.advance(geometry)
    }
    to += ((bottom - top) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1) * lines.lineStride
    done += inImage
  }
}

/// Where the terms of a sum lie behind the beginning of a window, tap by tap and channel by channel.
func placeTerms(
  _ geometry: UnsafePointer<Geometry>, _ lines: GemmLines, isNCHW: Bool, channels: Int, into places: UnsafeMutablePointer<Int>
) {
  let g = geometry.pointee
  var index = 0
  for ky in 0..<g.kernelHeight {
    for kx in 0..<g.kernelWidth {
      let pixel = ky * g.dilationY * lines.lineStride + kx * g.dilationX * (isNCHW ? 1 : channels)
      for channel in 0..<channels {
        places[index] = pixel + channel * (isNCHW ? lines.planeStride : 1)
        index += 1
      }
    }
  }
}
