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
  let panel = SpmmF32Descriptor.panel
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
          multiplyPanel(4, d, row, source + first, sourceStride, at)
          first += 32
        } else if count >= 16 {
          multiplyPanel(2, d, row, source + first, sourceStride, at)
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
  for column in 0..<width {
    for k in 0..<d.pointee.depth {
      copies[k * SpmmF32Descriptor.panel + column] = source[k * d.pointee.rightRowStride + column * d.pointee.rightColumnStride]
    }
  }
}

/// One row by `vectors` (a constant, 2 or 4) times eight columns.
@inline(__always)
private func multiplyPanel(
  _ vectors: Int, _ d: UnsafePointer<SpmmF32Descriptor>, _ row: Int, _ source: UnsafePointer<Float>, _ stride: Int,
  _ to: UnsafeMutablePointer<Float>
) {
  let bias = splat8(d.pointee.bias.map { $0[row] } ?? 0)
  var c0 = bias, c1 = bias, c2 = bias, c3 = bias
  for element in Int(d.pointee.rowStarts[row])..<Int(d.pointee.rowStarts[row + 1]) {
    let value = splat8(d.pointee.values[element])
    let from = source + Int(d.pointee.columnIndices[element]) * stride
    c0 = c0.addingProduct(value, load8(from))
    c1 = c1.addingProduct(value, load8(from + 8))
    if vectors > 2 {
      c2 = c2.addingProduct(value, load8(from + 16))
      c3 = c3.addingProduct(value, load8(from + 24))
    }
  }
  write(c0, to, d, 8)
  write(c1, to + 8 * d.pointee.outputColumnStride, d, 8)
  if vectors > 2 {
    write(c2, to + 16 * d.pointee.outputColumnStride, d, 8)
    write(c3, to + 24 * d.pointee.outputColumnStride, d, 8)
  }
}

/// One row by `count` (1 … 8) columns.
@inline(__always)
private func multiplyPart(
  _ d: UnsafePointer<SpmmF32Descriptor>, _ row: Int, _ source: UnsafePointer<Float>, _ stride: Int, _ to: UnsafeMutablePointer<Float>,
  _ count: Int
) {
  var sum = splat8(d.pointee.bias.map { $0[row] } ?? 0)
  for element in Int(d.pointee.rowStarts[row])..<Int(d.pointee.rowStarts[row + 1]) {
    let from = source + Int(d.pointee.columnIndices[element]) * stride
    sum = sum.addingProduct(splat8(d.pointee.values[element]), count == 8 ? load8(from) : load8(from, count: count))
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
  var element = Int(d.pointee.rowStarts[row])
  let end = Int(d.pointee.rowStarts[row + 1])
  let (values, indices) = (d.pointee.values, d.pointee.columnIndices)
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
  return (d.pointee.bias.map { $0[row] } ?? 0) + (((pairs[0] + pairs[1]) + (pairs[2] + pairs[3])) + rest)
}
