/// Panels that a tile has at most.
@inline(__always) var quadsPanels: Int { 1 }

/// `height` (a constant, 1 … 6) rows by 8 · `halves` (a constant) columns: a quad of activations, broadcast, times the quads of eight columns
/// is `vpmaddubsw`, `vpmaddwd` by ones and an addition.
@inline(__always)
private func multiply(_ height: Int, _ halves: Int, _ tile: UnsafePointer<GemmQuadsTile>) {
  let bias = tile.pointee.bias
  let step = tile.pointee.biasStride
  var (c00, c01) = (load8(bias), load8(bias + 8))
  var (c10, c11) = height > 1 ? (load8(bias + step), load8(bias + (step + 8))) : (c00, c01)
  var (c20, c21) = height > 2 ? (load8(bias + 2 * step), load8(bias + (2 * step + 8))) : (c00, c01)
  var (c30, c31) = height > 3 ? (load8(bias + 3 * step), load8(bias + (3 * step + 8))) : (c00, c01)
  var (c40, c41) = height > 4 ? (load8(bias + 4 * step), load8(bias + (4 * step + 8))) : (c00, c01)
  var (c50, c51) = height > 5 ? (load8(bias + 5 * step), load8(bias + (5 * step + 8))) : (c00, c01)
  let stride = tile.pointee.rowStride
  let a0 = tile.pointee.rows
  let a1 = height > 1 ? a0 + stride : a0
  let a2 = height > 2 ? a0 + 2 * stride : a0
  let a3 = height > 3 ? a0 + 3 * stride : a0
  let a4 = height > 4 ? a0 + 4 * stride : a0
  let a5 = height > 5 ? a0 + 5 * stride : a0
  var b = tile.pointee.panel
  var k = 0
  let end = 4 * tile.pointee.quads
  while k < end {
    let b0 = loadQuads(b)
    let b1 = halves > 1 ? loadQuads(b + 32) : b0
    b += 64
    let x0 = splatQuad(a0 + k)
    c00 = addQuads(c00, x0, b0)
    if halves > 1 { c01 = addQuads(c01, x0, b1) }
    if height > 1 {
      let x1 = splatQuad(a1 + k)
      c10 = addQuads(c10, x1, b0)
      if halves > 1 { c11 = addQuads(c11, x1, b1) }
    }
    if height > 2 {
      let x2 = splatQuad(a2 + k)
      c20 = addQuads(c20, x2, b0)
      if halves > 1 { c21 = addQuads(c21, x2, b1) }
    }
    if height > 3 {
      let x3 = splatQuad(a3 + k)
      c30 = addQuads(c30, x3, b0)
      if halves > 1 { c31 = addQuads(c31, x3, b1) }
    }
    if height > 4 {
      let x4 = splatQuad(a4 + k)
      c40 = addQuads(c40, x4, b0)
      if halves > 1 { c41 = addQuads(c41, x4, b1) }
    }
    if height > 5 {
      let x5 = splatQuad(a5 + k)
      c50 = addQuads(c50, x5, b0)
      if halves > 1 { c51 = addQuads(c51, x5, b1) }
    }
    k += 4
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

@inline(never) private func multiply1(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(1, 2, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(2, 2, tile) }
@inline(never) private func multiply3(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(3, 2, tile) }
@inline(never) private func multiply4(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(4, 2, tile) }
@inline(never) private func multiply5(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(5, 2, tile) }
@inline(never) private func multiply6(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(6, 2, tile) }

@inline(never) private func multiplyHalf1(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(1, 1, tile) }
@inline(never) private func multiplyHalf2(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(2, 1, tile) }
@inline(never) private func multiplyHalf3(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(3, 1, tile) }
@inline(never) private func multiplyHalf4(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(4, 1, tile) }
@inline(never) private func multiplyHalf5(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(5, 1, tile) }
@inline(never) private func multiplyHalf6(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(6, 1, tile) }

/// One tile of `height` (1 … 6) rows by one panel.
@inline(__always)
func multiplyQuads(_ height: Int, panels: Int, _ tile: UnsafePointer<GemmQuadsTile>) {
  if tile.pointee.columns > 8 {
    switch height {
    case 6: multiply6(tile)
    case 5: multiply5(tile)
    case 4: multiply4(tile)
    case 3: multiply3(tile)
    case 2: multiply2(tile)
    default: multiply1(tile)
    }
  } else {
    switch height {
    case 6: multiplyHalf6(tile)
    case 5: multiplyHalf5(tile)
    case 4: multiplyHalf4(tile)
    case 3: multiplyHalf3(tile)
    case 2: multiplyHalf2(tile)
    default: multiplyHalf1(tile)
    }
  }
}
