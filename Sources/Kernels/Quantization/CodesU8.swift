import KernelContract

/// `add_u8_1x8`: see `AddU8Descriptor`.
func stepAddU8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: AddU8Descriptor.self)
  let range = CodeRange(low: d.pointee.low, high: d.pointee.high, zeroPoint: d.pointee.zeroPoint)
  let aZero = Int8x32(repeating: d.pointee.aZeroPoint)
  let bZero = Int8x32(repeating: d.pointee.bZeroPoint)
  let aScale = splat8(d.pointee.aScale)
  let bScale = splat8(d.pointee.bScale)
  forEachPiece(d.pointee.rows, begin, end) { row, first, count in
    let to = buffers[0] + (row * d.pointee.outputStride + first)
    let a = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self)) + (row * d.pointee.aStride + first)
    let b = UnsafePointer(buffers[2].assumingMemoryBound(to: UInt8.self)) + (row * d.pointee.bStride + first)
    var i = 0
    while i + 16 <= count {
      let first = (toFloat(widen8(a + i) &- aZero) * aScale).addingProduct(toFloat(widen8(b + i) &- bZero), bScale)
      let second = (toFloat(widen8(a + i + 8) &- aZero) * aScale).addingProduct(toFloat(widen8(b + i + 8) &- bZero), bScale)
      range.write16(first, second, to + i)
      i += 16
    }
    while i + 8 <= count {
      let sum = (toFloat(widen8(a + i) &- aZero) * aScale).addingProduct(toFloat(widen8(b + i) &- bZero), bScale)
      narrow8(range.codes(sum), to + i)
      i += 8
    }
    while i < count {
      let x = splat8(Float(Int32(a[i]) - d.pointee.aZeroPoint))
      let y = splat8(Float(Int32(b[i]) - d.pointee.bZeroPoint))
      narrow8(range.codes((x * aScale).addingProduct(y, bScale)), to + i, count: 1)
      i += 1
    }
  }
}

/// `lookup_u8_1`: see `LookupU8Descriptor`.
func stepLookupU8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: LookupU8Descriptor.self)
  let table = d.pointee.table
  // Of clamps, such as relu, there is no need to look anything up.
  var isClamp = true
  for code in 0..<256 { isClamp = isClamp && table[code] == min(max(UInt8(code), table[0]), table[255]) }
  let (low, high) = (Quads8(repeating: table[0]), Quads8(repeating: table[255]))
  forEachPiece(d.pointee.rows, begin, end) { row, first, count in
    let to = buffers[0].assumingMemoryBound(to: UInt8.self) + (row * d.pointee.outputStride + first)
    let from = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self)) + (row * d.pointee.inputStride + first)
    var i = 0
    if isClamp {
      while i + 32 <= count {
        let codes = lesser(high, greater(low, UnsafeRawPointer(from + i).loadUnaligned(as: Quads8.self)))
        UnsafeMutableRawPointer(to + i).storeBytes(of: codes, as: Quads8.self)
        i += 32
      }
    }
    while i < count {
      to[i] = table[Int(from[i])]
      i += 1
    }
  }
}
