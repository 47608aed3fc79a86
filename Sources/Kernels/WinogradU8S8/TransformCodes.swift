// The transforms of integer Winograd tiles: 6 × 6 codes to 36 points, and the products of 36 points back to 4 × 4 sums.

private typealias SixWords = (Pairs16, Pairs16, Pairs16, Pairs16, Pairs16, Pairs16)

/// Bᵀ times a column of six: nodes 0, ±1, ±2, ∞.
@inline(__always)
private func spread(_ d: SixWords) -> SixWords {
  let two = Pairs16(repeating: 2)
  let (far1, far2) = (d.1 &<< two, d.2 &<< two)
  let even1 = d.4 &- far2
  let odd1 = d.3 &- far1
  let even2 = d.4 &- d.2
  let difference = d.3 &- d.1
  let odd2 = difference &+ difference
  let five3 = (d.3 &<< two) &+ d.3
  return (
    (d.0 &<< two) &+ (even1 &- d.2), even1 &+ odd1, even1 &- odd1, even2 &+ odd2, even2 &- odd2, (far1 &- five3) &+ d.5
  )
}

/// Sixteen channels of one tile: columns into `between`, rows from there to the points.
@inline(__always)
private func spreadTile(
  _ column: (Int) -> SixWords, _ between: UnsafeMutablePointer<Int16>, _ target: UnsafeMutablePointer<Int16>, _ pointStride: Int
) {
  for x in 0..<6 {
    let values = spread(column(x))
    let to = between + 16 * x
    store16(values.0, to)
    store16(values.1, to + 96)
    store16(values.2, to + 192)
    store16(values.3, to + 288)
    store16(values.4, to + 384)
    store16(values.5, to + 480)
  }
  var from = UnsafePointer(between)
  var to = target
  for _ in 0..<6 {
    let row = spread((load16(from), load16(from + 16), load16(from + 32), load16(from + 48), load16(from + 64), load16(from + 80)))
    store16(row.0, to)
    store16(row.1, to + pointStride)
    store16(row.2, to + 2 * pointStride)
    store16(row.3, to + 3 * pointStride)
    store16(row.4, to + 4 * pointStride)
    store16(row.5, to + 5 * pointStride)
    from += 96
    to += 6 * pointStride
  }
}

/// Transforms the codes of one tile: pixel p's channels begin at `pixels[p]`, those of point p go to `target + p · pointStride`, filled up with
/// zeros to a multiple of 16. `between` holds 16 words a point.
@inline(never)
func transformCodes(
  _ pixels: UnsafePointer<UnsafePointer<UInt8>>, channels: Int, to target: UnsafeMutablePointer<Int16>, pointStride: Int,
  between: UnsafeMutablePointer<Int16>
) {
  var k = 0
  while k + 16 <= channels {
    spreadTile(
      { x in
        (
          widen16(pixels[x] + k), widen16(pixels[6 + x] + k), widen16(pixels[12 + x] + k), widen16(pixels[18 + x] + k),
          widen16(pixels[24 + x] + k), widen16(pixels[30 + x] + k)
        )
      }, between, target + k, pointStride)
    k += 16
  }
  if k < channels { transformRest(pixels, from: k, channels: channels, to: target, pointStride: pointStride, between: between) }
}

/// The last channels, fewer than sixteen.
@inline(never)
private func transformRest(
  _ pixels: UnsafePointer<UnsafePointer<UInt8>>, from k: Int, channels: Int, to target: UnsafeMutablePointer<Int16>, pointStride: Int,
  between: UnsafeMutablePointer<Int16>
) {
  spreadTile(
    { x in
      (
        words(pixels[x] + k, channels - k), words(pixels[6 + x] + k, channels - k), words(pixels[12 + x] + k, channels - k),
        words(pixels[18 + x] + k, channels - k), words(pixels[24 + x] + k, channels - k), words(pixels[30 + x] + k, channels - k)
      )
    }, between, target + k, pointStride)
}

/// `count` codes, then zeros.
@inline(__always)
private func words(_ from: UnsafePointer<UInt8>, _ count: Int) -> Pairs16 {
  var value = Pairs16(repeating: 0)
  for lane in 0..<count { value[lane] = Int16(from[lane]) }
  return value
}
