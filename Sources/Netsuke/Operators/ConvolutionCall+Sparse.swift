import KernelContract
import Tensors

extension ConvolutionCall {
  /// Sparse kernels want planes: NHWC is turned on the way in and out.
  func sparse(
    _ weights: SparseWeights, _ workspace: Workspace, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) throws {
    let (batch, channels, outChannels) = (geometry.batch, shape.inChannels, shape.outChannels)
    if let product = weights.product(rows: batch * outputPixels, epilogue) {
      try StepRunner(run: run, scratch: UnsafeMutableRawPointer(y), scratchStride: 0)(product, y, x)
      return
    }
    var planar = geometry
    (planar.inputPixelStride, planar.outputPixelStride) = (1, 1)
    let product = weights.convolution(planar, epilogue)
    var layout = WorkspaceLayout()
    let scratch = try addScratch(max(product.scratchBytes, 4096), to: &layout)
    let input = shape.inputIsNHWC && channels > 1 && inputPixels > 1 ? try layout.add(inputCount, of: .f32) : nil
    let output = shape.outputIsNHWC && outChannels > 1 && outputPixels > 1 ? try layout.add(outputCount, of: .f32) : nil
    try workspace.withBytes(layout.byteCount) { base in
      let runner = StepRunner(run: run, scratch: base + scratch.offset, scratchStride: scratch.stride)
      if let input {
        try runner(TransposeDescriptor(elementBytes: 4, batch: batch, rows: inputPixels, columns: channels), base + input, x)
      }
      let result = output.map { base + $0 } ?? UnsafeMutableRawPointer(y)
      try runner(product, result, input.map { UnsafeRawPointer(base + $0) } ?? UnsafeRawPointer(x))
      if let output {
        try runner(TransposeDescriptor(elementBytes: 4, batch: batch, rows: outChannels, columns: outputPixels), y, base + output)
      }
    }
  }
}
