/// A positive factor as integers: `multiplier · 2^(shift − 31)` with 2³⁰ ≤ multiplier < 2³¹ (Jacob et al. 2018, section 2.2).
package struct FixedPointScale: BitwiseCopyable, Sendable, Equatable {
  package var multiplier: Int32
  /// Positive: to the left.
  package var shift: Int32

  package init(multiplier: Int32, shift: Int32) {
    self.multiplier = multiplier
    self.shift = shift
  }

  /// The nearest to a factor ≥ 0. Factors below 2⁻³² become 0; those of 2³⁰ and more (and NaN) the largest there is, just below 2³⁰.
  package init(_ factor: Double) {
    guard !(factor < 0x1p-32) else {
      (multiplier, shift) = (0, 0)
      return
    }
    guard factor < 0x1p30 else {
      (multiplier, shift) = (.max, 30)
      return
    }
    var exponent = Int(factor.exponent) + 1
    var scaled = (factor.significand * 0x1p30).rounded(.toNearestOrAwayFromZero)
    if scaled == 0x1p31 {
      scaled = 0x1p30
      exponent += 1
    }
    multiplier = Int32(scaled)
    shift = Int32(exponent)
  }
}

/// Exact sums of quantized products to codes in integers alone, as TensorFlow Lite does it: for channel c of each row
/// `clamp(rescale(acc, scales[c]) + zeroPoint, low, high)`, where `rescale` shifts to the left, saturating to 32 bits, takes the upper half of twice
/// the product with the multiplier, halves upwards, and shifts to the right, halves away from zero.
///
/// Buffers: output (u8), input (s32).
package struct RequantizeFixedDescriptor: StepDescriptor {
  package static let family = KernelFamily.requantizeFixed

  package var rows: Rows
  package var outputStride: Int
  package var inputStride: Int
  /// One for each element of a row.
  package var scales: UnsafePointer<FixedPointScale>
  package var zeroPoint: Int32
  package var low: Int32
  package var high: Int32

  package init(
    rows: Rows, outputStride: Int, inputStride: Int, scales: UnsafePointer<FixedPointScale>, zeroPoint: Int32, low: Int32 = 0,
    high: Int32 = 255
  ) {
    self.rows = rows
    self.outputStride = outputStride
    self.inputStride = inputStride
    self.scales = scales
    self.zeroPoint = zeroPoint
    self.low = low
    self.high = high
  }

  package var taskCount: Int { rows.taskCount }
  package var scratchBytes: Int { 0 }
}

/// Sum of two quantized tensors of one shape in integers alone (TensorFlow Lite's ADD): each operand less its zero point, times 2²⁰, is rescaled to
/// twice the larger of both scales; the sum of those to the output's. Buffers: output, a, b (u8; the output may be either).
package struct AddFixedU8Descriptor: StepDescriptor {
  package static let family = KernelFamily.addFixedU8

  package var rows: Rows
  package var outputStride: Int
  package var aStride: Int
  package var bStride: Int
  package var aZeroPoint: Int32
  package var bZeroPoint: Int32
  package var aScale: FixedPointScale
  package var bScale: FixedPointScale
  package var outputScale: FixedPointScale
  package var zeroPoint: Int32
  package var low: Int32
  package var high: Int32

  /// Bits that the operands gain before they are rescaled.
  package static let leftShift: Int32 = 20

  /// From the scales of the operands and of the output.
  package init(
    rows: Rows, outputStride: Int, aStride: Int, bStride: Int, a: (scale: Float, zeroPoint: Int32), b: (scale: Float, zeroPoint: Int32),
    output: (scale: Float, zeroPoint: Int32), low: Int32 = 0, high: Int32 = 255
  ) {
    let twice = 2 * Double(max(a.scale, b.scale))
    self.rows = rows
    self.outputStride = outputStride
    self.aStride = aStride
    self.bStride = bStride
    aZeroPoint = a.zeroPoint
    bZeroPoint = b.zeroPoint
    aScale = FixedPointScale(Double(a.scale) / twice)
    bScale = FixedPointScale(Double(b.scale) / twice)
    outputScale = FixedPointScale(twice / (0x1p20 * Double(output.scale)))
    zeroPoint = output.zeroPoint
    self.low = low
    self.high = high
  }

  package var taskCount: Int { rows.taskCount }
  package var scratchBytes: Int { 0 }
}
