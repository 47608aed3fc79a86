/// Where the channels of a planar (NCHW) image tensor lie: pixels of a channel are neighbours, lines dense; strides count elements.
package struct Planes: BitwiseCopyable, Sendable {
  /// From one channel to the next, at least the pixels of an image.
  package var channelStride: Int
  package var imageStride: Int

  package init(channelStride: Int, imageStride: Int) {
    self.channelStride = channelStride
    self.imageStride = imageStride
  }
}

/// Lines of one channel copied to scratch with their padding, such that every tap of a window lies at one distance for all output pixels:
/// the columns of a line are dealt out by their remainder modulo the stride, column c to place c / stride of phase c mod stride.
package struct PlanarStrip: BitwiseCopyable, Sendable {
  /// Output lines of a strip.
  package var lines: Int
  /// Columns that windows see, and floats of one phase.
  package var columns: Int
  package var pitch: Int

  package static var scratchLimit: Int { 256 << 10 }
  /// What a strip should fill: half of a first-level cache.
  private static var wantedFloats: Int { 4096 }

  /// Nil where a strip of one line would take more than `scratchLimit`.
  package init?(_ g: Geometry) {
    let (spanY, spanX) = ((g.kernelHeight - 1) &* g.dilationY, (g.kernelWidth - 1) &* g.dilationX)
    columns = (max(1, g.outputWidth) - 1) &* g.strideX &+ spanX &+ 1
    pitch = roundUp(g.outputWidth, to: 8) &+ spanX / g.strideX
    let floats = pitch &* g.strideX
    let limit = PlanarStrip.scratchLimit / 4
    guard spanY >= 0, spanX >= 0, pitch >= 0, spanY < limit, spanX < limit, g.outputWidth < limit, g.strideX < limit, floats > 0,
      (spanY + 1) <= limit / floats
    else { return nil }
    let fitting = (max(PlanarStrip.wantedFloats / floats, spanY + 1) - spanY - 1) / g.strideY + 1
    // An even number: lines go in pairs.
    lines = max(1, min(roundUp(g.outputHeight, to: 2), fitting / 2 * 2))
  }

  /// Floats of a line, all its phases.
  package func lineFloats(_ g: Geometry) -> Int { pitch &* g.strideX }

  /// Lines of the input that a strip holds.
  package func inputLines(_ g: Geometry) -> Int { (lines &- 1) &* g.strideY &+ (g.kernelHeight - 1) &* g.dilationY &+ 1 }
}

/// Depthwise convolution on planar tensors in f32: `out[c, p] = f(bias[c] + Σ over taps of w[c, t] · in[c, pixel(p, t)])`.
///
/// The pixel strides of the geometry are not read: they are 1. Buffers: output, input.
package struct DepthwisePlanarF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.depthwisePlanarF32

  package var geometry: Geometry
  package var strip: PlanarStrip
  package var channels: Int
  package var input: Planes
  package var output: Planes
  /// [channel][tap], as ONNX has them.
  package var weights: UnsafePointer<Float>
  /// One value a channel.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue

  package init(
    geometry: Geometry, strip: PlanarStrip, channels: Int, input: Planes, output: Planes, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, epilogue: Epilogue = .none
  ) {
    self.geometry = geometry
    self.strip = strip
    self.channels = channels
    self.input = input
    self.output = output
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
  }

  package var taskCount: Int { planarTasks(geometry, strip, channels) }
  package var scratchBytes: Int {
    isDirect ? depthwise.scratchBytes(spansLines: false, lines: geometry.outputHeight) : planarScratch(geometry, strip)
  }

  /// Whether lines are read where they lie, without a copy in scratch: 3 × 3 windows of stride 1 and 2, for whole vectors of output pixels,
  /// where several planes are one task.
  package var isDirect: Bool { DepthwisePlanarF32Descriptor.isDirect(geometry) }

  package static func isDirect(_ g: Geometry) -> Bool {
    g.kernelHeight == 3 && g.kernelWidth == 3 && g.strideX == g.strideY && g.strideX <= 2 && g.dilationX == 1 && g.dilationY == 1
      && g.padTop <= 1 && g.outputWidth >= 8 && planarChannels(g) > 1
  }

  package var depthwise: SparseDepthwise {
    SparseDepthwise(geometry: geometry, channels: channels, weights: weights, bias: bias, epilogue: epilogue)
  }
}

/// Max and average pooling on planar tensors in f32, with `PoolF32Descriptor`'s meaning. Buffers: output, input.
package struct PoolPlanarF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.poolPlanarF32

  package var geometry: Geometry
  package var strip: PlanarStrip
  package var channels: Int
  package var input: Planes
  package var output: Planes
  package var kind: PoolKind
  package var countsPadding: Bool

  package init(
    geometry: Geometry, strip: PlanarStrip, channels: Int, input: Planes, output: Planes, kind: PoolKind, countsPadding: Bool = false
  ) {
    self.geometry = geometry
    self.strip = strip
    self.channels = channels
    self.input = input
    self.output = output
    self.kind = kind
    self.countsPadding = countsPadding
  }

  package var taskCount: Int { planarTasks(geometry, strip, channels) }
  package var scratchBytes: Int { planarScratch(geometry, strip) &+ 4 &* roundUp(geometry.outputWidth, to: 8) }
}

/// Channels of one task: several where they are small.
package func planarChannels(_ g: Geometry) -> Int { max(1, 4096 / max(1, g.outputHeight &* g.outputWidth)) }

/// A task is a strip of a channel, or some channels that are one strip each.
package func planarStrips(_ g: Geometry, _ lines: Int) -> Int { planarChannels(g) > 1 ? 1 : blocks(g.outputHeight, of: lines) }

private func planarTasks(_ g: Geometry, _ strip: PlanarStrip, _ channels: Int) -> Int {
  g.outputWidth == 0 || g.outputHeight == 0 ? 0 : g.batch &* blocks(channels, of: planarChannels(g)) &* planarStrips(g, strip.lines)
}

/// A strip, the places of the window's columns, and what is read behind the end.
private func planarScratch(_ g: Geometry, _ strip: PlanarStrip) -> Int {
  4 &* (strip.inputLines(g) &* strip.lineFloats(g) &+ 32) &+ 8 &* roundUp(g.kernelWidth, to: 8)
}
