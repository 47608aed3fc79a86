/// Panels that a tile has at most.
@inline(__always) var quadsPanels: Int { 2 }

/// `height` (a constant, 1 … 8) rows by 16 · `panels` (a constant, 1 or 2) columns: a quad of activations, broadcast, times the quads of sixteen
/// columns is one `vpdpbusd`, exact for all codes.
@inline(__always)
private func multiply(_ height: Int, _ panels: Int, _ tile: UnsafePointer<GemmQuadsTile>) {
  let bias0 = load16(tile.pointee.bias)
  let bias1 = panels > 1 ? load16(tile.pointee.bias + 16) : bias0
  var (c00, c10, c20, c30, c40, c50, c60, c70) = (bias0, bias0, bias0, bias0, bias0, bias0, bias0, bias0)
  var (c01, c11, c21, c31, c41, c51, c61, c71) = (bias1, bias1, bias1, bias1, bias1, bias1, bias1, bias1)
  let stride = tile.pointee.rowStride
  let a0 = tile.pointee.rows
  let a1 = height > 1 ? a0 + stride : a0
  let a2 = height > 2 ? a0 + 2 * stride : a0
  let a3 = height > 3 ? a0 + 3 * stride : a0
  let a4 = height > 4 ? a0 + 4 * stride : a0
  let a5 = height > 5 ? a0 + 5 * stride : a0
  let a6 = height > 6 ? a0 + 6 * stride : a0
  let a7 = height > 7 ? a0 + 7 * stride : a0
  var b = tile.pointee.panel
  let step = tile.pointee.panelStep
  var k = 0
  let end = 4 * tile.pointee.quads
  while k < end {
    let b0 = loadQuads16(b)
    let b1 = panels > 1 ? loadQuads16(b + step) : b0
    b += 64
    let x0 = splatQuad16(a0 + k)
    c00 = addQuads(c00, x0, b0)
    if panels > 1 { c01 = addQuads(c01, x0, b1) }
    if height > 1 {
      let x1 = splatQuad16(a1 + k)
      c10 = addQuads(c10, x1, b0)
      if panels > 1 { c11 = addQuads(c11, x1, b1) }
    }
    if height > 2 {
      let x2 = splatQuad16(a2 + k)
      c20 = addQuads(c20, x2, b0)
      if panels > 1 { c21 = addQuads(c21, x2, b1) }
    }
    if height > 3 {
      let x3 = splatQuad16(a3 + k)
      c30 = addQuads(c30, x3, b0)
      if panels > 1 { c31 = addQuads(c31, x3, b1) }
    }
    if height > 4 {
      let x4 = splatQuad16(a4 + k)
      c40 = addQuads(c40, x4, b0)
      if panels > 1 { c41 = addQuads(c41, x4, b1) }
    }
    if height > 5 {
      let x5 = splatQuad16(a5 + k)
      c50 = addQuads(c50, x5, b0)
      if panels > 1 { c51 = addQuads(c51, x5, b1) }
    }
    if height > 6 {
      let x6 = splatQuad16(a6 + k)
      c60 = addQuads(c60, x6, b0)
      if panels > 1 { c61 = addQuads(c61, x6, b1) }
    }
    if height > 7 {
      let x7 = splatQuad16(a7 + k)
      c70 = addQuads(c70, x7, b0)
      if panels > 1 { c71 = addQuads(c71, x7, b1) }
    }
    k += 4
  }
  let sums = tile.pointee.sums
  store(sums, 0, panels, c00, c01)
  if height > 1 { store(sums, 1, panels, c10, c11) }
  if height > 2 { store(sums, 2, panels, c20, c21) }
  if height > 3 { store(sums, 3, panels, c30, c31) }
  if height > 4 { store(sums, 4, panels, c40, c41) }
  if height > 5 { store(sums, 5, panels, c50, c51) }
  if height > 6 { store(sums, 6, panels, c60, c61) }
  if height > 7 { store(sums, 7, panels, c70, c71) }
}

@inline(__always)
private func store(_ sums: UnsafeMutablePointer<Int32>, _ row: Int, _ panels: Int, _ c0: SIMD16<Int32>, _ c1: SIMD16<Int32>) {
  let to = UnsafeMutableRawPointer(sums + row * 16 * panels)
  to.storeBytes(of: c0, as: SIMD16<Int32>.self)
  if panels > 1 { to.storeBytes(of: c1, toByteOffset: 64, as: SIMD16<Int32>.self) }
}

@inline(__always)
private func load16(_ from: UnsafePointer<Int32>) -> SIMD16<Int32> { UnsafeRawPointer(from).loadUnaligned(as: SIMD16<Int32>.self) }

@inline(never) private func multiply1(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(1, 2, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(2, 2, tile) }
@inline(never) private func multiply3(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(3, 2, tile) }
@inline(never) private func multiply4(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(4, 2, tile) }
@inline(never) private func multiply5(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(5, 2, tile) }
@inline(never) private func multiply6(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(6, 2, tile) }
@inline(never) private func multiply7(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(7, 2, tile) }
@inline(never) private func multiply8(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(8, 2, tile) }

@inline(never) private func multiplySingle1(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(1, 1, tile) }
@inline(never) private func multiplySingle2(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(2, 1, tile) }
@inline(never) private func multiplySingle3(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(3, 1, tile) }
@inline(never) private func multiplySingle4(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(4, 1, tile) }
@inline(never) private func multiplySingle5(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(5, 1, tile) }
@inline(never) private func multiplySingle6(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(6, 1, tile) }
@inline(never) private func multiplySingle7(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(7, 1, tile) }
@inline(never) private func multiplySingle8(_ tile: UnsafePointer<GemmQuadsTile>) { multiply(8, 1, tile) }

/// One tile of `height` (1 … 8) rows by one or two panels.
@inline(__always)
func multiplyQuads(_ height: Int, panels: Int, _ tile: UnsafePointer<GemmQuadsTile>) {
  if panels > 1 {
    switch height {
    case 8: multiply8(tile)
    case 7: multiply7(tile)
    case 6: multiply6(tile)
    case 5: multiply5(tile)
    case 4: multiply4(tile)
    case 3: multiply3(tile)
    case 2: multiply2(tile)
    default: multiply1(tile)
    }
  } else {
    switch height {
    case 8: multiplySingle8(tile)
    case 7: multiplySingle7(tile)
    case 6: multiplySingle6(tile)
    case 5: multiplySingle5(tile)
    case 4: multiplySingle4(tile)
    case 3: multiplySingle3(tile)
    case 2: multiplySingle2(tile)
    default: multiplySingle1(tile)
    }
  }
}
