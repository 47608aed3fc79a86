import KernelContract
import Testing

/// `bands_*` against its steps one by one: an inverted residual of random extents, every bit the same.
@Suite struct BandsTests {
  private func weights(_ numbers: inout Numbers, _ packing: GemmPacking) -> GuardedBuffer<Float> {
    let packed = GuardedBuffer<Float>(repeating: .nan, count: packing.f32Bytes / 4)
    packing.pack(f32: numbers.floats(packing.groupOutChannels * packing.depth), packing.oihw, into: packed.pointer)
    return packed
  }

  private func bias(_ numbers: inout Numbers, _ packing: GemmPacking) -> GuardedBuffer<Float> {
    let packed = GuardedBuffer<Float>(repeating: .nan, count: packing.columnCount)
    packing.packColumns(numbers.floats(packing.groupOutChannels), fill: 0, into: packed.pointer)
    return packed
  }

  private func stage<D: StepDescriptor>(
    _ descriptor: GuardedBuffer<D>, _ geometry: Geometry, copyOffset: Int, bandOffset: Int = 0, residual: Int = 0,
    _ countTasks: @convention(c) (UnsafeRawPointer) -> Int
  ) -> BandStage {
    BandStage(
      function: kernels(D.family)[0].step, descriptor: UnsafeRawPointer(descriptor.pointer), descriptorBytes: MemoryLayout<D>.size,
      countTasks: countTasks, copyOffset: copyOffset, bandOffset: bandOffset,
      outputLineBytes: 4 * geometry.outputWidth * geometry.outputPixelStride,
      inputLineBytes: 4 * geometry.inputWidth * geometry.inputPixelStride, residual: residual,
      residualLineBytes: residual == 0 ? 0 : 4 * geometry.outputWidth * geometry.outputPixelStride)
  }

  @Test(arguments: 0..<40)
  func invertedResidual(seed: Int) {
    var numbers = Numbers(seed)
    let (narrow, wide) = (numbers.pick([3, 8, 17]), numbers.pick([5, 16, 40]))
    let (batch, height, width) = (numbers.pick([1, 2]), numbers.pick([1, 2, 5, 9, 12]), numbers.pick([3, 4, 7, 10]))
    let (kernel, stride) = (numbers.pick([1, 3, 5]), numbers.pick([1, 2]))
    let pad = kernel / 2
    let windows = ConvolutionCase(
      batch: batch, size: (height, width), kernel: (kernel, kernel), stride: (stride, stride), pads: (pad, pad, pad, pad), groups: wide,
      channels: (1, 1)
    ).geometry
    let into = ConvolutionCase(batch: batch, size: (height, width), channels: (narrow, wide)).geometry
    let from = ConvolutionCase(batch: batch, size: (windows.outputHeight, windows.outputWidth), channels: (wide, narrow)).geometry

    let expansion = GemmPacking(groupOutChannels: wide, groupInChannels: narrow)
    let projection = GemmPacking(groupOutChannels: narrow, groupInChannels: wide)
    let filters = DepthwisePacking(channels: wide, taps: windows.taps)
    let (w0, b0) = (weights(&numbers, expansion), bias(&numbers, expansion))
    let (w2, b2) = (weights(&numbers, projection), bias(&numbers, projection))
    let w1 = GuardedBuffer<Float>(repeating: .nan, count: filters.weightCount)
    filters.pack(f32: numbers.floats(wide * windows.taps), into: w1.pointer)
    let b1 = GuardedBuffer<Float>(repeating: .nan, count: filters.columnCount)
    filters.packColumns(numbers.floats(wide), fill: 0, into: b1.pointer)

    let first = GuardedBuffer([
      GemmF32Descriptor(
        geometry: into, groupInChannels: narrow, groupOutChannels: wide, weights: w0.pointer, bias: b0.pointer, epilogue: .clamp(0, 6))
    ])
    let second = GuardedBuffer([
      DepthwiseF32Descriptor(geometry: windows, channels: wide, weights: w1.pointer, bias: b1.pointer, epilogue: .hardSwish)
    ])
    let third = GuardedBuffer([
      GemmF32Descriptor(
        geometry: from, groupInChannels: wide, groupOutChannels: narrow, weights: w2.pointer, bias: b2.pointer, residualPixelStride: narrow)
    ])
    let input = GuardedBuffer(numbers.floats(batch * height * width * narrow))
    let residual = GuardedBuffer(numbers.floats(from.outputPixels * narrow))
    func address(_ buffer: GuardedBuffer<Float>) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(buffer.pointer) }

    let inner = GuardedBuffer<Float>(repeating: .nan, count: into.outputPixels * wide)
    let deep = GuardedBuffer<Float>(repeating: .nan, count: windows.outputPixels * wide)
    let expected = GuardedBuffer<Float>(repeating: .nan, count: from.outputPixels * narrow)
    run(kernels(.gemmF32)[0], first.elements[0], [address(inner), address(input)])
    run(kernels(.depthwiseF32)[0], second.elements[0], [address(deep), address(inner)])
    run(kernels(.gemmF32)[0], third.elements[0], [address(expected), address(deep), address(residual)])

    for (bandLines, stripes) in [(1, 1), (2, 2), (3, 1), (20, 3)] {
      let deepLines = min(bandLines, windows.outputHeight)
      let innerLines = min((deepLines - 1) * stride + kernel, height)
      let innerBytes = roundUp(4 * innerLines * width * wide, to: 64)
      let deepBytes = roundUp(4 * deepLines * windows.outputWidth * wide, to: 64)
      let copies = roundUp(BandsDescriptor.stateBytes(stages: 3), to: 64)
      let gap = 512
      let bands = copies + 3 * gap
      let stages = GuardedBuffer([
        stage(first, into, copyOffset: copies, bandOffset: bands) {
          $0.assumingMemoryBound(to: GemmF32Descriptor.self).pointee.taskCount
        },
        stage(second, windows, copyOffset: copies + gap, bandOffset: bands + innerBytes) {
          $0.assumingMemoryBound(to: DepthwiseF32Descriptor.self).pointee.taskCount
        },
        stage(third, from, copyOffset: copies + 2 * gap, residual: 2) {
          $0.assumingMemoryBound(to: GemmF32Descriptor.self).pointee.taskCount
        },
      ])
      let stepBytes = max(first.elements[0].scratchBytes, second.elements[0].scratchBytes, third.elements[0].scratchBytes)
      let descriptor = BandsDescriptor(
        stages: stages.pointer, stageCount: 3, batch: batch, outputHeight: from.outputHeight,
        stripes: min(stripes, max(1, from.outputHeight)), bandLines: bandLines, ownBytes: bands + innerBytes + deepBytes,
        stepBytes: stepBytes)
      for entry in kernels(.bands) {
        let got: [Float] = output(
          entry, descriptor, fill: .nan, count: expected.count, inputs: [address(input), address(residual)])
        let same = got.indices.allSatisfy { got[$0].bitPattern == expected.pointer[$0].bitPattern }
        #expect(same, "\(entry.id) bands of \(bandLines) in \(stripes) stripes, seed \(seed)")
      }
    }
  }
}
