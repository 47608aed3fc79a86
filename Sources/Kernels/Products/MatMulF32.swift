import KernelContract

/// `matmul_f32_6x16`: see `MatMulF32Descriptor`. A task packs its columns of the right-hand side into panels and runs the 6 × 16 tile of
/// the
/// constant products over all rows; the left operand is read where it lies, whatever its strides.
func stepMatMulF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: MatMulF32Descriptor.self)
  let (rows, depth) = (d.pointee.rows, d.pointee.depth)
  let columnBlock = d.pointee.columnBlock
  let columnBlocks = blocks(d.pointee.columns, of: columnBlock)
  let table = scratch.assumingMemoryBound(to: UnsafePointer<Float>.self)
  let zeros = (scratch + 64).assumingMemoryBound(to: Float.self)
  for i in 0..<16 { zeros[i] = 0 }
  let packed = zeros + 16
  let clamps = isClamp(d.pointee.epilogue)
  var tile = GemmTileF32(
    rows: table, rowsStride: 0, taps: 1, depth: depth, depthStep: d.pointee.leftColumnStride, panel: packed, bias: zeros,
    output: buffers[0].assumingMemoryBound(to: Float.self), outputStride: d.pointee.outputRowStride, residual: nil, residualStride: 0,
    columns: 16,
    low: clamps ? d.pointee.epilogue.a : -.infinity, high: clamps ? d.pointee.epilogue.b : .infinity)
  // The tile counts depth in steps of the stride; with stride 0 every element is the first one.
  for task in begin..<end {
    let batch = task / columnBlocks
    let firstColumn = (task - batch * columnBlocks) * columnBlock
    let width = min(columnBlock, d.pointee.columns - firstColumn)
    let left = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self)) + offset(ofBatch: batch, d, d.pointee.leftBatchStrides)
    let right = UnsafePointer(buffers[2].assumingMemoryBound(to: Float.self)) + offset(ofBatch: batch, d, d.pointee.rightBatchStrides)
    let output = buffers[0].assumingMemoryBound(to: Float.self) + offset(ofBatch: batch, d, d.pointee.outputBatchStrides)
    packColumns(right + firstColumn * d.pointee.rightColumnStride, d, width, into: packed)
    var column = 0
    while column < width {
      tile.panel = UnsafePointer(packed + column * depth)
      tile.columns = min(16, width - column)
      var row = 0
      while row < rows {
        let height = tileHeight(rows - row)
        for i in 0..<height { table[i] = left + (row + i) * d.pointee.leftRowStride }
        tile.output = output + (row * d.pointee.outputRowStride + firstColumn + column)
        multiplyTile(height, &tile)
        if !clamps { activateRows(tile.output, stride: tile.outputStride, rows: height, columns: tile.columns, d.pointee.epilogue) }
        row += height
      }
      column += 16
    }
  }
}

@inline(__always)
private func offset(ofBatch batch: Int, _ d: UnsafePointer<MatMulF32Descriptor>, _ strides: Six) -> Int {
  let extents = d.pointee.batchExtents
  let row = batch / extents.innermost
  return offset(ofRow: row, extents, strides) + (batch - row * extents.innermost) * strides.innermost
}

/// Panels of 16 columns, `[panel][depth][16]`, filled up with zeros.
private func packColumns(
  _ right: UnsafePointer<Float>, _ d: UnsafePointer<MatMulF32Descriptor>, _ width: Int, into packed: UnsafeMutablePointer<Float>
) {
  let (rowStride, columnStride, depth) = (d.pointee.rightRowStride, d.pointee.rightColumnStride, d.pointee.depth)
  var column = 0
  while column < width {
    let count = min(16, width - column)
    for k in 0..<depth {
      let from = right + (k * rowStride + column * columnStride)
      let to = packed + (column * depth + k * 16)
      if columnStride == 1 && count == 16 {
        store8(load8(from), to)
        store8(load8(from + 8), to + 8)
      } else {
        for i in 0..<count { to[i] = from[i * columnStride] }
        for i in count..<16 { to[i] = 0 }
      }
    }
    column += 16
  }
}
