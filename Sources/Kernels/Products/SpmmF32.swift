import KernelContract

/// `spmm_f32_1x32`: see `SpmmF32Descriptor`. A task is a panel of 32 columns of the dense side, or, where there is but one panel, a block
/// of rows.
///
/// Each stored element is one broadcast and four fused multiply-adds on a row of the panel, which stays in cache from row to row; sums
/// are made
/// in the order of the stored elements. With one column it is eight running sums of gathered products.
func stepSpmmF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: SpmmF32Descriptor.self)
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let right = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let panel = 32
  let rowBlocks = d.pointee.rowBlocks
  let rowBlock = rowBlocks > 1 ? SpmmF32Descriptor.rowBlock : d.pointee.rows
  let copies = scratch.assumingMemoryBound(to: Float.self)
  var copied = -1
  for task in begin..<end {
    let column = task / rowBlocks
    let firstRow = (task - column * rowBlocks) * rowBlock
    let rowEnd = min(firstRow + rowBlock, d.pointee.rows)
    let width = min(panel, d.pointee.columns - column * panel)
    if d.pointee.columns == 1 {
      for row in firstRow..<rowEnd {
        let to = output + row * d.pointee.outputRowStride
        to[0] = multiplyRow(d, row, right)
        activateRow(to, to, 1, d.pointee.epilogue)
      }
      continue
    }
    var source = right + column * panel * d.pointee.rightColumnStride
    var sourceStride = d.pointee.rightRowStride
    if d.pointee.copiesPanels {
      if copied != column { copyPanel(source, d, width, into: copies) }
      copied = column
      source = UnsafePointer(copies)
      sourceStride = panel
    }
    for row in firstRow..<rowEnd {
      let to = output + (row * d.pointee.outputRowStride + column * panel * d.pointee.outputColumnStride)
      var first = 0
      while first < width {
        let count = width - first
        let at = to + first * d.pointee.outputColumnStride
        if count >= 32 {
          multiply32(d, row, source + first, sourceStride, at)
          first += 32
        } else if count >= 16 {
          multiply16(d, row, source + first, sourceStride, at)
          first += 16
        } else {
          multiplyPart(d, row, source + first, sourceStride, at, min(8, count))
          first += 8
        }
      }
    }
  }
}

/// The panel's columns, 32 wide, from wherever they lie.
private func copyPanel(
  _ source: UnsafePointer<Float>, _ d: UnsafePointer<SpmmF32Descriptor>, _ width: Int, into copies: UnsafeMutablePointer<Float>
) {
  let (panel, depth) = (32, d.pointee.depth)
  let (rowStride, columnStride) = (d.pointee.rightRowStride, d.pointee.rightColumnStride)
  if columnStride == 1 {
    for k in 0..<depth { copyElements(source + k * rowStride, copies + k * panel, width) }
  } else {
    for column in 0..<width {
      for k in 0..<depth { copies[k * panel + column] = source[k * rowStride + column * columnStride] }
    }
  }
}

/// The stored elements of a row, and where its sum begins.
private struct SparseRow {
  var values: UnsafePointer<Float>
  var columns: UnsafePointer<UInt32>
  var begin: Int
  var end: Int
  var bias: Float

  @inline(__always)
  init(_ d: UnsafePointer<SpmmF32Descriptor>, _ row: Int) {
    values = d.pointee.values
    columns = d.pointee.columnIndices
    begin = Int(d.pointee.rowStarts[row])
    end = Int(d.pointee.rowStarts[row + 1])
    if let all = d.pointee.bias { bias = all[row] } else { bias = 0 }
  }
}

/// One row by 32 columns.
@inline(never)
private func multiply32(
  _ d: UnsafePointer<SpmmF32Descriptor>, _ row: Int, _ source: UnsafePointer<Float>, _ stride: Int, _ to: UnsafeMutablePointer<Float>
) {
  let row = SparseRow(d, row)
  let bias = splat8(row.bias)
  var c0 = bias, c1 = bias, c2 = bias, c3 = bias
  var element = row.begin
  while element < row.end {
    let value = splat8(row.values[element])
    let from = source + Int(row.columns[element]) * stride
    c0 = c0.addingProduct(value, load8(from))
    c1 = c1.addingProduct(value, load8(from + 8))
    c2 = c2.addingProduct(value, load8(from + 16))
    c3 = c3.addingProduct(value, load8(from + 24))
    element += 1
  }
  let step = 8 * d.pointee.outputColumnStride
  write(c0, to, d, 8)
  write(c1, to + step, d, 8)
  write(c2, to + 2 * step, d, 8)
  write(c3, to + 3 * step, d, 8)
}

/// One row by 16 columns.
@inline(never)
private func multiply16(
  _ d: UnsafePointer<SpmmF32Descriptor>, _ row: Int, _ source: UnsafePointer<Float>, _ stride: Int, _ to: UnsafeMutablePointer<Float>
) {
  let row = SparseRow(d, row)
  let bias = splat8(row.bias)
  var c0 = bias, c1 = bias
  var element = row.begin
  while element < row.end {
    let value = splat8(row.values[element])
    let from = source + Int(row.columns[element]) * stride
    c0 = c0.addingProduct(value, load8(from))
    c1 = c1.addingProduct(value, load8(from + 8))
    element += 1
  }
  write(c0, to, d, 8)
  write(c1, to + 8 * d.pointee.outputColumnStride, d, 8)
}

/// One row by `count` (1 … 8) columns.
@inline(never)
private func multiplyPart(
  _ d: UnsafePointer<SpmmF32Descriptor>, _ row: Int, _ source: UnsafePointer<Float>, _ stride: Int, _ to: UnsafeMutablePointer<Float>,
  _ count: Int
) {
  let row = SparseRow(d, row)
  var sum = splat8(row.bias)
  var element = row.begin
  while element < row.end {
    let from = source + Int(row.columns[element]) * stride
    sum = sum.addingProduct(splat8(row.values[element]), count == 8 ? load8(from) : load8(from, count: count))
    element += 1
  }
  write(sum, to, d, count)
}

@inline(__always)
private func write(_ sum: Float8, _ to: UnsafeMutablePointer<Float>, _ d: UnsafePointer<SpmmF32Descriptor>, _ count: Int) {
  if d.pointee.outputColumnStride == 1 {
    if count == 8 { store8(sum, to) } else { store8(sum, to, count: count) }
    if !isIdentity(d.pointee.epilogue) { activateRow(to, to, count, d.pointee.epilogue) }
    return
  }
  for lane in 0..<count {
    let to = to + lane * d.pointee.outputColumnStride
    to[0] = sum[lane]
    if !isIdentity(d.pointee.epilogue) { activateRow(to, to, 1, d.pointee.epilogue) }
  }
}

/// One row by one column: eight sums, element i into sum i mod 8, then added up in pairs.
@inline(__always)
private func multiplyRow(_ d: UnsafePointer<SpmmF32Descriptor>, _ row: Int, _ right: UnsafePointer<Float>) -> Float {
  let stride = d.pointee.rightRowStride
  let row = SparseRow(d, row)
  var element = row.begin
  let end = row.end
  let (values, indices) = (row.values, row.columns)
  var sums = splat8(0)
  while element + 8 <= end {
    let i = indices + element
    let x = Float8(
      right[Int(i[0]) * stride], right[Int(i[1]) * stride], right[Int(i[2]) * stride], right[Int(i[3]) * stride], right[Int(i[4]) * stride],
      right[Int(i[5]) * stride], right[Int(i[6]) * stride], right[Int(i[7]) * stride])
    sums = sums.addingProduct(load8(values + element), x)
    element += 8
  }
  var rest: Float = 0
  while element < end {
    rest = rest.addingProduct(values[element], right[Int(indices[element]) * stride])
    element += 1
  }
  let pairs = sums.lowHalf + sums.highHalf
  return row.bias + (((pairs[0] + pairs[1]) + (pairs[2] + pairs[3])) + rest)
}
