import KernelContract

/// How many of `count` output pixels from the cursor on go by `copyNarrow`: windows on one line, inside the image from left to right, whose lines
/// are short and dense.
@inline(__always)
func narrowRun(_ g: UnsafePointer<Geometry>, _ cursor: PixelCursor, channels: Int, count: Int) -> Int {
  let (kernel, pad) = (g.pointee.kernelWidth, g.pointee.padLeft)
  guard g.pointee.inputPixelStride == channels, g.pointee.dilationX == 1, kernel * channels <= 64, cursor.x * g.pointee.strideX >= pad
  else {
    return 0
  }
  let room = g.pointee.inputWidth + pad - kernel
  return room < 0 ? 0 : min(count, min(g.pointee.outputWidth, room / g.pointee.strideX + 1) - cursor.x)
}

/// Copies the windows of `run` neighbouring output pixels side by side, `[pixel][tap][channel]`, as bytes or, a constant, as 16-bit words.
///
/// A line of all windows at a time, by vectors of sixteen that may run over into what is written later, and from a line into the next.
@inline(__always)
func copyNarrow(
  words: Bool, _ geometry: UnsafePointer<Geometry>, _ cursor: PixelCursor, _ run: Int, input: UnsafePointer<UInt8>, channels: Int,
  zeroPoint: UInt8, rowStride: Int, into target: UnsafeMutableRawPointer
) {
  let g = geometry.pointee
  let size = words ? 2 : 1
  let width = g.kernelWidth * channels
  let lineStride = g.inputWidth * channels
  let chunks = blocks(width, of: 16)
  let step = g.strideX * channels
  let image = input + cursor.image * g.inputHeight * lineStride
  let left = (cursor.x * g.strideX - g.padLeft) * channels
  for ky in 0..<g.kernelHeight {
    let y = cursor.y * g.strideY - g.padTop + ky * g.dilationY
    var to = target + ky * width * size
    if y < 0 || y >= g.inputHeight {
      for _ in 0..<run {
        for i in 0..<width {
          if words {
            to.storeBytes(of: UInt16(zeroPoint), toByteOffset: 2 * i, as: UInt16.self)
          } else {
            to.storeBytes(of: zeroPoint, toByteOffset: i, as: UInt8.self)
          }
        }
        to += rowStride * size
      }
      continue
    }
    var from = image + (y * lineStride + left)
    let follows = lineStride >= 16 && (y + 1 < g.inputHeight || cursor.image + 1 < g.batch)
    if follows && 16 * chunks - width <= (g.kernelHeight - 1 - ky) * width {
      if chunks == 1 {
        for _ in 0..<run {
          put(words, from, to)
          from += step
          to += rowStride * size
        }
      } else {
        for _ in 0..<run {
          for chunk in 0..<chunks { put(words, from + 16 * chunk, to + 16 * chunk * size) }
          from += step
          to += rowStride * size
        }
      }
    } else {
      for _ in 0..<run {
        if words {
          widenRow(from, to.assumingMemoryBound(to: Int16.self), width)
        } else {
          copyCodes(from, to.assumingMemoryBound(to: UInt8.self), width)
        }
        from += step
        to += rowStride * size
      }
    }
  }
}

/// Sixteen codes.
@inline(__always)
private func put(_ words: Bool, _ from: UnsafePointer<UInt8>, _ to: UnsafeMutableRawPointer) {
  if words {
    store16(widen16(from), to.assumingMemoryBound(to: Int16.self))
  } else {
    to.storeBytes(of: UnsafeRawPointer(from).loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
  }
}

/// Copies bytes, never reading or writing beyond `count`: whole vectors, the last overlapping the one before.
@inline(__always)
func copyCodes(_ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, _ count: Int) {
  if count >= 16 {
    var i = 0
    while i + 16 < count {
      copy(from + i, to + i, SIMD16<UInt8>.self)
      i += 16
    }
    copy(from + (count - 16), to + (count - 16), SIMD16<UInt8>.self)
  } else if count >= 8 {
    copy(from, to, UInt64.self)
    copy(from + (count - 8), to + (count - 8), UInt64.self)
  } else {
    for i in 0..<count { to[i] = from[i] }
  }
}

@inline(__always)
private func copy<Word: BitwiseCopyable>(_ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, _ word: Word.Type) {
  UnsafeMutableRawPointer(to).storeBytes(of: UnsafeRawPointer(from).loadUnaligned(as: word), as: word)
}
