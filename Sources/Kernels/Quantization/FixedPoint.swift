import KernelContract

/// `x · multiplier · 2^(shift − 31)` as TensorFlow Lite rounds it: see `RequantizeFixedDescriptor`.
///
/// The upper half of twice the product, halves upwards, is (x · m + 2³⁰) >> 31: its definition truncates (x · m ± 2³⁰) toward zero, with 1 − 2³⁰
/// for negative products, which is the same number.
@inline(__always)
private func rescale(_ x: Int32, _ multiplier: Int32, _ shift: Int32) -> Int32 {
  let left = Int64(max(shift, 0))
  let right = max(0 &- shift, 0)
  let shifted = min(max(Int64(x) &<< left, -0x8000_0000), 0x7fff_ffff)
  let high = Int32(truncatingIfNeeded: (shifted &* Int64(multiplier) &+ (1 << 30)) &>> 31)
  let mask = (Int32(1) &<< right) &- 1
  let threshold = (mask &>> 1) &+ (high < 0 ? 1 : 0)
  return (high &>> right) &+ (high & mask > threshold ? 1 : 0)
}

/// `requantize_fixed_s32_1`: see `RequantizeFixedDescriptor`.
func stepRequantizeFixed(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: RequantizeFixedDescriptor.self)
  let zeroPoint = d.pointee.zeroPoint
  let low = Int64(d.pointee.low)
  let high = Int64(d.pointee.high)
  forEachPiece(d.pointee.rows, begin, end) { row, first, count in
    let to = buffers[0].assumingMemoryBound(to: UInt8.self) + (row * d.pointee.outputStride + first)
    let from = UnsafePointer(buffers[1].assumingMemoryBound(to: Int32.self)) + (row * d.pointee.inputStride + first)
    let scales = d.pointee.scales + first
    for i in 0..<count {
      let code = Int64(rescale(from[i], scales[i].multiplier, scales[i].shift)) &+ Int64(zeroPoint)
      to[i] = UInt8(truncatingIfNeeded: min(max(code, low), high))
    }
  }
}

/// `add_fixed_u8_1`: see `AddFixedU8Descriptor`.
func stepAddFixedU8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: AddFixedU8Descriptor.self)
  let aScale = d.pointee.aScale
  let bScale = d.pointee.bScale
  let outputScale = d.pointee.outputScale
  let aZero = d.pointee.aZeroPoint
  let bZero = d.pointee.bZeroPoint
  let zeroPoint = d.pointee.zeroPoint
  let low = Int64(d.pointee.low)
  let high = Int64(d.pointee.high)
  forEachPiece(d.pointee.rows, begin, end) { row, first, count in
    let to = buffers[0].assumingMemoryBound(to: UInt8.self) + (row * d.pointee.outputStride + first)
    let a = UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self)) + (row * d.pointee.aStride + first)
    let b = UnsafePointer(buffers[2].assumingMemoryBound(to: UInt8.self)) + (row * d.pointee.bStride + first)
    for i in 0..<count {
      // At most 2 · 255 · 2²⁰ / 2 < 2²⁸: no sum overflows.
      let x = rescale((Int32(a[i]) &- aZero) &<< 20, aScale.multiplier, aScale.shift)
      let y = rescale((Int32(b[i]) &- bZero) &<< 20, bScale.multiplier, bScale.shift)
      let code = Int64(rescale(x &+ y, outputScale.multiplier, outputScale.shift)) &+ Int64(zeroPoint)
      to[i] = UInt8(truncatingIfNeeded: min(max(code, low), high))
    }
  }
}
