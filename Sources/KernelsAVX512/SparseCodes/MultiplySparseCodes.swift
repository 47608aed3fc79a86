import KernelContract

/// The sums of 64 positions: of each sixteen, the vectors hold positions 0 … 3, 4 … 7, 8 … 11 and 12 … 15, as interleaving bytes in quarters of a
/// register leaves them.
private struct Sums64 {
  var c0: SIMD16<Int32>
  var c1: SIMD16<Int32>
  var c2: SIMD16<Int32>
  var c3: SIMD16<Int32>

  @inline(__always)
  init(_ value: Int32) {
    c0 = SIMD16(repeating: value)
    (c1, c2, c3) = (c0, c0, c0)
  }

  @inline(__always)
  init(_ from: UnsafePointer<Int32>) {
    let from = UnsafeRawPointer(from)
    c0 = from.loadUnaligned(as: SIMD16<Int32>.self)
    c1 = from.loadUnaligned(fromByteOffset: 64, as: SIMD16<Int32>.self)
    c2 = from.loadUnaligned(fromByteOffset: 128, as: SIMD16<Int32>.self)
    c3 = from.loadUnaligned(fromByteOffset: 192, as: SIMD16<Int32>.self)
  }

  /// Adds the products of four rows of 64 codes with a weight each.
  @inline(__always)
  mutating func add(_ a: Quads16, _ b: Quads16, _ c: Quads16, _ d: Quads16, _ weights: Quads16) {
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
    to.storeBytes(of: c0, as: SIMD16<Int32>.self)
    to.storeBytes(of: c1, toByteOffset: 64, as: SIMD16<Int32>.self)
    to.storeBytes(of: c2, toByteOffset: 128, as: SIMD16<Int32>.self)
    to.storeBytes(of: c3, toByteOffset: 192, as: SIMD16<Int32>.self)
  }
}

/// Where `Sums64.write` puts a position of 64.
@inline(__always)
func sparseSumPlace(_ position: Int) -> Int { position % 16 / 4 * 16 + position / 16 * 4 + position % 4 }

/// A pass of 64 positions, whether all count or not.
func multiplySparseCodes(_ count: Int, _ tile: UnsafePointer<SparseCodesTile>) {
  let panel = tile.pointee.panel
  var record = tile.pointee.records
  var row = tile.pointee.rows
  let end = row + tile.pointee.rowCount
  while row < end {
    let index = Int(row.pointee.row)
    let at = tile.pointee.sums + 64 * index
    var sums = tile.pointee.bias.map { Sums64($0[index]) } ?? Sums64(at)
    let last = record + 12 * Int(row.pointee.records)
    while record < last {
      let places = record.loadUnaligned(as: UInt64.self)
      let weights = splatQuad16((record + 8).assumingMemoryBound(to: UInt8.self))
      sums.add(
        load64(panel + word0(places)), load64(panel + word1(places)), load64(panel + word2(places)), load64(panel + word3(places)), weights)
      record += 12
    }
    if let codes = tile.pointee.codes {
      writeCodes64(
        sums.c0, sums.c1, sums.c2, sums.c3, scale: tile.pointee.scales[index], low: tile.pointee.low, high: tile.pointee.high,
        zeroPoint: tile.pointee.zeroPoint, codes + 64 * index)
    } else {
      sums.write(at)
    }
    row += 1
  }
}

@inline(__always)
private func load64(_ from: UnsafePointer<UInt8>) -> Quads16 { UnsafeRawPointer(from).loadUnaligned(as: Quads16.self) }
