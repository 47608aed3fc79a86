import KernelContract

/// Writes a tile's sums.
@inline(__always)
func finishQuads(
  _ sums: UnsafePointer<Int32>, sumsStride: Int, rows: Int, columns: Int, scales: UnsafePointer<Float>,
  _ requantization: UnsafePointer<Requantization>, output: UnsafeMutableRawPointer, outputOffset: Int, outputStride: Int
) {
  requantize(
    sums, sumsStride: sumsStride, rows: rows, columns: columns, scales: scales, requantization, output: output, outputOffset: outputOffset,
    outputStride: outputStride)
}
