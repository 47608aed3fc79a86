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

/// The offset of a row in a tensor of six dimensions, the innermost left out.
@inline(__always)
func offset(ofRow row: Int, _ extents: Six, _ strides: Six) -> Int {
  let (row3, i4) = divide(row, extents[4])
  let (row2, i3) = divide(row3, extents[3])
  let (row1, i2) = divide(row2, extents[2])
  let (i0, i1) = divide(row1, extents[1])
  return i0 * strides[0] + i1 * strides[1] + i2 * strides[2] + i3 * strides[3] + i4 * strides[4]
}

/// Quotient and remainder; most unused dimensions are 1, which needs no division.
@inline(__always)
private func divide(_ value: Int, _ by: Int) -> (Int, Int) {
  if by == 1 { return (value, 0) }
  let quotient = value / by
  return (quotient, value - quotient * by)
}
