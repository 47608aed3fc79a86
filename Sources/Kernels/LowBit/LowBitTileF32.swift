import KernelContract

/// Panels of a call.
@inline(__always) var lowBitPanels: Int { 2 }

/// Half bytes: 8 columns of a panel, eight inputs of each. Codes of the upper halves stay where they are, sixteen times as large, and have a sum of their
/// own.
private struct HalfSums {
  var even: Int8x32
  var odd: Int8x32

  @inline(__always)
  init(_ first: Int8x32) { (even, odd) = (first, Int8x32(repeating: 0)) }

  @inline(__always)
  mutating func add(_ codes: UnsafeRawPointer, _ x0: Pairs16, _ x1: Pairs16, _ x2: Pairs16, _ x3: Pairs16) {
    let lower = codes.loadUnaligned(as: SIMD16<UInt16>.self)
    let upper = lower &>> 8
    even = addPairs(even, pairs(lower & 0x0F), x0)
    odd = addPairs(odd, pairs(lower & 0xF0), x1)
    even = addPairs(even, pairs(upper & 0x0F), x2)
    odd = addPairs(odd, pairs(upper & 0xF0), x3)
  }

  @inline(__always)
  var total: Int8x32 { even &+ (odd &>> 4) }
}

/// Bytes: 8 columns of a panel, four inputs of each.
@inline(__always)
private func addBytes(_ sum: Int8x32, _ codes: UnsafeRawPointer, _ x0: Pairs16, _ x1: Pairs16) -> Int8x32 {
  let both = codes.loadUnaligned(as: SIMD16<UInt16>.self)
  return addPairs(addPairs(sum, pairs(both & 0xFF), x0), pairs(both &>> 8), x1)
}

@inline(__always)
private func pairs(_ value: SIMD16<UInt16>) -> Pairs16 { unsafeBitCast(value, to: Pairs16.self) }

/// `panels` (a constant, 1 or 2) panels.
@inline(__always)
private func multiply(_ panels: Int, _ isWide: Bool, _ tile: UnsafePointer<LowBitTile>) {
  let sums = tile.pointee.sums
  var (y0, y1) = (load8(sums), load8(sums + 8))
  var (y2, y3) = panels > 1 ? (load8(sums + 16), load8(sums + 24)) : (y0, y1)
  let nextPanel = 16 * tile.pointee.segments
  var a = tile.pointee.codes
  var b = a + tile.pointee.panelBytes
  var x = tile.pointee.vector.assumingMemoryBound(to: Int16.self)
  for segment in 0..<tile.pointee.segments {
    let eights = blocks(Int(tile.pointee.lengths[segment].count), of: 8)
    let inputs = 0 &- tile.pointee.vectorSums.load(fromByteOffset: 4 * segment, as: Int32.self)
    let scales = tile.pointee.scales + 16 * segment
    var (z0, z1, z2, z3) = (Int8x32(repeating: tile.pointee.zeroPoint &* inputs), Int8x32(), Int8x32(), Int8x32())
    (z1, z2, z3) = (z0, z0, z0)
    if let zeros = tile.pointee.zeros {
      let inputs = Int8x32(repeating: inputs)
      let at = zeros + 16 * segment
      (z0, z1) = (load8(at) &* inputs, load8(at + 8) &* inputs)
      if panels > 1 { (z2, z3) = (load8(at + nextPanel) &* inputs, load8(at + (nextPanel + 8)) &* inputs) }
    }
    if isWide {
      for _ in 0..<2 * eights {
        let (x0, x1) = (splatPair(x), splatPair(x + 2))
        (z0, z1) = (addBytes(z0, a, x0, x1), addBytes(z1, a + 32, x0, x1))
        if panels > 1 { (z2, z3) = (addBytes(z2, b, x0, x1), addBytes(z3, b + 32, x0, x1)) }
        (a, b, x) = (a + 64, b + 64, x + 4)
      }
    } else {
      var (s0, s1, s2, s3) = (HalfSums(z0), HalfSums(z1), HalfSums(z2), HalfSums(z3))
      for _ in 0..<eights {
        let (x0, x1, x2, x3) = (splatPair(x), splatPair(x + 2), splatPair(x + 4), splatPair(x + 6))
        s0.add(a, x0, x1, x2, x3)
        s1.add(a + 32, x0, x1, x2, x3)
        if panels > 1 {
          s2.add(b, x0, x1, x2, x3)
          s3.add(b + 32, x0, x1, x2, x3)
        }
        (a, b, x) = (a + 64, b + 64, x + 8)
      }
      (z0, z1, z2, z3) = (s0.total, s1.total, s2.total, s3.total)
    }
    let scale = splat8(tile.pointee.vectorScales[segment])
    y0 = y0.addingProduct(toFloat(z0), load8(scales) * scale)
    y1 = y1.addingProduct(toFloat(z1), load8(scales + 8) * scale)
    if panels > 1 {
      y2 = y2.addingProduct(toFloat(z2), load8(scales + nextPanel) * scale)
      y3 = y3.addingProduct(toFloat(z3), load8(scales + (nextPanel + 8)) * scale)
    }
  }
  store8(y0, sums)
  store8(y1, sums + 8)
  if panels > 1 {
    store8(y2, sums + 16)
    store8(y3, sums + 24)
  }
}

@inline(never) private func halves1(_ tile: UnsafePointer<LowBitTile>) { multiply(1, false, tile) }
@inline(never) private func halves2(_ tile: UnsafePointer<LowBitTile>) { multiply(2, false, tile) }
@inline(never) private func bytes1(_ tile: UnsafePointer<LowBitTile>) { multiply(1, true, tile) }
@inline(never) private func bytes2(_ tile: UnsafePointer<LowBitTile>) { multiply(2, true, tile) }

/// Adds the products of `panels` (1 or 2) panels with a vector to the sums.
func multiplyLowBit(_ panels: Int, isWide: Bool, _ tile: UnsafePointer<LowBitTile>) {
  switch (isWide, panels) {
  case (false, 2): halves2(tile)
  case (false, _): halves1(tile)
  case (true, 2): bytes2(tile)
  default: bytes1(tile)
  }
}
