import KernelContract

/// `reduce_mean_f32_1x8`: see `ReduceMeanF32Descriptor`. Eight outputs at a time where they are neighbours in the input, else eight
/// elements
/// of one output at a time where those are.
func stepReduceMeanF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: ReduceMeanF32Descriptor.self)
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let kept = d.pointee.keptExtents
  let reduced = d.pointee.reducedExtents
  let (lines, width) = (rows(of: reduced).count, reduced.innermost)
  let step = d.pointee.reducedStrides.innermost
  let scale = Float(reduced.size)
  let perTask = d.pointee.outputsPerTask
  let isAcross = d.pointee.keptStrides.innermost == 1 && step != 1

  var index = begin * perTask
  let last = min(end * perTask, kept.size)
  while index < last {
    let outer = index / kept.innermost
    let inner = index - outer * kept.innermost
    let first = input + (offset(ofRow: outer, kept, d.pointee.keptStrides) + inner * d.pointee.keptStrides.innermost)
    let count = isAcross ? min(8, kept.innermost - inner, last - index) : 1
    var total = splat8(0)
    for row in 0..<lines {
      let from = first + offset(ofRow: row, reduced, d.pointee.reducedStrides)
      var sum = splat8(0)
      if isAcross {
        for i in 0..<width { sum += read(from + i * step, count) }
      } else if step == 1 {
        var i = 0
        while i < width {
          sum += read(from + i, min(8, width - i))
          i += 8
        }
      } else {
        var lane: Float = 0
        for i in 0..<width { lane += from[i * step] }
        sum[0] = lane
      }
      total += sum
    }
    if isAcross {
      let mean = total / splat8(scale)
      if count == 8 { store8(mean, output + index) } else { store8(mean, output + index, count: count) }
    } else {
      let pairs = total.lowHalf + total.highHalf
      output[index] = ((pairs[0] + pairs[1]) + (pairs[2] + pairs[3])) / scale
    }
    index += count
  }
}

@inline(__always)
private func read(_ from: UnsafePointer<Float>, _ count: Int) -> Float8 { count == 8 ? load8(from) : load8(from, count: count) }
