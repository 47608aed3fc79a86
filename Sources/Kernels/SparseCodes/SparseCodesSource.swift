import KernelContract

/// What a panel of codes is filled from.
struct SparseCodesSource {
  var geometry: UnsafePointer<Geometry>
  var planes: UnsafePointer<SparseCodesPlane>
  var count: Int
  var planeBytes: Int
  var pitch: Int
  /// A pixel of zero points.
  var outside: UnsafePointer<UInt8>
  /// `[plane][position]`: the pixel that the plane holds there.
  var pixels: UnsafeMutablePointer<UnsafePointer<UInt8>>

  /// Finds the pixels of a tile that begins at position `first`.
  func find(_ input: UnsafePointer<UInt8>, first: Int) {
    let g = geometry.pointee
    for plane in 0..<count {
      let (line, column) = (planes[plane].line, planes[plane].column)
      let to = pixels + plane * planeBytes
      var y = first / pitch
      var x = first - y * pitch
      var position = 0
      while position < planeBytes {
        let sourceY = y * g.strideY + line
        let inLine = min(pitch - x, planeBytes - position)
        if sourceY < 0 || sourceY >= g.inputHeight {
          for i in 0..<inLine { to[position + i] = outside }
        } else {
          let from = input + sourceY * g.inputWidth * g.inputPixelStride
          var sourceX = x * g.strideX + column
          for i in 0..<inLine {
            to[position + i] = sourceX >= 0 && sourceX < g.inputWidth ? from + sourceX * g.inputPixelStride : outside
            sourceX += g.strideX
          }
        }
        position += inLine
        (x, y) = (0, y + 1)
      }
    }
  }

  /// Copies `channels` channels from `channel` on to the panel, `[channel][plane][position]`.
  func fill(_ channel: Int, _ channels: Int, _ panel: UnsafeMutablePointer<UInt8>) {
    let stride = count * planeBytes
    for plane in 0..<count {
      let from = pixels + plane * planeBytes
      let to = panel + plane * planeBytes
      var position = 0
      while position < planeBytes {
        if channels < 16 {
          for i in position..<position + 32 {
            let pixel = from[i] + channel
            for other in 0..<channels { to[other * stride + i] = pixel[other] }
          }
        } else {
          var other = 0
          while other < channels {
            // The last sixteen overlap those before.
            let first = min(other, channels - 16)
            gatherPlanes(from + position, channel + first, to + (first * stride + position), stride)
            other += 16
          }
        }
        position += 32
      }
    }
  }
}
