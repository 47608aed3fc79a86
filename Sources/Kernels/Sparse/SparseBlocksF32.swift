import KernelContract

/// `sparse_blocks_f32_16x1`, with AVX-512 `sparse_blocks_f32_64x32`: see `SparseBlocksF32Descriptor`. A task is 64 rows for one vector.
func stepSparseBlocksF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: SparseBlocksF32Descriptor.self)
  let form = d.pointee.form
  let operands = d.pointee.operands
  let starts = operands.weights.assumingMemoryBound(to: UInt32.self)
  let places = (operands.weights + form.placesOffset).assumingMemoryBound(to: UInt8.self)
  let values = (operands.weights + form.valuesOffset).assumingMemoryBound(to: Float.self)
  let (bandRows, blockCount) = (64, blocks(form.depth, of: form.columns))
  let bands = blocks(form.rows, of: bandRows)
  let sums = scratch.assumingMemoryBound(to: Float.self)
  // The last columns where the vector ends before the block does.
  let rest = sums + bandRows
  let whole = form.depth / form.columns
  for task in begin..<end {
    let vector = task / bands
    let band = task - vector * bands
    let (from, to) = operands.vector(vector, buffers)
    let first = band * bandRows
    let rows = min(bandRows, form.rows - first)
    for row in 0..<bandRows { sums[row] = row < rows ? operands.bias[first + row] : 0 }
    let step = Int(starts[band])
    var tile = SparseBlockTile(
      head: operands.weights + (form.headsOffset + 68 * band * blockCount), places: places + 16 * step, values: values + 16 * step)
    tile.multiply(form.columns, from, whole, sums)
    if whole < blockCount {
      let left = form.depth - whole * form.columns
      for i in 0..<form.columns { rest[i] = i < left ? from[whole * form.columns + i] : 0 }
      tile.multiply(form.columns, rest, 1, sums)
    }
    activateRow(sums, sums, bandRows, operands.epilogue)
    for row in 0..<rows { to[first + row] = sums[row] }
  }
}
