import KernelContract

/// Writes a tile's sums: whole panels as codes by vectors of sixteen, anything else as all kernels do.
func finishQuads(
  _ sums: UnsafePointer<Int32>, sumsStride: Int, rows: Int, columns: Int, scales: UnsafePointer<Float>,
  _ requantization: UnsafePointer<Requantization>, output: UnsafeMutableRawPointer, outputOffset: Int, outputStride: Int
) {
  var written = 0
  if case .u8 = requantization.pointee.output {
    let zeroPoint = requantization.pointee.zeroPoint
    let low = SIMD16<Float>(repeating: Float(requantization.pointee.low - zeroPoint))
    let high = SIMD16<Float>(repeating: Float(requantization.pointee.high - zeroPoint))
    let shift = SIMD16<Int32>(repeating: zeroPoint)
    while written + 16 <= columns {
      let factors = UnsafeRawPointer(scales + written).loadUnaligned(as: SIMD16<Float>.self)
      var from = sums + written
      var to = output + (outputOffset + written)
      for _ in 0..<rows {
        let codes = codes16(UnsafeRawPointer(from).loadUnaligned(as: SIMD16<Int32>.self), factors, low, high, shift)
        to.storeBytes(of: codes, as: SIMD16<UInt8>.self)
        from += sumsStride
        to += outputStride
      }
      written += 16
    }
    if written == columns { return }
  }
  requantize(
    sums + written, sumsStride: sumsStride, rows: rows, columns: columns - written, scales: scales + written, requantization,
    output: output, outputOffset: outputOffset + written, outputStride: outputStride)
}
