import KernelContract

/// `resize_f32_1x8`: see `ResizeF32Descriptor`.
func stepResizeF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: ResizeF32Descriptor.self)
  let (width, height) = (d.pointee.outputWidth, d.pointee.outputHeight)
  let (channels, stride) = (d.pointee.channels, d.pointee.inputStride)
  let lineFloats = d.pointee.inputWidth * stride
  for task in begin..<end {
    let image = task / height
    let line = d.pointee.lines[task - image * height]
    let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self)) + image * d.pointee.inputHeight * lineFloats
    let (above, below) = (input + Int(line.first) * lineFloats, input + Int(line.second) * lineFloats)
    var to = buffers[0].assumingMemoryBound(to: Float.self) + task * width * d.pointee.outputStride
    for x in 0..<width {
      let column = d.pointee.columns[x]
      let (left, right) = (Int(column.first) * stride, Int(column.second) * stride)
      if d.pointee.isNearest {
        copyFloats(above + left, to, channels)
      } else {
        blendPixels(above + left, above + right, below + left, below + right, column.weight, line.weight, channels, to)
      }
      to += d.pointee.outputStride
    }
  }
}

/// Two lines each way: first along the columns, then between the lines.
@inline(__always)
private func blendPixels(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>, _ d: UnsafePointer<Float>, _ across: Float,
  _ down: Float, _ count: Int, _ to: UnsafeMutablePointer<Float>
) {
  let (w, v) = (splat8(across), splat8(down))
  let (w1, v1) = (splat8(1 - across), splat8(1 - down))
  var i = 0
  while i < count {
    let part = min(8, count - i)
    let (p, q) = part == 8 ? (load8(a + i), load8(b + i)) : (load8(a + i, count: part), load8(b + i, count: part))
    let (r, s) = part == 8 ? (load8(c + i), load8(d + i)) : (load8(c + i, count: part), load8(d + i, count: part))
    let above = (p * w1).addingProduct(q, w)
    let below = (r * w1).addingProduct(s, w)
    let sum = (above * v1).addingProduct(below, v)
    if part == 8 { store8(sum, to + i) } else { store8(sum, to + i, count: part) }
    i += 8
  }
}
