import KernelContract

/// Calls the body with each piece of the rows of tasks `begin ..< end`: a row, the first element of the piece, and its length.
@inline(__always)
func forEachPiece(_ rows: Rows, _ begin: Int, _ end: Int, _ body: (_ row: Int, _ first: Int, _ count: Int) -> Void) {
  let cuts = blocks(rows.width, of: elementsPerTask)
  if cuts > 1 {
    for task in begin..<end {
      let row = task / cuts
      let first = (task - row * cuts) * elementsPerTask
      body(row, first, min(elementsPerTask, rows.width - first))
    }
  } else {
    let perTask = max(1, elementsPerTask / max(1, rows.width))
    for row in begin * perTask..<min(end * perTask, rows.count) { body(row, 0, rows.width) }
  }
}

/// Access that the optimizer sees through: a getter of another module is a call.
extension Six {
  @inline(__always)
  var innermost: Int { values.5 }

  @inline(__always)
  var size: Int { values.0 * values.1 * values.2 * values.3 * values.4 * values.5 }
}

/// The rows of a tensor of six dimensions.
@inline(__always)
func rows(of extents: Six) -> Rows {
  var rows = Rows(count: 0, width: 0)
  rows.count = extents.values.0 * extents.values.1 * extents.values.2 * extents.values.3 * extents.values.4
  rows.width = extents.values.5
  return rows
}

/// The offset of a row in a tensor of six dimensions, the innermost left out.
@inline(__always)
func offset(ofRow row: Int, _ extents: Six, _ strides: Six) -> Int {
  let (row3, i4) = divide(row, extents.values.4)
  let (row2, i3) = divide(row3, extents.values.3)
  let (row1, i2) = divide(row2, extents.values.2)
  let (i0, i1) = divide(row1, extents.values.1)
  let outer = i0 * strides.values.0 + i1 * strides.values.1 + i2 * strides.values.2
  return outer + i3 * strides.values.3 + i4 * strides.values.4
}

/// Quotient and remainder. Most rows count in one dimension: the value is then below the extent and needs no division.
@inline(__always)
private func divide(_ value: Int, _ by: Int) -> (Int, Int) {
  if value < by { return (0, value) }
  if by == 1 { return (value, 0) }
  let quotient = value / by
  return (quotient, value - quotient * by)
}
