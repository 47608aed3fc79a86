import KernelContract

/// The sums of 32 positions: of each sixteen, the vectors hold positions 0 … 3, 4 … 7, 8 … 11 and 12 … 15, as interleaving bytes in halves of a
/// register leaves them.
private struct Sums32 {
  var c0: Int8x32
  var c1: Int8x32
  var c2: Int8x32
  var c3: Int8x32

  @inline(__always)
  init(_ value: Int32) {
    c0 = Int8x32(repeating: value)
    (c1, c2, c3) = (c0, c0, c0)
  }

  @inline(__always)
  init(_ from: UnsafePointer<Int32>) { (c0, c1, c2, c3) = (load8(from), load8(from + 8), load8(from + 16), load8(from + 24)) }

  /// Adds the products of four rows of 32 codes with a weight each.
  @inline(__always)
  mutating func add(_ a: Quads8, _ b: Quads8, _ c: Quads8, _ d: Quads8, _ weights: Quads8) {
    let (low0, high0) = (lowBytes(a, b), highBytes(a, b))
    let (low1, high1) = (lowBytes(c, d), highBytes(c, d))
    c0 = addQuads(c0, lowPairs(low0, low1), weights)
    c1 = addQuads(c1, highPairs(low0, low1), weights)
    c2 = addQuads(c2, lowPairs(high0, high1), weights)
    c3 = addQuads(c3, highPairs(high0, high1), weights)
  }

  @inline(__always)
  func write(_ to: UnsafeMutablePointer<Int32>) {
    let to = UnsafeMutableRawPointer(to)
    to.storeBytes(of: c0, as: Int8x32.self)
    to.storeBytes(of: c1, toByteOffset: 32, as: Int8x32.self)
    to.storeBytes(of: c2, toByteOffset: 64, as: Int8x32.self)
    to.storeBytes(of: c3, toByteOffset: 96, as: Int8x32.self)
  }
}

/// Where `Sums32.write` puts a position of 64.
@inline(__always)
func sparseSumPlace(_ position: Int) -> Int {
  let inHalf = position % 32
  return position / 32 * 32 + inHalf % 16 / 4 * 8 + inHalf / 16 * 4 + inHalf % 4
}

/// `vectors` (a constant, 1 or 2) times 32 positions.
@inline(__always)
private func multiply(_ vectors: Int, _ tile: UnsafePointer<SparseCodesTile>) {
  let panel = tile.pointee.panel
  var record = tile.pointee.records
  var row = tile.pointee.rows
  let end = row + tile.pointee.rowCount
  let range = CodeRange(low: tile.pointee.low, high: tile.pointee.high, zeroPoint: tile.pointee.zeroPoint)
  while row < end {
    let index = Int(row.pointee.row)
    let at = tile.pointee.sums + 64 * index
    var first: Sums32
    var second: Sums32
    if let bias = tile.pointee.bias {
      first = Sums32(bias[index])
      second = first
    } else {
      first = Sums32(at)
      second = vectors > 1 ? Sums32(at + 32) : first
    }
    let last = record + 12 * Int(row.pointee.records)
    while record < last {
      let places = record.loadUnaligned(as: UInt64.self)
      let weights = splatQuad((record + 8).assumingMemoryBound(to: UInt8.self))
      let (a, b) = (panel + word0(places), panel + word1(places))
      let (c, d) = (panel + word2(places), panel + word3(places))
      first.add(load32(a), load32(b), load32(c), load32(d), weights)
      if vectors > 1 { second.add(load32(a + 32), load32(b + 32), load32(c + 32), load32(d + 32), weights) }
      record += 12
    }
    if let codes = tile.pointee.codes {
      let scale = splat8(tile.pointee.scales[index])
      let to = codes + 64 * index
      range.write32(first.c0, first.c1, first.c2, first.c3, scale, to)
      if vectors > 1 { range.write32(second.c0, second.c1, second.c2, second.c3, scale, to + 32) }
    } else {
      first.write(at)
      if vectors > 1 { second.write(at + 32) }
    }
    row += 1
  }
}

@inline(__always)
private func load32(_ from: UnsafePointer<UInt8>) -> Quads8 { UnsafeRawPointer(from).loadUnaligned(as: Quads8.self) }

@inline(never) private func multiply1(_ tile: UnsafePointer<SparseCodesTile>) { multiply(1, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<SparseCodesTile>) { multiply(2, tile) }

/// The first `count` (1 … 64) positions of a pass, or a few more.
func multiplySparseCodes(_ count: Int, _ tile: UnsafePointer<SparseCodesTile>) {
  if count > 32 { multiply2(tile) } else { multiply1(tile) }
}
