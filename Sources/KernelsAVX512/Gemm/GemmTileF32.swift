import CIntrinsics

/// Sixteen floats: one register.
private typealias Float16x = SIMD16<Float>

@inline(__always)
private func load16(_ from: UnsafePointer<Float>) -> Float16x { UnsafeRawPointer(from).loadUnaligned(as: Float16x.self) }

@inline(__always)
private func splat16(_ value: Float) -> Float16x { Float16x(repeating: value) }

/// Where the rows of a tile begin; those beyond its height repeat the first.
private struct RowStarts {
  let a0: UnsafePointer<Float>
  let a1: UnsafePointer<Float>
  let a2: UnsafePointer<Float>
  let a3: UnsafePointer<Float>
  let a4: UnsafePointer<Float>
  let a5: UnsafePointer<Float>
  let a6: UnsafePointer<Float>
  let a7: UnsafePointer<Float>

  @inline(__always)
  init(_ height: Int, _ rows: UnsafePointer<UnsafePointer<Float>>) {
    a0 = rows[0]
    a1 = rows[height > 1 ? 1 : 0]
    a2 = rows[height > 2 ? 2 : 0]
    a3 = rows[height > 3 ? 3 : 0]
    a4 = rows[height > 4 ? 4 : 0]
    a5 = rows[height > 5 ? 5 : 0]
    a6 = rows[height > 6 ? 6 : 0]
    a7 = rows[height > 7 ? 7 : 0]
  }
}

/// The sums of up to 8 rows by 16 columns, a register a row. Eight rows, so that pixels a power of two apart still find a way each in the
/// first-level cache. Heights are constants where these functions are inlined.
///
/// The sums are made in the order of every other kernel of the family, with the same bits.
private struct WholeSums {
  private var c0: Float16x
  private var c1: Float16x
  private var c2: Float16x
  private var c3: Float16x
  private var c4: Float16x
  private var c5: Float16x
  private var c6: Float16x
  private var c7: Float16x

  @inline(__always)
  init(_ bias: UnsafePointer<Float>) {
    let bias = load16(bias)
    (c0, c1, c2, c3, c4, c5, c6, c7) = (bias, bias, bias, bias, bias, bias, bias, bias)
  }

  /// Adds the term `k` elements behind the rows' beginnings, times the weights at `b`.
  @inline(__always)
  mutating func add(_ height: Int, _ b: UnsafePointer<Float>, _ rows: RowStarts, _ k: Int) {
    let w = load16(b)
    c0 = c0.addingProduct(splat16(rows.a0[k]), w)
    if height > 1 { c1 = c1.addingProduct(splat16(rows.a1[k]), w) }
    if height > 2 { c2 = c2.addingProduct(splat16(rows.a2[k]), w) }
    if height > 3 { c3 = c3.addingProduct(splat16(rows.a3[k]), w) }
    if height > 4 { c4 = c4.addingProduct(splat16(rows.a4[k]), w) }
    if height > 5 { c5 = c5.addingProduct(splat16(rows.a5[k]), w) }
    if height > 6 { c6 = c6.addingProduct(splat16(rows.a6[k]), w) }
    if height > 7 { c7 = c7.addingProduct(splat16(rows.a7[k]), w) }
  }

  @inline(__always)
  func write(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
    finish(tile, 0, c0)
    if height > 1 { finish(tile, 1, c1) }
    if height > 2 { finish(tile, 2, c2) }
    if height > 3 { finish(tile, 3, c3) }
    if height > 4 { finish(tile, 4, c4) }
    if height > 5 { finish(tile, 5, c5) }
    if height > 6 { finish(tile, 6, c6) }
    if height > 7 { finish(tile, 7, c7) }
  }
}

/// The same where the last 8 columns are padding and left out.
private struct HalfSums {
  private var c0: Float8
  private var c1: Float8
  private var c2: Float8
  private var c3: Float8
  private var c4: Float8
  private var c5: Float8
  private var c6: Float8
  private var c7: Float8

  @inline(__always)
  init(_ bias: UnsafePointer<Float>) {
    let bias = load8(bias)
    (c0, c1, c2, c3, c4, c5, c6, c7) = (bias, bias, bias, bias, bias, bias, bias, bias)
  }

  @inline(__always)
  mutating func add(_ height: Int, _ b: UnsafePointer<Float>, _ rows: RowStarts, _ k: Int) {
    let w = load8(b)
    c0 = c0.addingProduct(splat8(rows.a0[k]), w)
    if height > 1 { c1 = c1.addingProduct(splat8(rows.a1[k]), w) }
    if height > 2 { c2 = c2.addingProduct(splat8(rows.a2[k]), w) }
    if height > 3 { c3 = c3.addingProduct(splat8(rows.a3[k]), w) }
    if height > 4 { c4 = c4.addingProduct(splat8(rows.a4[k]), w) }
    if height > 5 { c5 = c5.addingProduct(splat8(rows.a5[k]), w) }
    if height > 6 { c6 = c6.addingProduct(splat8(rows.a6[k]), w) }
    if height > 7 { c7 = c7.addingProduct(splat8(rows.a7[k]), w) }
  }

  @inline(__always)
  func write(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
    finishHalf(tile, 0, c0)
    if height > 1 { finishHalf(tile, 1, c1) }
    if height > 2 { finishHalf(tile, 2, c2) }
    if height > 3 { finishHalf(tile, 3, c3) }
    if height > 4 { finishHalf(tile, 4, c4) }
    if height > 5 { finishHalf(tile, 5, c5) }
    if height > 6 { finishHalf(tile, 6, c6) }
    if height > 7 { finishHalf(tile, 7, c7) }
  }
}

/// The terms of a row lie side by side.
@inline(__always)
private func multiply(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  var sums = WholeSums(tile.pointee.bias)
  var b = tile.pointee.panel
  var ahead = tile.pointee.ahead ?? b
  let depth = tile.pointee.depth
  for tap in 0..<tile.pointee.taps {
    let rows = RowStarts(height, tile.pointee.rows + tap * tile.pointee.rowsStride)
    var k = 0
    while k + 4 <= depth {
      fetchToLevel2(ahead)
      fetchToLevel2(ahead + 16)
      ahead += 32
      for _ in 0..<4 {
        sums.add(height, b, rows, k)
        b += 16
        k += 1
      }
    }
    while k < depth {
      sums.add(height, b, rows, k)
      b += 16
      k += 1
    }
  }
  sums.write(height, tile)
}

/// The same for half a panel.
@inline(__always)
private func multiplyHalf(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  var sums = HalfSums(tile.pointee.bias)
  var b = tile.pointee.panel
  var ahead = tile.pointee.ahead ?? b
  let depth = tile.pointee.depth
  for tap in 0..<tile.pointee.taps {
    let rows = RowStarts(height, tile.pointee.rows + tap * tile.pointee.rowsStride)
    var k = 0
    while k + 4 <= depth {
      fetchToLevel2(ahead)
      fetchToLevel2(ahead + 16)
      ahead += 32
      for _ in 0..<4 {
        sums.add(height, b, rows, k)
        b += 16
        k += 1
      }
    }
    while k < depth {
      sums.add(height, b, rows, k)
      b += 16
      k += 1
    }
  }
  sums.write(height, tile)
}

/// Each term says how far it lies from the row's beginning.
@inline(__always)
private func multiplyPlaces(_ height: Int, _ tile: UnsafePointer<GemmTileF32>, _ places: UnsafePointer<Int>) {
  let rows = RowStarts(height, tile.pointee.rows)
  var b = tile.pointee.panel
  if tile.pointee.columns > 8 {
    var sums = WholeSums(tile.pointee.bias)
    for index in 0..<tile.pointee.depth {
      sums.add(height, b, rows, places[index])
      b += 16
    }
    sums.write(height, tile)
  } else {
    var sums = HalfSums(tile.pointee.bias)
    for index in 0..<tile.pointee.depth {
      sums.add(height, b, rows, places[index])
      b += 16
    }
    sums.write(height, tile)
  }
}

/// Terms `depthStep` elements apart.
@inline(__always)
private func multiplyStrided(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  var sums = WholeSums(tile.pointee.bias)
  var b = tile.pointee.panel
  let step = tile.pointee.depthStep
  let end = tile.pointee.depth * step
  for tap in 0..<tile.pointee.taps {
    let rows = RowStarts(height, tile.pointee.rows + tap * tile.pointee.rowsStride)
    var k = 0
    while k < end {
      sums.add(height, b, rows, k)
      b += 16
      k += step
    }
  }
  sums.write(height, tile)
}

/// Adds the residual, clamps and writes one row.
@inline(__always)
private func finish(_ tile: UnsafePointer<GemmTileF32>, _ row: Int, _ sum: Float16x) {
  let columns = tile.pointee.columns - 8
  if columns == 8 {
    var sum = sum
    if let residual = tile.pointee.residual { sum += load16(residual + row * tile.pointee.residualStride) }
    let value = _mm512_min_ps(splat16(tile.pointee.high), _mm512_max_ps(splat16(tile.pointee.low), sum))
    UnsafeMutableRawPointer(tile.pointee.output + row * tile.pointee.outputStride).storeBytes(of: value, as: Float16x.self)
    return
  }
  finishHalf(tile, row, sum.lowHalf)
  store(tile, row, 8, sum.highHalf, min(columns, 8))
}

@inline(__always)
private func finishHalf(_ tile: UnsafePointer<GemmTileF32>, _ row: Int, _ sum: Float8) {
  store(tile, row, 0, sum, min(tile.pointee.columns, 8))
}

@inline(__always)
private func store(_ tile: UnsafePointer<GemmTileF32>, _ row: Int, _ column: Int, _ sum: Float8, _ count: Int) {
  let output = tile.pointee.output + (row * tile.pointee.outputStride + column)
  var sum = sum
  if let residual = tile.pointee.residual {
    let from = residual + (row * tile.pointee.residualStride + column)
    sum += count == 8 ? load8(from) : load8(from, count: count)
  }
  let value = atMost(splat8(tile.pointee.high), atLeast(splat8(tile.pointee.low), sum))
  if count == 8 { store8(value, output) } else { store8(value, output, count: count) }
}

@inline(never) private func multiply1(_ tile: UnsafePointer<GemmTileF32>) { multiply(1, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<GemmTileF32>) { multiply(2, tile) }
@inline(never) private func multiply3(_ tile: UnsafePointer<GemmTileF32>) { multiply(3, tile) }
@inline(never) private func multiply4(_ tile: UnsafePointer<GemmTileF32>) { multiply(4, tile) }
@inline(never) private func multiply5(_ tile: UnsafePointer<GemmTileF32>) { multiply(5, tile) }
@inline(never) private func multiply6(_ tile: UnsafePointer<GemmTileF32>) { multiply(6, tile) }
@inline(never) private func multiply7(_ tile: UnsafePointer<GemmTileF32>) { multiply(7, tile) }
@inline(never) private func multiply8(_ tile: UnsafePointer<GemmTileF32>) { multiply(8, tile) }

@inline(never) private func multiplyHalf1(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(1, tile) }
@inline(never) private func multiplyHalf2(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(2, tile) }
@inline(never) private func multiplyHalf3(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(3, tile) }
@inline(never) private func multiplyHalf4(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(4, tile) }
@inline(never) private func multiplyHalf5(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(5, tile) }
@inline(never) private func multiplyHalf6(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(6, tile) }
@inline(never) private func multiplyHalf7(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(7, tile) }
@inline(never) private func multiplyHalf8(_ tile: UnsafePointer<GemmTileF32>) { multiplyHalf(8, tile) }

typealias Places = UnsafePointer<Int>
@inline(never) private func multiplyPlaces1(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(1, tile, at) }
@inline(never) private func multiplyPlaces2(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(2, tile, at) }
@inline(never) private func multiplyPlaces3(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(3, tile, at) }
@inline(never) private func multiplyPlaces4(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(4, tile, at) }
@inline(never) private func multiplyPlaces5(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(5, tile, at) }
@inline(never) private func multiplyPlaces6(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(6, tile, at) }
@inline(never) private func multiplyPlaces7(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(7, tile, at) }
@inline(never) private func multiplyPlaces8(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(8, tile, at) }

@inline(never) private func multiplyStrided1(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(1, tile) }
@inline(never) private func multiplyStrided2(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(2, tile) }
@inline(never) private func multiplyStrided3(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(3, tile) }
@inline(never) private func multiplyStrided4(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(4, tile) }
@inline(never) private func multiplyStrided5(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(5, tile) }
@inline(never) private func multiplyStrided6(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(6, tile) }
@inline(never) private func multiplyStrided7(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(7, tile) }
@inline(never) private func multiplyStrided8(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(8, tile) }

/// Rows of the tallest tile.
@inline(__always)
var tallestTile: Int { 8 }

/// The height of the next tile when `remaining` rows are left: 8, and near the end two alike.
@inline(__always)
func tileHeight(_ remaining: Int) -> Int {
  if remaining >= 16 { return 8 }
  return remaining <= 8 ? remaining : (remaining + 1) / 2
}

/// One tile of `height` (1 … 8) rows whose terms lie at `places`.
@inline(__always)
func multiplyTile(_ height: Int, _ tile: UnsafePointer<GemmTileF32>, places: UnsafePointer<Int>) {
  switch height {
  case 8: multiplyPlaces8(tile, places)
  case 7: multiplyPlaces7(tile, places)
  case 6: multiplyPlaces6(tile, places)
  case 5: multiplyPlaces5(tile, places)
  case 4: multiplyPlaces4(tile, places)
  case 3: multiplyPlaces3(tile, places)
  case 2: multiplyPlaces2(tile, places)
  default: multiplyPlaces1(tile, places)
  }
}

/// One tile of `height` (1 … 8) rows.
@inline(__always)
func multiplyTile(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  if tile.pointee.depthStep != 1 {
    switch height {
    case 8: multiplyStrided8(tile)
    case 7: multiplyStrided7(tile)
    case 6: multiplyStrided6(tile)
    case 5: multiplyStrided5(tile)
    case 4: multiplyStrided4(tile)
    case 3: multiplyStrided3(tile)
    case 2: multiplyStrided2(tile)
    default: multiplyStrided1(tile)
    }
  } else if tile.pointee.columns > 8 {
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
    case 8: multiplyHalf8(tile)
    case 7: multiplyHalf7(tile)
    case 6: multiplyHalf6(tile)
    case 5: multiplyHalf5(tile)
    case 4: multiplyHalf4(tile)
    case 3: multiplyHalf3(tile)
    case 2: multiplyHalf2(tile)
    default: multiplyHalf1(tile)
    }
  }
}
