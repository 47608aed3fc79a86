import KernelContract

/// `softmax_f32_1x8`: see `SoftmaxF32Descriptor`. The greatest element is taken off first, so that no exponential overflows.
func stepSoftmaxF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: SoftmaxF32Descriptor.self)
  let (extent, inner) = (d.pointee.extent, d.pointee.inner)
  let perTask = max(1, elementsPerTask / 4 / max(1, extent * inner))
  let row = scratch.assumingMemoryBound(to: Float.self)
  for index in begin * perTask..<min(end * perTask, d.pointee.outer) {
    let to = buffers[0].assumingMemoryBound(to: Float.self) + index * extent * inner
    let from = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self)) + index * extent * inner
    if inner == 1 {
      softmaxRow(from, to, extent)
      continue
    }
    for column in 0..<inner {
      for i in 0..<extent { row[i] = from[i * inner + column] }
      softmaxRow(row, row, extent)
      for i in 0..<extent { to[i * inner + column] = row[i] }
    }
  }
}

private func softmaxRow(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
  var greatest = -Float.infinity
  for i in 0..<count where from[i] > greatest { greatest = from[i] }
  let shift = splat8(greatest)
  var sums = splat8(0)
  var i = 0
  while i + 8 <= count {
    let value = exponential(load8(from + i) - shift)
    sums += value
    store8(value, to + i)
    i += 8
  }
  if i < count {
    let value = exponential(load8(from + i, count: count - i) - shift)
    store8(value, to + i, count: count - i)
    // Through memory, where the lanes behind the row are 0.
    sums += load8(UnsafePointer(to + i), count: count - i)
  }
  let pairs = sums.lowHalf + sums.highHalf
  let scale = splat8(1 / ((pairs[0] + pairs[1]) + (pairs[2] + pairs[3])))
  i = 0
  while i + 8 <= count {
    store8(load8(UnsafePointer(to + i)) * scale, to + i)
    i += 8
  }
  if i < count { store8(load8(UnsafePointer(to + i), count: count - i) * scale, to + i, count: count - i) }
}
