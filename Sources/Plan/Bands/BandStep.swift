import KernelContract

/// A step that a chain of bands can hold: every line of its output depends on a window of lines of its input.
package protocol BandStep: StepDescriptor {
  /// The first field, where the kernels expect it.
  var geometry: Geometry { get set }
  var outputChannels: Int { get }
  /// Bytes of the constants that every band reads.
  var constantBytes: Int { get }
  /// Whether the input or the output is NCHW; such a step is in no chain.
  var touchesPlanes: Bool { get }
  var residualStride: Int? { get }
  /// Lines of the output that are made together, counted from the image's top: only bands that begin at a multiple of them give its bits.
  var unit: Int { get }
  /// Multiply-accumulates of a line of the output.
  var lineMacs: Double { get }
  /// `taskCount` of a descriptor in memory.
  static var countTasks: @convention(c) (_ descriptor: UnsafeRawPointer) -> Int { get }
  /// Cuts the step's tasks for bands of at most `lines` lines, which one thread makes.
  mutating func setGrid(lines: Int)
}

extension BandStep {
  package var touchesPlanes: Bool { false }
  package var residualStride: Int? { nil }
  package var unit: Int { 1 }
  package var lineMacs: Double { Double(geometry.outputWidth) * Double(constantBytes / 4) }
  package mutating func setGrid(lines: Int) {}
}

extension GemmF32Descriptor: BandStep {
  package var outputChannels: Int { groups * groupOutChannels }
  package var constantBytes: Int { packing.f32Bytes + 4 * packing.columnCount }
  package var touchesPlanes: Bool { inputIsNCHW || outputIsNCHW }
  package var residualStride: Int? { hasResidual ? residualPixelStride : nil }
  package static var countTasks: @convention(c) (UnsafeRawPointer) -> Int {
    { $0.assumingMemoryBound(to: GemmF32Descriptor.self).pointee.taskCount }
  }

  package mutating func setGrid(lines: Int) {
    rowBlock = max(1, min(rowBlock, lines * geometry.outputWidth))
    panelBlock = max(1, packing.panels)
  }
}

extension WinogradF32Descriptor: BandStep {
  package var outputChannels: Int { groups * groupOutChannels }
  package var constantBytes: Int { 4 * (packing.weightCount + groups * panels * GemmPacking.panel) }
  package var residualStride: Int? { hasResidual ? residualPixelStride : nil }
  package var unit: Int { tileHeight }
  package var lineMacs: Double {
    Double(packing.weightCount) * Double(blocks(geometry.outputWidth, of: tileWidth)) / Double(tileHeight)
  }
  package static var countTasks: @convention(c) (UnsafeRawPointer) -> Int {
    { $0.assumingMemoryBound(to: WinogradF32Descriptor.self).pointee.taskCount }
  }

  package mutating func setGrid(lines: Int) {
    tileBlock = max(1, min(tileBlock, blocks(lines, of: tileHeight) * tilesAcross))
    panelBlock = max(1, panels)
  }
}

extension DepthwiseF32Descriptor: BandStep {
  package var outputChannels: Int { channels }
  package var constantBytes: Int { 4 * (packing.weightCount + packing.columnCount) }
  package static var countTasks: @convention(c) (UnsafeRawPointer) -> Int {
    { $0.assumingMemoryBound(to: DepthwiseF32Descriptor.self).pointee.taskCount }
  }
}

extension PoolF32Descriptor: BandStep {
  package var outputChannels: Int { channels }
  package var constantBytes: Int { 0 }
  package static var countTasks: @convention(c) (UnsafeRawPointer) -> Int {
    { $0.assumingMemoryBound(to: PoolF32Descriptor.self).pointee.taskCount }
  }
}
