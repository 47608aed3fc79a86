import KernelContract

/// Panels of a call.
@inline(__always) var lowBitPanels: Int { 4 }

/// Half bytes: a panel, eight inputs of each column. Codes of the upper halves stay where they are, sixteen times as large, and have a sum of their own.
private struct HalfSums {
  var even: SIMD16<Int32>
  var odd: SIMD16<Int32>

  @inline(__always)
  init(_ first: SIMD16<Int32>) { (even, odd) = (first, SIMD16(repeating: 0)) }

  @inline(__always)
  mutating func add(_ codes: UnsafeRawPointer, _ x: UnsafePointer<Int16>) {
    // In words of 64 bits: those of 16 take Swift a loop over lanes. Bits that come from the next word are masked.
    let lower = codes.loadUnaligned(as: SIMD8<UInt64>.self)
    let upper = lower &>> 8
    even = addPairs(even, lower & 0x000F_000F_000F_000F, splatPair16(x))
    odd = addPairs(odd, lower & 0x00F0_00F0_00F0_00F0, splatPair16(x + 2))
    even = addPairs(even, upper & 0x000F_000F_000F_000F, splatPair16(x + 4))
    odd = addPairs(odd, upper & 0x00F0_00F0_00F0_00F0, splatPair16(x + 6))
  }

  @inline(__always)
  var total: SIMD16<Int32> { even &+ (odd &>> 4) }
}

/// Bytes: a panel, four inputs of each column.
@inline(__always)
private func addBytes(_ sum: SIMD16<Int32>, _ codes: UnsafeRawPointer, _ x: UnsafePointer<Int16>) -> SIMD16<Int32> {
  let both = codes.loadUnaligned(as: SIMD8<UInt64>.self)
  let first = addPairs(sum, both & 0x00FF_00FF_00FF_00FF, splatPair16(x))
  return addPairs(first, (both &>> 8) & 0x00FF_00FF_00FF_00FF, splatPair16(x + 2))
}

/// `panels` (a constant, 1 or 4) panels.
@inline(__always)
private func multiply(_ panels: Int, _ isWide: Bool, _ tile: UnsafePointer<LowBitTile>) {
  let sums = tile.pointee.sums
  var y0 = load16(sums)
  var (y1, y2, y3) = panels > 1 ? (load16(sums + 16), load16(sums + 32), load16(sums + 48)) : (y0, y0, y0)
  let nextPanel = 16 * tile.pointee.segments
  let step = tile.pointee.panelBytes
  var a = tile.pointee.codes
  var x = tile.pointee.vector.assumingMemoryBound(to: Int16.self)
  for segment in 0..<tile.pointee.segments {
    let eights = blocks(Int(tile.pointee.lengths[segment].count), of: 8)
    let inputs = 0 &- tile.pointee.vectorSums.load(fromByteOffset: 4 * segment, as: Int32.self)
    let scales = tile.pointee.scales + 16 * segment
    var z0 = SIMD16<Int32>(repeating: tile.pointee.zeroPoint &* inputs)
    var (z1, z2, z3) = (z0, z0, z0)
    if let zeros = tile.pointee.zeros {
      let inputs = SIMD16<Int32>(repeating: inputs)
      let at = zeros + 16 * segment
      z0 = load16(at) &* inputs
      if panels > 1 {
        z1 = load16(at + nextPanel) &* inputs
        z2 = load16(at + 2 * nextPanel) &* inputs
        z3 = load16(at + 3 * nextPanel) &* inputs
      }
    }
    if isWide {
      for _ in 0..<2 * eights {
        z0 = addBytes(z0, a, x)
        if panels > 1 {
          z1 = addBytes(z1, a + step, x)
          z2 = addBytes(z2, a + 2 * step, x)
          z3 = addBytes(z3, a + 3 * step, x)
        }
        (a, x) = (a + 64, x + 4)
      }
    } else {
      var (s0, s1, s2, s3) = (HalfSums(z0), HalfSums(z1), HalfSums(z2), HalfSums(z3))
      for _ in 0..<eights {
        s0.add(a, x)
        if panels > 1 {
          s1.add(a + step, x)
          s2.add(a + 2 * step, x)
          s3.add(a + 3 * step, x)
        }
        (a, x) = (a + 64, x + 8)
      }
      (z0, z1, z2, z3) = (s0.total, s1.total, s2.total, s3.total)
    }
    let scale = SIMD16<Float>(repeating: tile.pointee.vectorScales[segment])
    y0 = y0.addingProduct(toFloat16(z0), load16(scales) * scale)
    if panels > 1 {
      y1 = y1.addingProduct(toFloat16(z1), load16(scales + nextPanel) * scale)
      y2 = y2.addingProduct(toFloat16(z2), load16(scales + 2 * nextPanel) * scale)
      y3 = y3.addingProduct(toFloat16(z3), load16(scales + 3 * nextPanel) * scale)
    }
  }
  store16(y0, sums)
  if panels > 1 {
    store16(y1, sums + 16)
    store16(y2, sums + 32)
    store16(y3, sums + 48)
  }
}

@inline(__always)
private func load16(_ from: UnsafePointer<Float>) -> SIMD16<Float> { UnsafeRawPointer(from).loadUnaligned(as: SIMD16<Float>.self) }
@inline(__always)
private func load16(_ from: UnsafePointer<Int32>) -> SIMD16<Int32> { UnsafeRawPointer(from).loadUnaligned(as: SIMD16<Int32>.self) }
@inline(__always)
private func store16(_ value: SIMD16<Float>, _ to: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(to).storeBytes(of: value, as: SIMD16<Float>.self)
}

@inline(never) private func halves1(_ tile: UnsafePointer<LowBitTile>) { multiply(1, false, tile) }
@inline(never) private func halves4(_ tile: UnsafePointer<LowBitTile>) { multiply(4, false, tile) }
@inline(never) private func bytes1(_ tile: UnsafePointer<LowBitTile>) { multiply(1, true, tile) }
@inline(never) private func bytes4(_ tile: UnsafePointer<LowBitTile>) { multiply(4, true, tile) }

/// Adds the products of `panels` (1 or 4) panels with a vector to the sums.
func multiplyLowBit(_ panels: Int, isWide: Bool, _ tile: UnsafePointer<LowBitTile>) {
  switch (isWide, panels) {
  case (false, 4): halves4(tile)
  case (false, _): halves1(tile)
  case (true, 4): bytes4(tile)
  default: bytes1(tile)
  }
}
