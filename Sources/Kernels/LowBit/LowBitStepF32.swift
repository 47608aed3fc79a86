import KernelContract

/// `low_bit_f32_…`: see `LowBitF32Descriptor`. Vectors become integers at the beginning of a call, a few at a time, and meet a panel one after
/// another.
func stepLowBitF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: LowBitF32Descriptor.self)
  let form = d.pointee.form
  let input = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let weights = d.pointee.weights
  let sums = scratch.assumingMemoryBound(to: Float.self)
  let panels = blocks(form.columns, of: 16)
  let (panelBlock, together) = (d.pointee.panelBlock, 8)
  var tile = LowBitTile(
    codes: weights, panelBytes: form.panelBytes, scales: sums, zeros: nil, zeroPoint: form.zeroPoint, segments: form.segments,
    lengths: weights.assumingMemoryBound(to: LowBitSegment.self), vector: scratch, vectorScales: sums, vectorSums: scratch, sums: sums)
  var vector = 0
  while vector < d.pointee.vectors {
    let count = min(together, d.pointee.vectors - vector)
    for which in 0..<count {
      writeIntegers(
        form, weights.assumingMemoryBound(to: LowBitSegment.self), input + (vector + which) * d.pointee.inputStride,
        scratch + (256 + which * form.vectorBytes))
    }
    for task in begin..<end {
      let last = min(panels, (task + 1) * panelBlock)
      var panel = task * panelBlock
      while panel < last {
        let wide = last - panel >= lowBitPanels ? lowBitPanels : 1
        let columns = min(16 * wide, form.columns - 16 * panel)
        tile.codes = weights + (form.codesOffset + panel * form.panelBytes)
        let first = 16 * panel * form.segments
        tile.scales = (weights + form.scalesOffset).assumingMemoryBound(to: Float.self) + first
        tile.zeros = form.hasZeroPoints ? (weights + form.zerosOffset).assumingMemoryBound(to: Int32.self) + first : nil
        for which in 0..<count {
          let integers = scratch + (256 + which * form.vectorBytes)
          tile.vector = UnsafeRawPointer(integers)
          tile.vectorScales = UnsafePointer((integers + roundUp(2 * form.packedDepth, to: 64)).assumingMemoryBound(to: Float.self))
          tile.vectorSums = UnsafeRawPointer(tile.vectorScales + form.segments)
          for lane in 0..<16 * wide { sums[lane] = d.pointee.bias[16 * panel + lane] }
          multiplyLowBit(wide, isWide: form.isWide, &tile)
          activateRow(sums, output + ((vector + which) * d.pointee.outputStride + 16 * panel), columns, d.pointee.epilogue)
        }
        panel += wide
      }
    }
    vector += count
  }
}

/// What one call reads and writes: panels, and a vector as integers.
struct LowBitTile {
  var codes: UnsafeRawPointer
  var panelBytes: Int
  var scales: UnsafePointer<Float>
  var zeros: UnsafePointer<Int32>?
  var zeroPoint: Int32
  var segments: Int
  var lengths: UnsafePointer<LowBitSegment>
  /// Integers of 16 bits.
  var vector: UnsafeRawPointer
  var vectorScales: UnsafePointer<Float>
  /// Sums of the vector's integers, s32.
  var vectorSums: UnsafeRawPointer
  /// `[panel][16]`, to be added to.
  var sums: UnsafeMutablePointer<Float>
}

/// Writes a vector as integers of 16 bits, then the scales and the sums of its segments.
private func writeIntegers(
  _ form: LowBitForm, _ segments: UnsafePointer<LowBitSegment>, _ input: UnsafePointer<Float>, _ target: UnsafeMutableRawPointer
) {
  let scales = (target + roundUp(2 * form.packedDepth, to: 64)).assumingMemoryBound(to: Float.self)
  let sums = UnsafeMutableRawPointer(scales + form.segments).assumingMemoryBound(to: Int32.self)
  var to = target.assumingMemoryBound(to: Int16.self)
  for index in 0..<form.segments {
    let from = input + Int(segments[index].first)
    let count = Int(segments[index].count)
    let whole = count & ~7
    var (largest, smallest, finite) = (splat8(0), splat8(0), splat8(0))
    var i = 0
    while i < whole {
      let x = load8(from + i)
      (largest, smallest, finite) = (atLeast(largest, x), atMost(smallest, x), finite.addingProduct(x, splat8(0)))
      i += 8
    }
    if i < count {
      let x = load8(from + i, count: count - i)
      (largest, smallest, finite) = (atLeast(largest, x), atMost(smallest, x), finite.addingProduct(x, splat8(0)))
    }
    var (magnitude, check): (Float, Float) = (0, 0)
    for lane in 0..<8 {
      magnitude = max(magnitude, max(largest[lane], -smallest[lane]))
      check += finite[lane]
    }
    if check != 0 {
      // NaN: zero times an infinity or NaN.
      scales[index] = .nan
    } else {
      scales[index] = magnitude < 1e-30 ? 0 : magnitude / 32767
    }
    let factor = splat8(check == 0 && magnitude >= 1e-30 ? 32767 / magnitude : 0)
    var sum = Int8x32(repeating: 0)
    i = 0
    while i < count {
      let x = i < whole ? load8(from + i) : load8(from + i, count: count - i)
      let integers = check == 0 ? roundedToInt(x * factor) : Int8x32(repeating: 0)
      sum &+= integers
      UnsafeMutableRawPointer(to + i).storeBytes(of: SIMD8<Int16>(truncatingIfNeeded: integers), as: SIMD8<Int16>.self)
      i += 8
    }
    var total: Int32 = 0
    for lane in 0..<8 { total &+= sum[lane] }
    sums[index] = total
    to += i
  }
}
