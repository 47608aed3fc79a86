import KernelContract

/// The greatest of each 2 × 2 pixels of a plane, where windows do not overlap and all are inside: without a copy of its lines. Joins in the
/// order of every other window, so that NaN ends where it does there.
func poolPairs(
  _ plane: UnsafePointer<Float>, width: Int, _ to: UnsafeMutablePointer<Float>, outputWidth: Int, first: Int, end: Int
) {
  for y in first..<max(first, end) {
    let upper = plane + 2 * y * width
    let target = to + y * outputWidth
    var x = 0
    while x + 8 <= outputWidth {
      let (a, b) = (upper + 2 * x, upper + (width + 2 * x))
      store8(greatest(load8(a), load8(a + 8), load8(b), load8(b + 8)), target + x)
      x += 8
    }
    if x < outputWidth {
      let (a, b) = (upper + 2 * x, upper + (width + 2 * x))
      let count = 2 * (outputWidth - x)
      let (low, high) = (min(8, count), max(0, count - 8))
      let value = greatest(load8(a, count: low), load8(a + 8, count: high), load8(b, count: low), load8(b + 8, count: high))
      store8(value, target + x, count: outputWidth - x)
    }
  }
}

/// Sixteen pixels of two lines.
@inline(__always)
private func greatest(_ a: Float8, _ b: Float8, _ c: Float8, _ d: Float8) -> Float8 {
  let (upper, lower) = (SIMD16(lowHalf: a, highHalf: b), SIMD16(lowHalf: c, highHalf: d))
  let first = greater(greater(splat8(-.infinity), upper.evenHalf), upper.oddHalf)
  return greater(greater(first, lower.evenHalf), lower.oddHalf)
}
