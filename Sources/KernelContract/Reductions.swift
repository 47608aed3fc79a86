/// Softmax over one axis of a dense f32 tensor seen as [outer][extent][inner]. Buffers: output, input (may be the same tensor).
package struct SoftmaxF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.softmaxF32

  package var outer: Int
  package var extent: Int
  package var inner: Int

  package init(outer: Int, extent: Int, inner: Int = 1) {
    self.outer = outer
    self.extent = extent
    self.inner = inner
  }

  /// Outer indices of one task.
  package var outerPerTask: Int { max(1, elementsPerTask / 4 / max(1, extent * inner)) }
  package var taskCount: Int { extent * inner == 0 ? 0 : blocks(outer, of: outerPerTask) }
  /// A row copied out of its stride.
  package var scratchBytes: Int { inner == 1 ? 0 : 4 * extent + 64 }
}

/// Mean over any axes of an f32 tensor; over nothing it is NaN. The output is dense over the kept axes in their order.
///
/// Buffers: output, input.
package struct ReduceMeanF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.reduceMeanF32

  package var keptExtents: Six
  package var keptStrides: Six
  package var reducedExtents: Six
  package var reducedStrides: Six
  /// Outputs of one task.
  package var outputsPerTask: Int

  /// - Parameter strides: of the input, in elements, one per extent.
  /// - Returns: nil where more than six kept or six reduced dimensions remain after joining.
  package init?(extents: [Int], strides: [Int], isReduced: [Bool]) {
    func part(_ wanted: Bool) -> (Six, Six)? {
      let axes = extents.indices.filter { isReduced[$0] == wanted }
      return coalesce(axes.map { extents[$0] }, [axes.map { strides[$0] }]).map { ($0.extents, $0.strides[0]) }
    }
    guard let kept = part(false), let reduced = part(true) else { return nil }
    (keptExtents, keptStrides) = kept
    (reducedExtents, reducedStrides) = reduced
    outputsPerTask = max(16, elementsPerTask / max(1, reduced.0.product) / 16 * 16)
  }

  package var taskCount: Int { blocks(keptExtents.product, of: outputsPerTask) }
  package var scratchBytes: Int { 0 }
}

/// Local response normalization over the channels of NHWC f32 (Krizhevsky et al. 2012), as ONNX has it:
/// `out[c] = in[c] / (bias + alpha/size · Σ in[i]²)^beta`, i from c − ⌊(size−1)/2⌋ to c + ⌈(size−1)/2⌉ inside the channels.
///
/// Buffers: output, input.
package struct LRNF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.lrnF32

  package var pixels: Int
  package var channels: Int
  package var outputStride: Int
  package var inputStride: Int
  package var size: Int
  package var alpha: Float
  package var beta: Float
  package var bias: Float

  package init(pixels: Int, channels: Int, outputStride: Int, inputStride: Int, size: Int, alpha: Float, beta: Float, bias: Float) {
    self.pixels = pixels
    self.channels = channels
    self.outputStride = outputStride
    self.inputStride = inputStride
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  package var pixelsPerTask: Int { max(1, elementsPerTask / 4 / max(1, channels)) }
  package var taskCount: Int { channels == 0 ? 0 : blocks(pixels, of: pixelsPerTask) }
  /// The squares of a pixel with zeros on both sides.
  package var scratchBytes: Int { 4 * (channels + size + 32) }
}
