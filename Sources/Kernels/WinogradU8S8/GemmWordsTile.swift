/// What one call of the micro-kernel on 16-bit words reads and writes.
struct GemmWordsTile {
  /// Row i begins at `rows + i · rowStride`.
  var rows: UnsafePointer<Int16>
  var rowStride: Int
  /// Pairs of depth.
  var pairs: Int
  /// `[pair][16][2]`
  var panel: UnsafePointer<Int16>
  /// `[row][16]`
  var sums: UnsafeMutablePointer<Int32>
}

/// `height` (a constant, 1 … 6) rows by 16 columns of sums of products of 16 bits, modulo 2³².
@inline(__always)
private func multiply(_ height: Int, _ tile: UnsafePointer<GemmWordsTile>) {
  let none = Int8x32(repeating: 0)
  var (c00, c10, c20, c30, c40, c50) = (none, none, none, none, none, none)
  var (c01, c11, c21, c31, c41, c51) = (none, none, none, none, none, none)
  let stride = tile.pointee.rowStride
  let a0 = tile.pointee.rows
  let a1 = height > 1 ? a0 + stride : a0
  let a2 = height > 2 ? a0 + 2 * stride : a0
  let a3 = height > 3 ? a0 + 3 * stride : a0
  let a4 = height > 4 ? a0 + 4 * stride : a0
  let a5 = height > 5 ? a0 + 5 * stride : a0
  var b = tile.pointee.panel
  var k = 0
  let end = 2 * tile.pointee.pairs
  while k < end {
    let b0 = load16(b)
    let b1 = load16(b + 16)
    b += 32
    let x0 = splatPair(a0 + k)
    c00 = addPairs(c00, x0, b0)
    c01 = addPairs(c01, x0, b1)
    if height > 1 {
      let x1 = splatPair(a1 + k)
      c10 = addPairs(c10, x1, b0)
      c11 = addPairs(c11, x1, b1)
    }
    if height > 2 {
      let x2 = splatPair(a2 + k)
      c20 = addPairs(c20, x2, b0)
      c21 = addPairs(c21, x2, b1)
    }
    if height > 3 {
      let x3 = splatPair(a3 + k)
      c30 = addPairs(c30, x3, b0)
      c31 = addPairs(c31, x3, b1)
    }
    if height > 4 {
      let x4 = splatPair(a4 + k)
      c40 = addPairs(c40, x4, b0)
      c41 = addPairs(c41, x4, b1)
    }
    if height > 5 {
      let x5 = splatPair(a5 + k)
      c50 = addPairs(c50, x5, b0)
      c51 = addPairs(c51, x5, b1)
    }
    k += 2
  }
  let sums = UnsafeMutableRawPointer(tile.pointee.sums)
  store(sums, 0, c00, c01)
  if height > 1 { store(sums, 1, c10, c11) }
  if height > 2 { store(sums, 2, c20, c21) }
  if height > 3 { store(sums, 3, c30, c31) }
  if height > 4 { store(sums, 4, c40, c41) }
  if height > 5 { store(sums, 5, c50, c51) }
}

@inline(__always)
private func store(_ sums: UnsafeMutableRawPointer, _ row: Int, _ c0: Int8x32, _ c1: Int8x32) {
  sums.storeBytes(of: c0, toByteOffset: 64 * row, as: Int8x32.self)
  sums.storeBytes(of: c1, toByteOffset: 64 * row + 32, as: Int8x32.self)
}

@inline(never) private func multiply1(_ tile: UnsafePointer<GemmWordsTile>) { multiply(1, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<GemmWordsTile>) { multiply(2, tile) }
@inline(never) private func multiply3(_ tile: UnsafePointer<GemmWordsTile>) { multiply(3, tile) }
@inline(never) private func multiply4(_ tile: UnsafePointer<GemmWordsTile>) { multiply(4, tile) }
@inline(never) private func multiply5(_ tile: UnsafePointer<GemmWordsTile>) { multiply(5, tile) }
@inline(never) private func multiply6(_ tile: UnsafePointer<GemmWordsTile>) { multiply(6, tile) }

/// One tile of `height` (1 … 6) rows.
@inline(__always)
func multiplyWords(_ height: Int, _ tile: UnsafePointer<GemmWordsTile>) {
  switch height {
  case 6: multiply6(tile)
  case 5: multiply5(tile)
  case 4: multiply4(tile)
  case 3: multiply3(tile)
  case 2: multiply2(tile)
  default: multiply1(tile)
  }
}
