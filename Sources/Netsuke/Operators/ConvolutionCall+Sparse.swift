import KernelContract
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ConvolutionCall {
  /// y = A · B for each image and group: A the sparse weights [out][depth], B the image's columns [depth][pixels].
  ///
  /// A 1×1 convolution reads B where x lies; others gather it, tap by tap.
  func sparse(
    _ matrices: [SparseMatrix], _ bias: Storage, _ workspace: Workspace, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) throws {
    guard let first = matrices.first else { return }
    var probe = first.product(width: outputPixels, bias: bias.pointer(Float.self), epilogue)
    place(&probe, columnsInPlace: shape.isPointwise)
    var layout = WorkspaceLayout()
    let scratch = try addScratch(probe.scratchBytes, to: &layout)
    let columns = shape.isPointwise ? nil : try layout.add(shape.depth, outputPixels, of: .f32)
    try workspace.withBytes(layout.byteCount) { base in
      let runner = StepRunner(run: run, scratch: base + scratch.offset, scratchStride: scratch.stride)
      for image in 0..<geometry.batch {
        for (group, matrix) in matrices.enumerated() {
          let source = x + image * inputPixels * shape.inChannels + group * shape.groupInChannels * (shape.isNHWC ? 1 : inputPixels)
          let target = y + image * outputPixels * shape.outChannels + group * shape.groupOutChannels * (shape.isNHWC ? 1 : outputPixels)
          if let columns { try gather(runner, source, to: (base + columns).assumingMemoryBound(to: Float.self)) }
          var product = matrix.product(
            width: outputPixels, bias: bias.pointer(Float.self) + group * shape.groupOutChannels, epilogue)
          place(&product, columnsInPlace: columns == nil)
          try runner(product, target, columns.map { UnsafeRawPointer(base + $0) } ?? UnsafeRawPointer(source))
        }
      }
    }
  }

  /// Sets the strides of a product whose columns lie in x (or were gathered) and whose result lies in y.
  private func place(_ product: inout SpmmF32Descriptor, columnsInPlace: Bool) {
    guard shape.isNHWC else { return }
    product.outputRowStride = 1
    product.outputColumnStride = shape.outChannels
    guard columnsInPlace else { return }
    product.rightRowStride = 1
    product.rightColumnStride = shape.inChannels
  }

  /// Writes [channel of the group][tap][output pixel].
  private func gather(_ runner: StepRunner, _ x: UnsafePointer<Float>, to columns: UnsafeMutablePointer<Float>) throws {
    let channelStride = shape.isNHWC ? 1 : inputPixels
    let pixelStride = shape.isNHWC ? shape.inChannels : 1
    if shape.padTop + shape.padLeft + shape.padBottom + shape.padRight > 0 {
      memset(columns, 0, shape.depth * outputPixels * MemoryLayout<Float>.stride)
    }
    for tap in 0..<shape.taps {
      let offsetY = tap / shape.kernelWidth * shape.dilationY - shape.padTop
      let offsetX = tap % shape.kernelWidth * shape.dilationX - shape.padLeft
      let rows = inside(geometry.outputHeight, stride: shape.strideY, offset: offsetY, limit: geometry.inputHeight)
      let places = inside(geometry.outputWidth, stride: shape.strideX, offset: offsetX, limit: geometry.inputWidth)
      guard !rows.isEmpty, !places.isEmpty else { continue }
      let copy = CopyDescriptor(
        elementBytes: 4, extents: (shape.groupInChannels, rows.count, places.count),
        outputStrides: (shape.taps * outputPixels, geometry.outputWidth, 1),
        inputStrides: (channelStride, shape.strideY * geometry.inputWidth * pixelStride, shape.strideX * pixelStride))
      let from =
        ((rows.lowerBound * shape.strideY + offsetY) * geometry.inputWidth + places.lowerBound * shape.strideX + offsetX) * pixelStride
      try runner(copy, columns + tap * outputPixels + rows.lowerBound * geometry.outputWidth + places.lowerBound, x + from)
    }
  }

  /// The positions p of 0 ..< count whose p · stride + offset lies in 0 ..< limit.
  private func inside(_ count: Int, stride: Int, offset: Int, limit: Int) -> Range<Int> {
    let first = offset >= 0 ? 0 : (-offset + stride - 1) / stride
    let end = limit - offset <= 0 ? 0 : (limit - offset - 1) / stride + 1
    return first..<max(first, min(count, end))
  }
}
