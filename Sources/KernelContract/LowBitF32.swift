/// Products of one vector, or a few, with a matrix of codes of 2 to 8 bits whose scales belong to runs of inputs: `out[v][n] = f(bias[n] + Σₖ
/// scale[n, k] · (code[n, k] − zero[n, k]) · in[v][k])`, the codes decoded in registers.
///
/// The vector is written as integers of 16 bits with a scale for each segment of at most 128 inputs, `max |in| / 32767`, so that sums over a segment
/// are exact; they are added up in f32 in the order of the segments, alike in all kernels. An element of the vector is off by at most
/// 2⁻¹⁶ of the largest of its segment, the result by `2⁻¹⁶ · Σ |weight| · max |in|` besides the rounding of as many additions as there are segments. A
/// segment with an infinity or NaN makes NaN; one whose elements are all below 10⁻³⁰ counts as zeros.
///
/// Buffers: output, input.
package struct LowBitF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.lowBitF32

  package var form: LowBitForm
  /// Dense vectors, `inputStride` and `outputStride` elements apart.
  package var vectors: Int
  package var inputStride: Int
  package var outputStride: Int
  /// Written by `LowBitPacking.pack`.
  package var weights: UnsafeRawPointer
  /// `LowBitForm.columnCount` values.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue
  /// Panels of a task.
  package var panelBlock: Int

  package init(
    form: LowBitForm, vectors: Int = 1, inputStride: Int, outputStride: Int, weights: UnsafeRawPointer, bias: UnsafePointer<Float>,
    epilogue: Epilogue = .none, threads: Int = 1
  ) {
    self.form = form
    self.vectors = vectors
    self.inputStride = inputStride
    self.outputStride = outputStride
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
    // Whole calls of the widest kernel, four panels.
    panelBlock = max(4, roundUp(blocks(form.panels, of: 8 &* max(1, threads)), to: 4))
  }

  package var taskCount: Int { vectors == 0 ? 0 : blocks(form.panels, of: panelBlock) }
  package var scratchBytes: Int { 256 &+ min(vectors, LowBitForm.together) &* form.vectorBytes }
}

/// How a matrix of codes is packed; see `LowBitPacking`.
package struct LowBitForm: BitwiseCopyable, Sendable {
  package var columns: Int
  /// Inputs, those that fill up segments counted in: a multiple of 8.
  package var packedDepth: Int
  package var segments: Int
  /// Whether a code has a byte, instead of half of one.
  package var isWide: Bool
  /// Whether zero points differ; otherwise all are `zeroPoint`.
  package var hasZeroPoints: Bool
  package var zeroPoint: Int32
  /// Bytes from the packed matrix's beginning; the segments are there.
  package var scalesOffset: Int
  package var zerosOffset: Int
  package var codesOffset: Int

  /// Columns of a panel.
  package static var panel: Int { 16 }
  /// Vectors that meet a panel while it is in the cache.
  package static var together: Int { 8 }
  /// Inputs of a segment: 128 · 255 · 32767 stays below 2³¹.
  package static var segment: Int { 128 }

  package var panels: Int { blocks(columns, of: Self.panel) }
  package var columnCount: Int { panels &* Self.panel }
  /// Bytes of a panel's codes.
  package var panelBytes: Int { packedDepth &* (isWide ? 16 : 8) }
  /// A vector as integers, then scales and sums of its segments.
  package var vectorBytes: Int { roundUp(2 &* packedDepth, to: 64) &+ roundUp(8 &* segments, to: 64) }
}

/// Inputs that share a scale.
package struct LowBitSegment: BitwiseCopyable, Sendable {
  package var first: UInt32
  package var count: UInt32
}
