import KernelContract

/// `sparse_vector_f32_1x8`: see `SparseVectorF32Descriptor`. A task is a block of rows for one vector.
func stepSparseVectorF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: SparseVectorF32Descriptor.self)
  let form = d.pointee.form
  let operands = d.pointee.operands
  let starts = operands.weights.assumingMemoryBound(to: UInt32.self)
  let indices = (operands.weights + form.indicesOffset).assumingMemoryBound(to: UInt16.self)
  let values = (operands.weights + form.valuesOffset).assumingMemoryBound(to: Float.self)
  let rowBlocks = blocks(form.rows, of: form.rowBlock)
  for task in begin..<end {
    let vector = task / rowBlocks
    let first = (task - vector * rowBlocks) * form.rowBlock
    let last = min(form.rows, first + form.rowBlock)
    let (from, to) = operands.vector(vector, buffers)
    var start = starts + first * form.parts
    for row in first..<last { to[row] = operands.bias[row] }
    for part in 0..<form.parts {
      for row in first..<last {
        let (begin, end) = (Int(start[0]), Int(start[1]))
        to[row] += multiplyGathered(values + begin, indices + begin, end - begin, from + part * 4096)
        start += 1
      }
    }
    activateRow(to + first, to + first, last - first, operands.epilogue)
  }
}

/// Σ values[i] · x[indices[i]]: element i in sum i mod 16, which are added up in pairs; then those behind the last sixteen, one by one.
@inline(__always)
private func multiplyGathered(
  _ values: UnsafePointer<Float>, _ indices: UnsafePointer<UInt16>, _ count: Int, _ x: UnsafePointer<Float>
) -> Float {
  var even = splat8(0)
  var odd = splat8(0)
  var i = 0
  while i + 16 <= count {
    even = even.addingProduct(load8(values + i), gather8(indices + i, x))
    odd = odd.addingProduct(load8(values + i + 8), gather8(indices + i + 8, x))
    i += 16
  }
  if i + 8 <= count {
    even = even.addingProduct(load8(values + i), gather8(indices + i, x))
    i += 8
  }
  var rest: Float = 0
  while i < count {
    rest = rest.addingProduct(values[i], x[Int(indices[i])])
    i += 1
  }
  let sums = even + odd
  let pairs = sums.lowHalf + sums.highHalf
  return ((pairs[0] + pairs[1]) + (pairs[2] + pairs[3])) + rest
}

/// Eight elements of `x`. Two words of indices, which are taken apart in registers: the loads are what is scarce.
@inline(__always)
private func gather8(_ indices: UnsafePointer<UInt16>, _ x: UnsafePointer<Float>) -> Float8 {
  let low = UnsafeRawPointer(indices).loadUnaligned(as: UInt64.self)
  let high = UnsafeRawPointer(indices + 4).loadUnaligned(as: UInt64.self)
  return Float8(
    x[word0(low)], x[word1(low)], x[word2(low)], x[word3(low)], x[word0(high)], x[word1(high)], x[word2(high)], x[word3(high)])
}
