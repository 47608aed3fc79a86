import KernelContract
import Tensors

/// One call of a convolution: everything but the weights.
struct ConvolutionCall {
  let shape: ConvolutionShape
  let geometry: Geometry
  let epilogue: Epilogue
  let run: OperatorRun

  var inputPixels: Int { geometry.inputHeight * geometry.inputWidth }
  var outputPixels: Int { geometry.outputHeight * geometry.outputWidth }
  /// Whether NCHW is another order than the kernels' NHWC.
  var turnsInput: Bool { !shape.inputIsNHWC && shape.inChannels > 1 && inputPixels > 1 }
  var turnsOutput: Bool { !shape.outputIsNHWC && shape.outChannels > 1 && outputPixels > 1 }
  var inputCount: Int { geometry.batch * inputPixels * shape.inChannels }
  var outputCount: Int { geometry.batch * outputPixels * shape.outChannels }

  /// Adds the scratch memory of all threads.
  func addScratch(_ bytes: Int, to layout: inout WorkspaceLayout) throws -> (offset: Int, stride: Int) {
    let stride = StepRunner.stride(bytes)
    return (try layout.add(run.threads, stride, of: .u8), stride)
  }

  func turnInput(_ runner: StepRunner, _ x: UnsafePointer<Float>, to nhwc: UnsafeMutableRawPointer) throws {
    try runner(TransposeDescriptor(elementBytes: 4, batch: geometry.batch, rows: shape.inChannels, columns: inputPixels), nhwc, x)
  }

  func turnOutput(_ runner: StepRunner, _ nhwc: UnsafeRawPointer, to y: UnsafeMutablePointer<Float>) throws {
    try runner(TransposeDescriptor(elementBytes: 4, batch: geometry.batch, rows: outputPixels, columns: shape.outChannels), y, nhwc)
  }

  // MARK: f32

  func dense(_ weights: Storage, _ bias: Storage, _ workspace: Workspace, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>)
    throws
  {
    if shape.isDepthwise {
      let descriptor = DepthwiseF32Descriptor(
        geometry: geometry, channels: shape.outChannels, weights: weights.pointer(Float.self), bias: bias.pointer(Float.self),
        epilogue: epilogue)
      try dense(workspace, x, y, scratchBytes: descriptor.scratchBytes, turns: (turnsInput, turnsOutput)) { try $0(descriptor, $2, $1) }
    } else {
      // Rows of a 1 × 1 kernel are read from planes, and any result is written to them.
      let readsPlanes = turnsInput && shape.isPointwise && shape.groups == 1
      let descriptor = GemmF32Descriptor(
        geometry: geometry, groups: shape.groups, groupInChannels: shape.groupInChannels, groupOutChannels: shape.groupOutChannels,
        weights: weights.pointer(Float.self), bias: bias.pointer(Float.self), epilogue: epilogue, inputIsNCHW: readsPlanes,
        outputIsNCHW: turnsOutput)
      try dense(workspace, x, y, scratchBytes: descriptor.scratchBytes, turns: (turnsInput && !readsPlanes, false)) {
        try $0(descriptor, $2, $1)
      }
    }
  }

  private func dense(
    _ workspace: Workspace, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, scratchBytes: Int,
    turns: (input: Bool, output: Bool), _ product: (StepRunner, UnsafeRawPointer, UnsafeMutableRawPointer) throws -> Void
  ) throws {
    var layout = WorkspaceLayout()
    let scratch = try addScratch(scratchBytes, to: &layout)
    let input = turns.input ? try layout.add(inputCount, of: .f32) : nil
    let output = turns.output ? try layout.add(outputCount, of: .f32) : nil
    try workspace.withBytes(layout.byteCount) { base in
      let runner = StepRunner(run: run, scratch: base + scratch.offset, scratchStride: scratch.stride)
      if let input { try turnInput(runner, x, to: base + input) }
      try product(
        runner, input.map { UnsafeRawPointer(base + $0) } ?? UnsafeRawPointer(x), output.map { base + $0 } ?? UnsafeMutableRawPointer(y))
      if let output { try turnOutput(runner, base + output, to: y) }
    }
  }

  // MARK: 8-bit

  func quantized(
    _ weights: QuantizedWeights, _ workspace: Workspace, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) throws {
    let parameters = try weights.parameters(for: UnsafeBufferPointer(start: x, count: inputCount))
    var layout = WorkspaceLayout()
    let scratch = try addScratch(weights.scratchBytes(geometry), to: &layout)
    let codes = try layout.add(inputCount, of: .u8)
    let turned = turnsInput ? try layout.add(inputCount, of: .u8) : nil
    let bias = try layout.add(weights.columnCount, of: .s32)
    let scales = try layout.add(weights.columnCount, of: .f32)
    let output = turnsOutput ? try layout.add(outputCount, of: .f32) : nil
    try workspace.withBytes(layout.byteCount) { base in
      let runner = StepRunner(run: run, scratch: base + scratch.offset, scratchStride: scratch.stride)
      try runner(
        QuantizeDescriptor(rows: Rows(width: inputCount), scale: parameters.scale, zeroPoint: parameters.zeroPoint), base + codes, x)
      if let turned {
        // Codes are turned rather than floats: a quarter of the bytes.
        try runner(
          TransposeDescriptor(elementBytes: 1, batch: geometry.batch, rows: shape.inChannels, columns: inputPixels), base + turned,
          base + codes)
      }
      let result = output.map { (base + $0).assumingMemoryBound(to: Float.self) } ?? y
      try weights.run(
        runner, geometry, codes: (base + (turned ?? codes)).assumingMemoryBound(to: UInt8.self), parameters,
        bias: (base + bias).assumingMemoryBound(to: Int32.self), scales: (base + scales).assumingMemoryBound(to: Float.self), to: result,
        epilogue)
      if let output { try turnOutput(runner, base + output, to: y) }
    }
  }
}
