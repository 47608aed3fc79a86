import KernelContract

/// How a chain of steps lies in a thread's scratch for bands of a given height.
package struct BandLayout {
  /// The steps, with the pixel strides of their buffers in the chain and a task grid for bands.
  package private(set) var steps: [any BandStep]
  /// For each step: the most lines of output that its buffer holds.
  package private(set) var lines: [Int]
  /// Scratch bytes of the chain, and the most that one of its steps needs behind them.
  package private(set) var ownBytes = 0
  package private(set) var stepBytes = 0
  private var bandOffsets: [Int]
  private var copyOffsets: [Int]

  /// - Parameters:
  ///   - steps: at least one; each one's output is the next one's input.
  ///   - bandLines: lines of the last one's output that are made at a time.
  package init(_ steps: [any BandStep], bandLines: Int) {
    self.steps = steps
    lines = [Int](repeating: 0, count: steps.count)
    bandOffsets = lines
    copyOffsets = lines
    var wanted = bandLines
    for index in steps.indices.reversed() {
      let g = steps[index].geometry
      lines[index] = min(wanted, g.outputHeight)
      self.steps[index].setGrid(lines: lines[index])
      // A window above the image's top asks for lines that are not there; never for more than the image has.
      wanted = (lines[index] - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1
    }
    for index in steps.indices.dropLast() {
      let stride = BandLayout.pixelStride(steps[index].outputChannels)
      self.steps[index].geometry.outputPixelStride = stride
      self.steps[index + 1].geometry.inputPixelStride = stride
    }
    var offset = BandsDescriptor.stateBytes(stages: steps.count)
    for index in steps.indices {
      copyOffsets[index] = roundUp(offset, to: 64)
      offset = copyOffsets[index] + BandLayout.size(of: steps[index])
    }
    for index in steps.indices.dropLast() {
      bandOffsets[index] = roundUp(offset, to: 64)
      let g = self.steps[index].geometry
      offset = bandOffsets[index] + 4 * lines[index] * g.outputWidth * g.outputPixelStride + Plan.slackBytes
    }
    ownBytes = roundUp(offset, to: 64)
    for index in steps.indices { stepBytes = max(stepBytes, BandLayout.scratchBytes(self.steps[index], lines: lines[index])) }
  }

  /// An odd number of cache lines where a pixel has several, so that neighbouring pixels do not fall into few sets of a cache.
  private static func pixelStride(_ channels: Int) -> Int { channels < 64 ? channels : (blocks(channels, of: 16) | 1) * 16 }

  private static func size<Step: BandStep>(of step: Step) -> Int { MemoryLayout<Step>.size }

  private static func scratchBytes<Step: BandStep>(_ step: Step, lines: Int) -> Int {
    var band = step
    band.geometry.batch = 1
    band.geometry.outputHeight = lines
    return band.scratchBytes
  }

  /// Stage `index` of the chain.
  /// - Parameters:
  ///   - descriptor: where `steps[index]` has been stored.
  ///   - residual: the position of its residual among the chain's buffers.
  package func stage(_ index: Int, descriptor: UnsafeRawPointer, function: StepFunction, residual: Int = 0) -> BandStage {
    func make<Step: BandStep>(_ step: Step) -> BandStage {
      let g = step.geometry
      return BandStage(
        function: function, descriptor: descriptor, descriptorBytes: MemoryLayout<Step>.size, countTasks: Step.countTasks,
        copyOffset: copyOffsets[index], bandOffset: bandOffsets[index], outputLineBytes: 4 * g.outputWidth * g.outputPixelStride,
        inputLineBytes: 4 * g.inputWidth * g.inputPixelStride, residual: residual,
        residualLineBytes: 4 * g.outputWidth * (step.residualStride ?? 0))
    }
    return make(steps[index])
  }
}
