import KernelContract

/// `quantize_f32_1x8`: see `QuantizeDescriptor`. The codes of both signednesses are the same low bytes.
func stepQuantize(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: QuantizeDescriptor.self)
  let range = CodeRange(low: d.pointee.low, high: d.pointee.high, zeroPoint: d.pointee.zeroPoint)
  let scale = splat8(d.pointee.scale)
  forEachPiece(d.pointee.rows, begin, end) { row, first, count in
    let to = buffers[0] + (row * d.pointee.outputStride + first)
    let from = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self)) + (row * d.pointee.inputStride + first)
    var i = 0
    while i + 8 <= count {
      narrow8(range.codes(load8(from + i) / scale), to + i)
      i += 8
    }
    if i < count { narrow8(range.codes(load8(from + i, count: count - i) / scale), to + i, count: count - i) }
  }
}

/// `dequantize_f32_1x8`: see `DequantizeDescriptor`.
func stepDequantize(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: DequantizeDescriptor.self)
  let zero = Int8x32(repeating: d.pointee.zeroPoint)
  let scale = splat8(d.pointee.scale)
  let isSigned = d.pointee.isSigned
  forEachPiece(d.pointee.rows, begin, end) { row, first, count in
    let to = buffers[0].assumingMemoryBound(to: Float.self) + (row * d.pointee.outputStride + first)
    let from = UnsafeRawPointer(buffers[1]) + (row * d.pointee.inputStride + first)
    let unsigned = from.assumingMemoryBound(to: UInt8.self)
    let signed = from.assumingMemoryBound(to: Int8.self)
    var i = 0
    while i + 8 <= count {
      store8(toFloat((isSigned ? widen8(signed + i) : widen8(unsigned + i)) &- zero) * scale, to + i)
      i += 8
    }
    while i < count {
      to[i] = Float((isSigned ? Int32(signed[i]) : Int32(unsigned[i])) - d.pointee.zeroPoint) * d.pointee.scale
      i += 1
    }
  }
}
