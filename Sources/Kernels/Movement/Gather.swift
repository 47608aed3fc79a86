import KernelContract

/// `gather_1`: see `GatherDescriptor`. Indices are data: one outside the axis must not read outside the tensor.
func stepGather(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: GatherDescriptor.self)
  let bytes = d.pointee.innerBytes
  let perTask = max(1, elementsPerTask * 4 / max(1, bytes))
  let indexCount = d.pointee.indexCount
  for copy in begin * perTask..<min(end * perTask, d.pointee.outer * indexCount) {
    let outer = copy / indexCount
    let position = copy - outer * indexCount
    var index =
      d.pointee.narrowIndices
      ? Int(buffers[2].assumingMemoryBound(to: Int32.self)[position]) : Int(buffers[2].assumingMemoryBound(to: Int64.self)[position])
    if index < 0 { index &+= d.pointee.extent }
    let to = (buffers[0] + copy * bytes).assumingMemoryBound(to: UInt8.self)
    if index < 0 || index >= d.pointee.extent {
      for i in 0..<bytes { to[i] = 0 }
    } else {
      let from = (buffers[1] + (outer * d.pointee.extent + index) * bytes).assumingMemoryBound(to: UInt8.self)
      copyElements(from, to, bytes)
    }
  }
}

/// `channel_shuffle_1`: see `ChannelShuffleDescriptor`.
func stepChannelShuffle(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: ChannelShuffleDescriptor.self)
  let perTask = max(1, elementsPerTask / max(1, d.pointee.groups * d.pointee.groupSize))
  let last = min(end * perTask, d.pointee.pixels)
  if d.pointee.elementBytes == 1 {
    shuffle(d, buffers[1].assumingMemoryBound(to: UInt8.self), buffers[0].assumingMemoryBound(to: UInt8.self), begin * perTask, last)
  } else {
    shuffle(d, buffers[1].assumingMemoryBound(to: UInt32.self), buffers[0].assumingMemoryBound(to: UInt32.self), begin * perTask, last)
  }
}

@inline(__always)
private func shuffle<T>(
  _ d: UnsafePointer<ChannelShuffleDescriptor>, _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ first: Int, _ last: Int
) {
  let (groups, size) = (d.pointee.groups, d.pointee.groupSize)
  for pixel in first..<max(first, last) {
    let from = input + pixel * d.pointee.inputStride
    let to = output + pixel * d.pointee.outputStride
    if groups == 2 {
      for c in 0..<size {
        to[2 * c] = from[c]
        to[2 * c + 1] = from[size + c]
      }
    } else {
      for g in 0..<groups {
        for c in 0..<size { to[c * groups + g] = from[g * size + c] }
      }
    }
  }
}
