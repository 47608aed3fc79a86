/// `height` rows by 16 columns, or 8 with `halves` 1: see `GemmSumsF32`. The terms of a row lie side by side.
@inline(__always)
private func multiply(_ height: Int, _ halves: Int, _ tile: UnsafePointer<GemmTileF32>) {
  var sums = GemmSumsF32(tile.pointee.bias)
  var b = tile.pointee.panel
  var ahead = tile.pointee.ahead ?? b
  let depth = tile.pointee.depth
  for tap in 0..<tile.pointee.taps {
    let rows = tile.pointee.rows + tap * tile.pointee.rowsStride
    let a0 = rows[0]
    let a1 = rows[height > 1 ? 1 : 0]
    let a2 = rows[height > 2 ? 2 : 0]
    let a3 = rows[height > 3 ? 3 : 0]
    let a4 = rows[height > 4 ? 4 : 0]
    let a5 = rows[height > 5 ? 5 : 0]
    var k = 0
    while k + 4 <= depth {
      fetchToLevel2(ahead)
      fetchToLevel2(ahead + 16)
      ahead += 32
      for _ in 0..<4 {
        sums.add(height, halves, b, a0 + k, a1 + k, a2 + k, a3 + k, a4 + k, a5 + k)
        b += 16
        k += 1
      }
    }
    while k < depth {
      sums.add(height, halves, b, a0 + k, a1 + k, a2 + k, a3 + k, a4 + k, a5 + k)
      b += 16
      k += 1
    }
  }
  sums.write(height, tile)
}

/// The same where each term says how far it lies from the row's beginning.
@inline(__always)
private func multiplyPlaces(_ height: Int, _ halves: Int, _ tile: UnsafePointer<GemmTileF32>, _ places: UnsafePointer<Int>) {
  var sums = GemmSumsF32(tile.pointee.bias)
  var b = tile.pointee.panel
  let rows = tile.pointee.rows
  let a0 = rows[0]
  let a1 = rows[height > 1 ? 1 : 0]
  let a2 = rows[height > 2 ? 2 : 0]
  let a3 = rows[height > 3 ? 3 : 0]
  let a4 = rows[height > 4 ? 4 : 0]
  let a5 = rows[height > 5 ? 5 : 0]
  for index in 0..<tile.pointee.depth {
    let k = places[index]
    sums.add(height, halves, b, a0 + k, a1 + k, a2 + k, a3 + k, a4 + k, a5 + k)
    b += 16
  }
  sums.write(height, tile)
}

/// The same for terms `depthStep` elements apart.
@inline(__always)
private func multiplyStrided(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  var sums = GemmSumsF32(tile.pointee.bias)
  var b = tile.pointee.panel
  let step = tile.pointee.depthStep
  let end = tile.pointee.depth * step
  for tap in 0..<tile.pointee.taps {
    let rows = tile.pointee.rows + tap * tile.pointee.rowsStride
    let a0 = rows[0]
    let a1 = rows[height > 1 ? 1 : 0]
    let a2 = rows[height > 2 ? 2 : 0]
    let a3 = rows[height > 3 ? 3 : 0]
    let a4 = rows[height > 4 ? 4 : 0]
    let a5 = rows[height > 5 ? 5 : 0]
    var k = 0
    while k < end {
      sums.add(height, 2, b, a0 + k, a1 + k, a2 + k, a3 + k, a4 + k, a5 + k)
      b += 16
      k += step
    }
  }
  sums.write(height, tile)
}

typealias Places = UnsafePointer<Int>
@inline(never) private func multiplyPlaces1(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(1, 2, tile, at) }
@inline(never) private func multiplyPlaces2(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(2, 2, tile, at) }
@inline(never) private func multiplyPlaces3(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(3, 2, tile, at) }
@inline(never) private func multiplyPlaces4(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(4, 2, tile, at) }
@inline(never) private func multiplyPlaces5(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(5, 2, tile, at) }
@inline(never) private func multiplyPlaces6(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(6, 2, tile, at) }
@inline(never) private func multiplyHalfPlaces6(_ tile: UnsafePointer<GemmTileF32>, _ at: Places) { multiplyPlaces(6, 1, tile, at) }

@inline(never) private func multiplyStrided1(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(1, tile) }
@inline(never) private func multiplyStrided2(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(2, tile) }
@inline(never) private func multiplyStrided3(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(3, tile) }
@inline(never) private func multiplyStrided4(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(4, tile) }
@inline(never) private func multiplyStrided5(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(5, tile) }
@inline(never) private func multiplyStrided6(_ tile: UnsafePointer<GemmTileF32>) { multiplyStrided(6, tile) }

@inline(never) private func multiply1(_ tile: UnsafePointer<GemmTileF32>) { multiply(1, 2, tile) }
@inline(never) private func multiply2(_ tile: UnsafePointer<GemmTileF32>) { multiply(2, 2, tile) }
@inline(never) private func multiply3(_ tile: UnsafePointer<GemmTileF32>) { multiply(3, 2, tile) }
@inline(never) private func multiply4(_ tile: UnsafePointer<GemmTileF32>) { multiply(4, 2, tile) }
@inline(never) private func multiply5(_ tile: UnsafePointer<GemmTileF32>) { multiply(5, 2, tile) }
@inline(never) private func multiply6(_ tile: UnsafePointer<GemmTileF32>) { multiply(6, 2, tile) }

@inline(never) private func multiplyHalf1(_ tile: UnsafePointer<GemmTileF32>) { multiply(1, 1, tile) }
@inline(never) private func multiplyHalf2(_ tile: UnsafePointer<GemmTileF32>) { multiply(2, 1, tile) }
@inline(never) private func multiplyHalf3(_ tile: UnsafePointer<GemmTileF32>) { multiply(3, 1, tile) }
@inline(never) private func multiplyHalf4(_ tile: UnsafePointer<GemmTileF32>) { multiply(4, 1, tile) }
@inline(never) private func multiplyHalf5(_ tile: UnsafePointer<GemmTileF32>) { multiply(5, 1, tile) }
@inline(never) private func multiplyHalf6(_ tile: UnsafePointer<GemmTileF32>) { multiply(6, 1, tile) }

/// Rows of the tallest tile.
@inline(__always)
var tallestTile: Int { 6 }

/// The height of the next tile when `remaining` rows are left: 6, and near the end heights that leave no tile below 4, where the
/// multiply-adds of one row would wait for those of the same row before.
@inline(__always)
func tileHeight(_ remaining: Int) -> Int {
  if remaining >= 14 || remaining == 12 || remaining == 11 { return 6 }
  if remaining <= 6 { return remaining }
  return remaining == 7 || remaining == 8 ? 4 : 5
}

/// One tile of `height` (1 … 6) rows whose terms lie at `places`.
@inline(__always)
func multiplyTile(_ height: Int, _ tile: UnsafePointer<GemmTileF32>, places: UnsafePointer<Int>) {
  switch height {
  case 6: if tile.pointee.columns > 8 { multiplyPlaces6(tile, places) } else { multiplyHalfPlaces6(tile, places) }
  case 5: multiplyPlaces5(tile, places)
  case 4: multiplyPlaces4(tile, places)
  case 3: multiplyPlaces3(tile, places)
  case 2: multiplyPlaces2(tile, places)
  default: multiplyPlaces1(tile, places)
  }
}

/// One tile of `height` (1 … 6) rows.
@inline(__always)
func multiplyTile(_ height: Int, _ tile: UnsafePointer<GemmTileF32>) {
  if tile.pointee.depthStep != 1 {
    switch height {
    case 6: multiplyStrided6(tile)
    case 5: multiplyStrided5(tile)
    case 4: multiplyStrided4(tile)
    case 3: multiplyStrided3(tile)
    case 2: multiplyStrided2(tile)
    default: multiplyStrided1(tile)
    }
  } else if tile.pointee.columns > 8 {
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
