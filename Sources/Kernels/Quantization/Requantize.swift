import KernelContract

/// Writes rows of exact sums the way `requantization` says: `sums[row · sumsStride + column]`, `columns` of them a row.
func requantize(
  _ sums: UnsafePointer<Int32>, sumsStride: Int, rows: Int, columns: Int, scales: UnsafePointer<Float>,
  _ requantization: UnsafePointer<Requantization>, output: UnsafeMutableRawPointer, outputOffset: Int, outputStride: Int
) {
  switch requantization.pointee.output {
  case .u8:
    let range = CodeRange(
      low: requantization.pointee.low, high: requantization.pointee.high, zeroPoint: requantization.pointee.zeroPoint)
    var whole = 0
    while whole + 16 <= columns {
      let (scale0, scale1) = (load8(scales + whole), load8(scales + whole + 8))
      var from = sums + whole
      var to = output + (outputOffset + whole)
      var row = 0
      while row + 2 <= rows {
        range.writeRows16(from, sumsStride, scale0, scale1, to, to + outputStride)
        from += 2 * sumsStride
        to += 2 * outputStride
        row += 2
      }
      if row < rows { range.write16(toFloat(load8(from)) * scale0, toFloat(load8(from + 8)) * scale1, to) }
      whole += 16
    }
    if whole == columns { return }
    for row in 0..<rows {
      let from = sums + row * sumsStride
      let to = output + (outputOffset + row * outputStride)
      var i = whole
      if i + 8 <= columns {
        narrow8(range.codes(toFloat(load8(from + i)) * load8(scales + i)), to + i)
        i += 8
      }
      if i < columns { narrow8(range.codes(toFloat(load8(from + i)) * load8(scales + i)), to + i, count: columns - i) }
    }
  case .f32:
    for row in 0..<rows {
      let from = sums + row * sumsStride
      let to = output.assumingMemoryBound(to: Float.self) + (outputOffset + row * outputStride)
      var i = 0
      while i + 8 <= columns {
        store8(toFloat(load8(from + i)) * load8(scales + i), to + i)
        i += 8
      }
      if i < columns { store8(toFloat(load8(from + i)) * load8(scales + i), to + i, count: columns - i) }
      if !isIdentity(requantization.pointee.epilogue) { activateRow(to, to, columns, requantization.pointee.epilogue) }
    }
  case .s32:
    for row in 0..<rows {
      let to = output.assumingMemoryBound(to: Int32.self) + (outputOffset + row * outputStride)
      for i in 0..<columns { to[i] = sums[row * sumsStride + i] }
    }
  }
}
