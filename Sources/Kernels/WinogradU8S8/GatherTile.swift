import KernelContract

private typealias Four = (Int8x32, Int8x32, Int8x32, Int8x32)

/// Aᵀ times a column of six products: 24, 12, 6 and 6 times the sums, without the powers of two that `shift` takes away.
@inline(__always)
private func gather(_ m0: Int8x32, _ m1: Int8x32, _ m2: Int8x32, _ m3: Int8x32, _ m4: Int8x32, _ m5: Int8x32) -> Four {
  let (sum1, sum2) = (m1 &+ m2, m3 &+ m4)
  let (difference1, difference2) = (m1 &- m2, m3 &- m4)
  let half = m0 &+ m0 &+ m0 &+ sum1 &+ sum1
  let last = difference2 &+ (m5 &+ m5 &+ m5)
  return (half &+ half &+ sum2, difference1 &+ difference1 &+ difference2, sum1 &+ sum2, difference1 &+ last &+ last)
}

/// 1 / 9 modulo 2³².
@inline(__always) private var ninth: Int8x32 { Int8x32(repeating: 954_437_177) }

/// What remains of 24², 24 · 12, … behind the division by 9: shifts of 3, 2, 1, 1 for the place in a column and again in a row.
@inline(__always)
private func sums(_ value: Int8x32, _ shift: Int32, _ bias: Int8x32) -> Int8x32 {
  ((value &* ninth) &>> Int8x32(repeating: shift)) &+ bias
}

/// Transforms the products of one tile back, sixteen of each point at `products + p · pointStride`, and writes its pixels, `height` by `width` of
/// 4 × 4. `between` holds 24 times 16 sums, then
/// 4 times 16.
@inline(never)
func gatherTile(
  _ products: UnsafePointer<Int32>, pointStride: Int, height: Int, width: Int, bias: UnsafePointer<Int32>, scales: UnsafePointer<Float>,
  columns: Int, _ requantization: UnsafePointer<Requantization>, output: UnsafeMutableRawPointer, outputOffset: Int, outputStride: Int,
  outputLine: Int, between: UnsafeMutableRawPointer
) {
  // [half][row][column][8]
  let work = between.assumingMemoryBound(to: Int32.self)
  let pixels = work + 384
  for half in 0..<2 {
    for x in 0..<6 {
      let from = products + (8 * half + x * pointStride)
      let values = gather(
        load8(from), load8(from + 6 * pointStride), load8(from + 12 * pointStride), load8(from + 18 * pointStride),
        load8(from + 24 * pointStride), load8(from + 30 * pointStride))
      let to = UnsafeMutableRawPointer(work + (192 * half + 8 * x))
      to.storeBytes(of: values.0, as: Int8x32.self)
      to.storeBytes(of: values.1, toByteOffset: 192, as: Int8x32.self)
      to.storeBytes(of: values.2, toByteOffset: 384, as: Int8x32.self)
      to.storeBytes(of: values.3, toByteOffset: 576, as: Int8x32.self)
    }
  }
  let (bias0, bias1) = (load8(bias), load8(bias + 8))
  for y in 0..<height {
    let shift: Int32 = y == 0 ? 3 : y == 1 ? 2 : 1
    finishHalf(work + 48 * y, shift, bias0, pixels)
    finishHalf(work + (192 + 48 * y), shift, bias1, pixels + 8)
    requantize(
      UnsafePointer(pixels), sumsStride: 16, rows: width, columns: columns, scales: scales, requantization, output: output,
      outputOffset: outputOffset + y * outputLine, outputStride: outputStride)
  }
}

/// Eight channels of four pixels.
@inline(__always)
private func finishHalf(_ from: UnsafePointer<Int32>, _ shift: Int32, _ bias: Int8x32, _ pixels: UnsafeMutablePointer<Int32>) {
  let values = gather(load8(from), load8(from + 8), load8(from + 16), load8(from + 24), load8(from + 32), load8(from + 40))
  let to = UnsafeMutableRawPointer(pixels)
  to.storeBytes(of: sums(values.0, shift + 3, bias), as: Int8x32.self)
  to.storeBytes(of: sums(values.1, shift + 2, bias), toByteOffset: 64, as: Int8x32.self)
  to.storeBytes(of: sums(values.2, shift + 1, bias), toByteOffset: 128, as: Int8x32.self)
  to.storeBytes(of: sums(values.3, shift + 1, bias), toByteOffset: 192, as: Int8x32.self)
}
