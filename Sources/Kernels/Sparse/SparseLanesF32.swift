import KernelContract

/// `sparse_lanes_f32_32x8`: see `SparseLanesF32Descriptor`. A task is 32 rows for one vector.
func stepSparseLanesF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: SparseLanesF32Descriptor.self)
  let form = d.pointee.form
  let operands = d.pointee.operands
  let starts = operands.weights.assumingMemoryBound(to: UInt32.self)
  let order = (operands.weights + form.orderOffset).assumingMemoryBound(to: UInt32.self)
  let chunks = operands.weights + form.chunksOffset
  let sums = scratch.assumingMemoryBound(to: Float.self)
  let short = sums + 32
  let quads = blocks(form.rows, of: 32)
  for task in begin..<end {
    let vector = task / quads
    let quad = task - vector * quads
    let (whole, to) = operands.vector(vector, buffers)
    if form.depth < 8 {
      for k in 0..<8 { short[k] = k < form.depth ? whole[k] : 0 }
    }
    let from = form.depth < 8 ? UnsafePointer(short) : whole
    let rows = min(32, form.rows - 32 * quad)
    let rowOrder = order + 32 * quad
    for lane in 0..<32 { sums[lane] = lane < rows ? operands.bias[Int(rowOrder[lane])] : 0 }
    multiplyLanes(starts + 4 * quad, chunks, from, sums)
    // An empty lane multiplies by zero what it happens to see; where that may have been infinite or NaN, lanes go one by one.
    if mayBeNaN(sums) {
      for lane in 0..<32 { sums[lane] = lane < rows ? operands.bias[Int(rowOrder[lane])] : 0 }
      multiplyStoredLanes(starts + 4 * quad, chunks, from, sums)
    }
    activateRow(sums, sums, 32, operands.epilogue)
    for lane in 0..<rows { to[Int(rowOrder[lane])] = sums[lane] }
  }
}

/// Eight rows, their next chunk, and where in the vector they are.
private struct Band {
  var chunk: UnsafeRawPointer
  var x: UnsafePointer<Float>
  var sum: Float8

  @inline(__always)
  init(_ chunk: UnsafeRawPointer, _ x: UnsafePointer<Float>, _ sums: UnsafePointer<Float>) {
    self.chunk = chunk
    self.x = x
    sum = load8(sums)
  }

  @inline(__always)
  mutating func add(_ picks: Picks8, _ slot: Int32) {
    x += Int(chunk.load(fromByteOffset: 4 * Int(slot) + 3, as: UInt8.self))
    sum = sum.addingProduct((chunk + (16 + 32 * Int(slot))).loadUnaligned(as: Float8.self), picks.pick(slot, x))
  }

  /// Adds what no other band has chunks for.
  @inline(__always)
  mutating func finish(_ end: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>) {
    while chunk < end {
      let picks = Picks8(chunk)
      for slot in Int32(0)..<4 { add(picks, slot) }
      chunk += 144
    }
    store8(sum, sums)
  }
}

/// Adds the products of four bands, a slot of each in turns: four streams of weights and four chains of sums at a time.
@inline(never)
private func multiplyLanes(
  _ starts: UnsafePointer<UInt32>, _ chunks: UnsafeRawPointer, _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
) {
  let (start0, start1, start2, start3, start4) = (Int(starts[0]), Int(starts[1]), Int(starts[2]), Int(starts[3]), Int(starts[4]))
  var a = Band(chunks + 144 * start0, x, sums)
  var b = Band(chunks + 144 * start1, x, sums + 8)
  var c = Band(chunks + 144 * start2, x, sums + 16)
  var d = Band(chunks + 144 * start3, x, sums + 24)
  let shared = min(min(start1 - start0, start2 - start1), min(start3 - start2, start4 - start3))
  let end = a.chunk + 144 * shared
  while a.chunk < end {
    let picks = (Picks8(a.chunk), Picks8(b.chunk), Picks8(c.chunk), Picks8(d.chunk))
    for slot in Int32(0)..<4 {
      a.add(picks.0, slot)
      b.add(picks.1, slot)
      c.add(picks.2, slot)
      d.add(picks.3, slot)
    }
    a.chunk += 144
    b.chunk += 144
    c.chunk += 144
    d.chunk += 144
  }
  a.finish(chunks + 144 * start1, sums)
  b.finish(chunks + 144 * start2, sums + 8)
  c.finish(chunks + 144 * start3, sums + 16)
  d.finish(chunks + 144 * start4, sums + 24)
}

/// The same without what empty lanes see.
@inline(never)
private func multiplyStoredLanes(
  _ starts: UnsafePointer<UInt32>, _ chunks: UnsafeRawPointer, _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
) {
  for band in 0..<4 {
    var from = x
    for index in Int(starts[band])..<Int(starts[band + 1]) {
      let chunk = chunks + 144 * index
      for slot in 0..<4 {
        let word = chunk.load(fromByteOffset: 4 * slot, as: UInt32.self)
        from += Int(word >> 24)
        let values = (chunk + (16 + 32 * slot)).assumingMemoryBound(to: Float.self)
        for lane in 0..<8 where values[lane] != 0 {
          sums[8 * band + lane] = sums[8 * band + lane].addingProduct(values[lane], from[Int(word >> UInt32(3 * lane)) & 7])
        }
      }
    }
  }
}

/// Whether one of the 32 sums is NaN, or several are infinite.
@inline(__always)
private func mayBeNaN(_ sums: UnsafePointer<Float>) -> Bool {
  let eight = (load8(sums) + load8(sums + 8)) + (load8(sums + 16) + load8(sums + 24))
  let four = eight.lowHalf + eight.highHalf
  let sum = (four[0] + four[1]) + (four[2] + four[3])
  return sum != sum
}
