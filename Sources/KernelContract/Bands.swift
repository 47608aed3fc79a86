/// A chain of window steps run band by band: of every step but the last only the lines that the next one needs at the moment exist, in
/// scratch (fused layers: Alwani et al. 2016).
///
/// The steps are those of other families, called with copies of their descriptors whose geometry says a band instead of all images; so any
/// kernel will do, and the sums of an element are made in the order in which the steps alone make them.
///
/// Buffers: output of the last step, input of the first, then the residuals in the order of the steps that have one.
package struct BandsDescriptor: StepDescriptor {
  package static let family = KernelFamily.bands

  /// In the order of the chain, `stageCount` of them, in the memory of whoever made the descriptor.
  package var stages: UnsafePointer<BandStage>
  package var stageCount: Int
  package var batch: Int
  /// Lines of the last step's output.
  package var outputHeight: Int
  /// Tasks of an image. Tasks that follow each other in one call share the lines between them; others make them twice.
  package var stripes: Int
  /// Lines of the last step's output that are made at a time.
  package var bandLines: Int
  /// Bands and stripes begin at multiples of this many lines; it divides `bandLines`.
  package var unit: Int
  /// Scratch bytes in front of the steps' own.
  package var ownBytes: Int
  package var scratchBytes: Int

  /// - Parameter stepBytes: the most scratch that one of the steps needs for a band.
  package init(
    stages: UnsafePointer<BandStage>, stageCount: Int, batch: Int, outputHeight: Int, stripes: Int, bandLines: Int, unit: Int = 1,
    ownBytes: Int, stepBytes: Int
  ) {
    self.stages = stages
    self.stageCount = stageCount
    self.batch = batch
    self.outputHeight = outputHeight
    self.stripes = stripes
    self.bandLines = bandLines
    self.unit = unit
    self.ownBytes = ownBytes
    scratchBytes = ownBytes + stepBytes
  }

  /// The line at which a stripe begins; that of the one behind the last is `outputHeight`.
  package func firstLine(ofStripe stripe: Int) -> Int { min(outputHeight, stripe &* blocks(outputHeight, of: unit) / stripes &* unit) }

  package var taskCount: Int { outputHeight == 0 ? 0 : batch * stripes }

  /// Bytes at the beginning of scratch: a `BandStage.State` for each stage, and three addresses.
  package static func stateBytes(stages: Int) -> Int {
    stages * MemoryLayout<BandStage.State>.stride + 3 * MemoryLayout<UnsafeMutableRawPointer>.stride
  }
}

/// One step of a chain.
package struct BandStage: BitwiseCopyable {
  package var function: StepFunction
  /// The step's descriptor, its `Geometry` first: for all images, but with the pixel strides of the buffers that it has in the chain.
  package var descriptor: UnsafeRawPointer
  package var descriptorBytes: Int
  /// The tasks of a descriptor of the step's family.
  package var countTasks: @convention(c) (_ descriptor: UnsafeRawPointer) -> Int
  /// Where in scratch the copy of the descriptor lies, and the lines of the step's output (unless it is the last).
  package var copyOffset: Int
  package var bandOffset: Int
  package var outputLineBytes: Int
  package var inputLineBytes: Int
  /// Position of the residual among the chain's buffers, 0 for none.
  package var residual: Int
  package var residualLineBytes: Int

  package init(
    function: StepFunction, descriptor: UnsafeRawPointer, descriptorBytes: Int,
    countTasks: @convention(c) (_ descriptor: UnsafeRawPointer) -> Int, copyOffset: Int, bandOffset: Int, outputLineBytes: Int,
    inputLineBytes: Int, residual: Int = 0, residualLineBytes: Int = 0
  ) {
    self.function = function
    self.descriptor = descriptor
    self.descriptorBytes = descriptorBytes
    self.countTasks = countTasks
    self.copyOffset = copyOffset
    self.bandOffset = bandOffset
    self.outputLineBytes = outputLineBytes
    self.inputLineBytes = inputLineBytes
    self.residual = residual
    self.residualLineBytes = residualLineBytes
  }

  /// What a stage remembers from band to band.
  package struct State: BitwiseCopyable {
    /// The lines of the stage's output that its buffer holds.
    package var first = 0
    package var end = 0
    /// Those of them to make in this band.
    package var newFirst = 0
    package var newEnd = 0

    package init() {}
  }
}
