import KernelContract

/// `transpose_8x8`: see `TransposeDescriptor`. Four-byte elements go by tiles of 8 × 8, the others and the edges one by one.
func stepTranspose(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: TransposeDescriptor.self)
  let perTask = max(16, elementsPerTask / max(1, d.pointee.rows) / 16 * 16)
  let tasksPerBatch = blocks(d.pointee.columns, of: perTask)
  for task in begin..<end {
    let batch = task / tasksPerBatch
    let first = (task - batch * tasksPerBatch) * perTask
    let from = buffers[1] + (batch * d.pointee.inputBatchStride + first) * d.pointee.elementBytes
    let to = buffers[0] + (batch * d.pointee.outputBatchStride + first * d.pointee.outputRowStride) * d.pointee.elementBytes
    let columns = min(perTask, d.pointee.columns - first)
    switch d.pointee.elementBytes {
    case 1: transpose(d, from.assumingMemoryBound(to: UInt8.self), to.assumingMemoryBound(to: UInt8.self), 0, 0, columns)
    case 2: transpose(d, from.assumingMemoryBound(to: UInt16.self), to.assumingMemoryBound(to: UInt16.self), 0, 0, columns)
    case 4: transposeFloats(d, from.assumingMemoryBound(to: Float.self), to.assumingMemoryBound(to: Float.self), columns)
    default: transpose(d, from.assumingMemoryBound(to: UInt64.self), to.assumingMemoryBound(to: UInt64.self), 0, 0, columns)
    }
  }
}

private func transposeFloats(
  _ d: UnsafePointer<TransposeDescriptor>, _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ columns: Int
) {
  let rows = d.pointee.rows
  let (fromStride, toStride) = (d.pointee.inputRowStride, d.pointee.outputRowStride)
  var column = 0
  // Two tiles side by side: lines of the input are used whole while they are in the first-level cache, which many rows leave at once.
  while column + 16 <= columns {
    var row = 0
    while row + 8 <= rows {
      transpose8(from + (row * fromStride + column), fromStride, to + (column * toStride + row), toStride)
      transpose8(from + (row * fromStride + column + 8), fromStride, to + ((column + 8) * toStride + row), toStride)
      row += 8
    }
    column += 16
  }
  while column + 8 <= columns {
    var row = 0
    while row + 8 <= rows {
      transpose8(from + (row * fromStride + column), fromStride, to + (column * toStride + row), toStride)
      row += 8
    }
    column += 8
  }
  transpose(d, from, to, rows / 8 * 8, 0, column)
  transpose(d, from, to, 0, column, columns)
}

/// Rows from `firstRow`, columns `firstColumn ..< columns`, sixteen columns at a time so that lines of the input are used whole.
@inline(__always)
private func transpose<T>(
  _ d: UnsafePointer<TransposeDescriptor>, _ from: UnsafePointer<T>, _ to: UnsafeMutablePointer<T>, _ firstRow: Int, _ firstColumn: Int,
  _ columns: Int
) {
  let rows = d.pointee.rows
  let (fromStride, toStride) = (d.pointee.inputRowStride, d.pointee.outputRowStride)
  var column = firstColumn
  while column < columns {
    let last = min(column + 16, columns)
    for row in firstRow..<max(firstRow, rows) {
      for i in column..<last { to[i * toStride + row] = from[row * fromStride + i] }
    }
    column = last
  }
}
