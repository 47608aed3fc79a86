import KernelContract

/// `unary_f32_1x8`: see `UnaryF32Descriptor`.
func stepUnaryF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: UnaryF32Descriptor.self)
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  forEachPiece(d.pointee.rows, begin, end) { row, first, count in
    activateRow(input + (row * d.pointee.inputStride + first), output + (row * d.pointee.outputStride + first), count, d.pointee.epilogue)
  }
}

/// `scale_shift_f32_1x8`: see `ScaleShiftF32Descriptor`.
func stepScaleShiftF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: ScaleShiftF32Descriptor.self)
  let channels = d.pointee.channels
  let perTask = max(1, elementsPerTask / max(1, channels))
  let isIdentity = isIdentity(d.pointee.epilogue)
  let (scale, shift) = (d.pointee.scale, d.pointee.shift)
  for row in begin * perTask..<min(end * perTask, d.pointee.rowCount) {
    let to = buffers[0].assumingMemoryBound(to: Float.self) + row * d.pointee.outputStride
    let from = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self)) + row * d.pointee.inputStride
    var i = 0
    while i + 8 <= channels {
      store8(load8(shift + i).addingProduct(load8(from + i), load8(scale + i)), to + i)
      i += 8
    }
    if i < channels {
      let count = channels - i
      let value = load8(shift + i, count: count).addingProduct(load8(from + i, count: count), load8(scale + i, count: count))
      store8(value, to + i, count: count)
    }
    if !isIdentity { activateRow(to, to, channels, d.pointee.epilogue) }
  }
}
