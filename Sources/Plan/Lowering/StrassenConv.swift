import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Whether a convolution is one product of matrices large enough to be halved: fewer rows would not fill a tile, fewer channels would
  /// spend more on sums than is saved.
  func isStrassen(_ conv: ConvShape, _ g: Geometry) -> Bool {
    g.isPointwise && conv.groups == 1 && conv.channels % 2 == 0 && conv.channels >= 64 && conv.outputs >= 64
      && g.outputHeight * g.outputWidth >= 16 && g.batch > 0
  }

  /// Pairs of rows and of panels of a task.
  ///
  /// Sums and products together fill three quarters of the second-level cache. Threads divide the rows, in shares of whole tiles where those
  /// are about equal; where a share has few tiles they divide the panels, and each makes the sums of all rows itself.
  func strassenBlocks(_ conv: ConvShape, _ g: Geometry, threads: Int) -> (rows: Int, panels: Int) {
    let packing = StrassenPacking(inChannels: conv.channels, outChannels: conv.outputs)
    let perPair = 4 * (2 * conv.channels + 3 * packing.half)
    let tile = tileRows(.gemmF32)
    let upper = blocks(g.outputHeight * g.outputWidth, of: 2)
    let most = max(2 * tile, machine.level2Bytes / 4 * 3 / max(1, perPair))
    let tasks = blocks(upper, of: most)
    func rows(_ tasks: Int) -> Int { max(1, min(upper, roundUp(blocks(upper, of: tasks), to: tasks == 1 ? 1 : tile))) }
    guard threads > 1 && g.batch < threads else { return (rows(tasks), packing.panels) }
    let divided = min(blocks(upper, of: tile), roundUp(tasks, to: threads))
    // What the largest share has more than an equal one, of sixteenths.
    let share = roundUp(blocks(upper, of: divided), to: tile) * roundUp(divided, to: threads)
    if 16 * share <= 17 * upper { return (rows(divided), packing.panels) }
    // A last tile that is not full costs little where there are others.
    if blocks(upper, of: divided) >= 4 * tile { return (blocks(upper, of: divided), packing.panels) }
    return (rows(tasks), blocks(packing.panels, of: min(packing.panels, threads)))
  }

  /// Why weights are not fit for it: the rounding errors would be too large.
  func strassenRefusal(_ w: ValueID, _ conv: ConvShape) throws -> String? {
    guard let weights = try graph[w].constant?.decoded().floats() else { return "the weights are not constant" }
    let error = StrassenTrial().error(weights, outputs: conv.outputs, channels: conv.channels)
    if error <= StrassenTrial.tolerance { return nil }
    return error.isNaN ? "a trial gave no numbers" : "its error would be \(Float(error)) of the largest output"
  }

  /// The product by halves, its weights packed.
  func strassen(
    _ conv: ConvShape, _ w: ValueID, geometry: Geometry, bias: [Float], epilogue: Epilogue, residualStride: Int?
  ) throws -> StrassenF32Descriptor {
    guard let product = kernels.first(where: { $0.family == .gemmF32 }) else { throw unsupported("there is no kernel for products") }
    let packing = StrassenPacking(inChannels: conv.channels, outChannels: conv.outputs)
    let weights = try packed(w, "strassen") {
      guard let floats = try graph[w].constant?.decoded().floats() else { throw unsupported("the weights must be constant") }
      let target = try memory.constant(byteCount: 4 * packing.weightCount)
      floats.withUnsafeBufferPointer { source in
        if let base = source.baseAddress {
          packing.pack(base, conv.packing.oihw, into: target.bindMemory(to: Float.self, capacity: packing.weightCount))
        }
      }
      return UnsafeRawPointer(target)
    }
    let columns = try memory.constant(byteCount: 4 * packing.biasCount).bindMemory(to: Float.self, capacity: packing.biasCount)
    bias.withUnsafeBufferPointer { source in if let base = source.baseAddress { packing.packBias(base, into: columns) } }
    let grid = strassenBlocks(conv, geometry, threads: options.threads)
    return StrassenF32Descriptor(
      images: geometry.batch, rows: geometry.outputHeight * geometry.outputWidth, inputStride: geometry.inputPixelStride,
      outputStride: geometry.outputPixelStride,
      inChannels: conv.channels, outChannels: conv.outputs, weights: weights.assumingMemoryBound(to: Float.self), bias: columns,
      epilogue: epilogue, residualStride: residualStride, rowBlock: grid.rows, panelBlock: grid.panels,
      product: product.step)
  }
}
