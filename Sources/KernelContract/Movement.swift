/// `out[b][c][r] = in[b][r][c]`: NCHW → NHWC with rows = channels and columns = pixels, and back with the two exchanged.
/// Elements of 1, 2, 4 or 8 bytes. Buffers: output, input.
package struct TransposeDescriptor: StepDescriptor {
  package static let family = KernelFamily.transpose

  package var elementBytes: Int
  package var batch: Int
  package var rows: Int
  package var columns: Int
  package var inputRowStride: Int
  package var inputBatchStride: Int
  /// From one column of the input to the next, in the output.
  package var outputRowStride: Int
  package var outputBatchStride: Int

  /// Dense unless strides are given.
  package init(
    elementBytes: Int, batch: Int, rows: Int, columns: Int, inputRowStride: Int? = nil, inputBatchStride: Int? = nil,
    outputRowStride: Int? = nil,
    outputBatchStride: Int? = nil
  ) {
    self.elementBytes = elementBytes
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.inputRowStride = inputRowStride ?? columns
    self.inputBatchStride = inputBatchStride ?? rows * (inputRowStride ?? columns)
    self.outputRowStride = outputRowStride ?? rows
    self.outputBatchStride = outputBatchStride ?? columns * (outputRowStride ?? rows)
  }

  /// Columns of the input (rows of the output) of one task, a multiple of 16.
  package var columnsPerTask: Int { max(16, elementsPerTask / max(1, rows) / 16 * 16) }
  package var taskCount: Int { rows == 0 ? 0 : batch * blocks(columns, of: columnsPerTask) }
  package var scratchBytes: Int { 0 }
}

/// Copies between two strided tensors of up to six dimensions after joining: Transpose, Slice, Expand, Concat, Split, the inside of a Pad.
/// Elements of 1, 2, 4 or 8 bytes; input strides may be 0 or negative, outputs must not collide. Buffers: output, input.
package struct CopyDescriptor: StepDescriptor {
  package static let family = KernelFamily.copy

  package var elementBytes: Int
  package var extents: Six
  package var outputStrides: Six
  package var inputStrides: Six

  /// - Returns: nil where more than six dimensions remain.
  package init?(elementBytes: Int, extents: [Int], outputStrides: [Int], inputStrides: [Int]) {
    guard let joined = coalesce(extents, [outputStrides, inputStrides]) else { return nil }
    self.elementBytes = elementBytes
    self.extents = joined.extents
    self.outputStrides = joined.strides[0]
    self.inputStrides = joined.strides[1]
  }

  /// Three dimensions, which needs no memory; the two inner ones are joined where both tensors walk them as one.
  package init(elementBytes: Int, extents: (Int, Int, Int), outputStrides: (Int, Int, Int), inputStrides: (Int, Int, Int)) {
    let joins = outputStrides.1 == outputStrides.2 &* extents.2 && inputStrides.1 == inputStrides.2 &* extents.2
    self.elementBytes = elementBytes
    self.extents = Six(extents.0, joins ? 1 : extents.1, joins ? extents.1 &* extents.2 : extents.2, fill: 1)
    self.outputStrides = Six(outputStrides.0, joins ? 0 : outputStrides.1, outputStrides.2, fill: 0)
    self.inputStrides = Six(inputStrides.0, joins ? 0 : inputStrides.1, inputStrides.2, fill: 0)
  }

  package var rows: Rows { Rows(count: extents.product / max(1, extents[5]), width: extents[5]) }
  package var taskCount: Int { extents.product == 0 ? 0 : rows.taskCount }
  package var scratchBytes: Int { 0 }
}

/// Writes one value everywhere. Elements of 1, 2, 4 or 8 bytes. Buffers: output.
package struct FillDescriptor: StepDescriptor {
  package static let family = KernelFamily.fill

  package var elementBytes: Int
  package var rows: Rows
  package var outputStride: Int
  /// The element's bits, in the low bytes.
  package var bits: UInt64

  package init(elementBytes: Int, rows: Rows, outputStride: Int = 0, bits: UInt64) {
    self.elementBytes = elementBytes
    self.rows = rows
    self.outputStride = outputStride
    self.bits = bits
  }

  package var taskCount: Int { rows.taskCount }
  package var scratchBytes: Int { 0 }
}

/// ONNX Gather on dense tensors: `out[o][i][:] = in[o][indices[i]][:]`, negative indices from the end; an index outside gives zero bytes.
///
/// Buffers: output, input, indices (s64, or s32 with `narrowIndices`).
package struct GatherDescriptor: StepDescriptor {
  package static let family = KernelFamily.gather

  package var outer: Int
  package var extent: Int
  /// Bytes of one [:].
  package var innerBytes: Int
  package var indexCount: Int
  package var narrowIndices: Bool

  package init(outer: Int, extent: Int, innerBytes: Int, indexCount: Int, narrowIndices: Bool = false) {
    self.outer = outer
    self.extent = extent
    self.innerBytes = innerBytes
    self.indexCount = indexCount
    self.narrowIndices = narrowIndices
  }

  package var copiesPerTask: Int { max(1, elementsPerTask * 4 / max(1, innerBytes)) }
  package var taskCount: Int { innerBytes == 0 ? 0 : blocks(outer * indexCount, of: copiesPerTask) }
  package var scratchBytes: Int { 0 }
}

/// NHWC channel shuffle: channel g·size + c of a pixel becomes c·groups + g. Elements of 1 or 4 bytes. Buffers: output, input.
package struct ChannelShuffleDescriptor: StepDescriptor {
  package static let family = KernelFamily.channelShuffle

  package var elementBytes: Int
  package var pixels: Int
  package var groups: Int
  package var groupSize: Int
  package var outputStride: Int
  package var inputStride: Int

  package init(elementBytes: Int, pixels: Int, groups: Int, groupSize: Int, outputStride: Int? = nil, inputStride: Int? = nil) {
    self.elementBytes = elementBytes
    self.pixels = pixels
    self.groups = groups
    self.groupSize = groupSize
    self.outputStride = outputStride ?? groups * groupSize
    self.inputStride = inputStride ?? groups * groupSize
  }

  package var pixelsPerTask: Int { max(1, elementsPerTask / max(1, groups * groupSize)) }
  package var taskCount: Int { groups * groupSize == 0 ? 0 : blocks(pixels, of: pixelsPerTask) }
  package var scratchBytes: Int { 0 }
}
