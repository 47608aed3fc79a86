/// Elements of one task of the families that work through a plain sequence.
@inlinable @inline(__always)
package var elementsPerTask: Int { 16_384 }

/// Rows of elements, the rows `stride` apart in each tensor; a dense tensor is one row.
package struct Rows: BitwiseCopyable, Sendable {
  package var count: Int
  package var width: Int

  package init(count: Int = 1, width: Int) {
    self.count = count
    self.width = width
  }

  /// Rows of one task, where rows are short; a long row is cut instead, into `cuts` pieces.
  package var rowsPerTask: Int { max(1, elementsPerTask / max(1, width)) }
  package var cuts: Int { blocks(width, of: elementsPerTask) }
  package var taskCount: Int { width == 0 ? 0 : cuts > 1 ? count * cuts : blocks(count, of: rowsPerTask) }
}

/// `out = f(in)` in f32. Buffers: output, input (may be the same tensor).
package struct UnaryF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.unaryF32

  package var rows: Rows
  package var outputStride: Int
  package var inputStride: Int
  package var epilogue: Epilogue

  package init(rows: Rows, outputStride: Int = 0, inputStride: Int = 0, epilogue: Epilogue) {
    self.rows = rows
    self.outputStride = outputStride
    self.inputStride = inputStride
    self.epilogue = epilogue
  }

  package var taskCount: Int { rows.taskCount }
  package var scratchBytes: Int { 0 }
}

package enum BinaryOperation: UInt32, BitwiseCopyable, Sendable { case add, sub, mul, div }

/// `out = f(left ∘ right)` in f32 with broadcasting, up to six dimensions after joining; a stride of 0 repeats.
///
/// Buffers: output, left, right (the output may be either operand that has the output's strides).
package struct BinaryF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.binaryF32

  package var operation: BinaryOperation
  package var epilogue: Epilogue
  package var extents: Six
  package var outputStrides: Six
  package var leftStrides: Six
  package var rightStrides: Six

  /// Joins dimensions; the innermost output stride must be 1 after that.
  /// - Returns: nil where more than six dimensions remain.
  package init?(
    _ operation: BinaryOperation, extents: [Int], outputStrides: [Int], leftStrides: [Int], rightStrides: [Int], epilogue: Epilogue = .none
  ) {
    guard let joined = coalesce(extents, [outputStrides, leftStrides, rightStrides]) else { return nil }
    self.operation = operation
    self.epilogue = epilogue
    self.extents = joined.extents
    self.outputStrides = joined.strides[0]
    self.leftStrides = joined.strides[1]
    self.rightStrides = joined.strides[2]
  }

  /// A task is so many of the innermost rows.
  package var rows: Rows { Rows(count: extents.product / max(1, extents[5]), width: extents[5]) }
  package var taskCount: Int { extents.product == 0 ? 0 : rows.taskCount }
  package var scratchBytes: Int { 0 }
}

/// `out[r, c] = f(in[r, c] · scale[c] + shift[c])` in f32, fused multiply-add: a batch normalization that found nothing to fold into.
///
/// Buffers: output, input (may be the same tensor).
package struct ScaleShiftF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.scaleShiftF32

  package var rowCount: Int
  package var channels: Int
  package var outputStride: Int
  package var inputStride: Int
  /// `channels` values each.
  package var scale: UnsafePointer<Float>
  package var shift: UnsafePointer<Float>
  package var epilogue: Epilogue

  package init(
    rowCount: Int, channels: Int, outputStride: Int, inputStride: Int, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
    epilogue: Epilogue = .none
  ) {
    self.rowCount = rowCount
    self.channels = channels
    self.outputStride = outputStride
    self.inputStride = inputStride
    self.scale = scale
    self.shift = shift
    self.epilogue = epilogue
  }

  package var rowsPerTask: Int { max(1, elementsPerTask / max(1, channels)) }
  package var taskCount: Int { channels == 0 ? 0 : blocks(rowCount, of: rowsPerTask) }
  package var scratchBytes: Int { 0 }
}
