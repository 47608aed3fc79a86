import KernelContract

/// `copy_1`: see `CopyDescriptor`.
func stepCopy(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: CopyDescriptor.self)
  switch d.pointee.elementBytes {
  case 1: copyRows(d, buffers[1].assumingMemoryBound(to: UInt8.self), buffers[0].assumingMemoryBound(to: UInt8.self), begin, end)
  case 2: copyRows(d, buffers[1].assumingMemoryBound(to: UInt16.self), buffers[0].assumingMemoryBound(to: UInt16.self), begin, end)
  case 4: copyRows(d, buffers[1].assumingMemoryBound(to: UInt32.self), buffers[0].assumingMemoryBound(to: UInt32.self), begin, end)
  default: copyRows(d, buffers[1].assumingMemoryBound(to: UInt64.self), buffers[0].assumingMemoryBound(to: UInt64.self), begin, end)
  }
}

@inline(__always)
private func copyRows<T>(
  _ d: UnsafePointer<CopyDescriptor>, _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ begin: Int, _ end: Int
) {
  let extents = d.pointee.extents
  let (fromStep, toStep) = (d.pointee.inputStrides.innermost, d.pointee.outputStrides.innermost)
  forEachPiece(rows(of: extents), begin, end) { row, first, count in
    let to = output + (offset(ofRow: row, extents, d.pointee.outputStrides) + first * toStep)
    let from = input + (offset(ofRow: row, extents, d.pointee.inputStrides) + first * fromStep)
    if toStep == 1 && fromStep == 1 {
      copyElements(from, to, count)
    } else {
      for i in 0..<count { to[i * toStep] = from[i * fromStep] }
    }
  }
}

/// Short runs by vectors, the last one overlapping the one before; long ones by the C library.
@inline(__always)
func copyElements<T>(_ from: UnsafePointer<T>, _ to: UnsafeMutablePointer<T>, _ count: Int) {
  let bytes = count * MemoryLayout<T>.stride
  let (source, target) = (UnsafeRawPointer(from), UnsafeMutableRawPointer(to))
  if bytes >= 2048 {
    target.copyMemory(from: source, byteCount: bytes)
  } else if bytes >= 32 {
    var i = 0
    while i + 32 < bytes {
      target.storeBytes(of: source.loadUnaligned(fromByteOffset: i, as: Float8.self), toByteOffset: i, as: Float8.self)
      i += 32
    }
    target.storeBytes(of: source.loadUnaligned(fromByteOffset: bytes - 32, as: Float8.self), toByteOffset: bytes - 32, as: Float8.self)
  } else {
    for i in 0..<count { to[i] = from[i] }
  }
}

/// `fill_1`: see `FillDescriptor`.
func stepFill(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: FillDescriptor.self)
  let bits = d.pointee.bits
  switch d.pointee.elementBytes {
  case 1: fillRows(d, buffers[0].assumingMemoryBound(to: UInt8.self), UInt8(truncatingIfNeeded: bits), begin, end)
  case 2: fillRows(d, buffers[0].assumingMemoryBound(to: UInt16.self), UInt16(truncatingIfNeeded: bits), begin, end)
  case 4: fillRows(d, buffers[0].assumingMemoryBound(to: UInt32.self), UInt32(truncatingIfNeeded: bits), begin, end)
  default: fillRows(d, buffers[0].assumingMemoryBound(to: UInt64.self), bits, begin, end)
  }
}

@inline(__always)
private func fillRows<T>(_ d: UnsafePointer<FillDescriptor>, _ output: UnsafeMutablePointer<T>, _ value: T, _ begin: Int, _ end: Int) {
  forEachPiece(d.pointee.rows, begin, end) { row, first, count in
    let to = output + (row * d.pointee.outputStride + first)
    for i in 0..<count { to[i] = value }
  }
}
