/// Sum of two quantized tensors of one shape, in u8:
/// `clamp(round(fma(Float(b − zeroB), scaleB, Float(a − zeroA) · scaleA)) + zeroPoint, low, high)`, halves to even, scales relative to the
/// output's. Buffers: output, a, b (the output may be either).
package struct AddU8Descriptor: StepDescriptor {
  package static let family = KernelFamily.addU8

  package var rows: Rows
  package var outputStride: Int
  package var aStride: Int
  /// 0 repeats one row of b.
  package var bStride: Int
  package var aZeroPoint: Int32
  package var bZeroPoint: Int32
  /// Scale of a / scale of the output.
  package var aScale: Float
  /// Scale of b / scale of the output.
  package var bScale: Float
  package var zeroPoint: Int32
  package var low: Int32
  package var high: Int32

  package init(
    rows: Rows, outputStride: Int = 0, aStride: Int = 0, bStride: Int = 0, aZeroPoint: Int32, bZeroPoint: Int32, aScale: Float,
    bScale: Float,
    zeroPoint: Int32, low: Int32 = 0, high: Int32 = 255
  ) {
    self.rows = rows
    self.outputStride = outputStride
    self.aStride = aStride
    self.bStride = bStride
    self.aZeroPoint = aZeroPoint
    self.bZeroPoint = bZeroPoint
    self.aScale = aScale
    self.bScale = bScale
    self.zeroPoint = zeroPoint
    self.low = low
    self.high = high
  }

  package var taskCount: Int { rows.taskCount }
  package var scratchBytes: Int { 0 }
}

/// `out = table[in]` on u8 codes: any function of one quantized value. Buffers: output, input (may be the same tensor).
package struct LookupU8Descriptor: StepDescriptor {
  package static let family = KernelFamily.lookupU8

  package var rows: Rows
  package var outputStride: Int
  package var inputStride: Int
  /// 256 codes.
  package var table: UnsafePointer<UInt8>

  package init(rows: Rows, outputStride: Int = 0, inputStride: Int = 0, table: UnsafePointer<UInt8>) {
    self.rows = rows
    self.outputStride = outputStride
    self.inputStride = inputStride
    self.table = table
  }

  package var taskCount: Int { rows.taskCount }
  package var scratchBytes: Int { 0 }
}

/// f32 → 8-bit codes: `clamp(round(x / scale), low − zeroPoint, high − zeroPoint) + zeroPoint`, true division, halves to even; NaN gives
/// `low`.
/// Codes are u8; for s8 set `isSigned`, with `low` and `high` −128 … 127. Buffers: output, input.
package struct QuantizeDescriptor: StepDescriptor {
  package static let family = KernelFamily.quantize

  package var rows: Rows
  package var outputStride: Int
  package var inputStride: Int
  package var scale: Float
  package var zeroPoint: Int32
  package var low: Int32
  package var high: Int32
  package var isSigned: Bool

  package init(
    rows: Rows, outputStride: Int = 0, inputStride: Int = 0, scale: Float, zeroPoint: Int32, isSigned: Bool = false, low: Int32? = nil,
    high: Int32? = nil
  ) {
    self.rows = rows
    self.outputStride = outputStride
    self.inputStride = inputStride
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.low = low ?? (isSigned ? -128 : 0)
    self.high = high ?? (isSigned ? 127 : 255)
    self.isSigned = isSigned
  }

  package var taskCount: Int { rows.taskCount }
  package var scratchBytes: Int { 0 }
}

/// 8-bit codes → f32: `Float(q − zeroPoint) · scale`. Buffers: output, input.
package struct DequantizeDescriptor: StepDescriptor {
  package static let family = KernelFamily.dequantize

  package var rows: Rows
  package var outputStride: Int
  package var inputStride: Int
  package var scale: Float
  package var zeroPoint: Int32
  package var isSigned: Bool

  package init(rows: Rows, outputStride: Int = 0, inputStride: Int = 0, scale: Float, zeroPoint: Int32, isSigned: Bool = false) {
    self.rows = rows
    self.outputStride = outputStride
    self.inputStride = inputStride
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.isSigned = isSigned
  }

  package var taskCount: Int { rows.taskCount }
  package var scratchBytes: Int { 0 }
}
