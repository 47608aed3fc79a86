import KernelContract

/// `lrn_f32_1x8`: see `LRNF32Descriptor`. The power is e^(−beta · ln s), whose relative error is about beta · ln s · 2⁻²³.
func stepLRNF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: LRNF32Descriptor.self)
  let channels = d.pointee.channels
  let size = d.pointee.size
  let before = (size - 1) / 2
  let perTask = max(1, elementsPerTask / 4 / max(1, channels))
  let squares = scratch.assumingMemoryBound(to: Float.self)
  for i in 0..<before { squares[i] = 0 }
  for i in before + channels..<channels + size + 16 { squares[i] = 0 }
  let factor = splat8(d.pointee.alpha / Float(size))
  let bias = splat8(d.pointee.bias)
  let power = splat8(-d.pointee.beta)
  for pixel in begin * perTask..<min(end * perTask, d.pointee.pixels) {
    let to = buffers[0].assumingMemoryBound(to: Float.self) + pixel * d.pointee.outputStride
    let from = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self)) + pixel * d.pointee.inputStride
    for i in 0..<channels { squares[before + i] = from[i] * from[i] }
    var i = 0
    while i < channels {
      let count = min(8, channels - i)
      var sum = splat8(0)
      for tap in 0..<size { sum += load8(UnsafePointer(squares + i + tap)) }
      let scale = exponential(power * logarithm(bias.addingProduct(factor, sum)))
      if count == 8 { store8(load8(from + i) * scale, to + i) } else { store8(load8(from + i, count: count) * scale, to + i, count: count) }
      i += 8
    }
  }
}
