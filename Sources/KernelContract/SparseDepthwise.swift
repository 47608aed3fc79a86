/// A depthwise convolution whose result a sparse product of single pixels makes for itself, tile by tile, in its panel: what lies between the two
/// is never in memory.
///
/// Each channel of the result is `f(bias[c] + Σ over taps of w[c, t] · in[c, pixel(p, t)])`, a sum in the order of the taps. What lies outside the image counts
/// as zero, whatever lies beside it in memory.
package struct SparseDepthwise: BitwiseCopyable {
  /// The input's extents and the window; the output's extents are the product's. `strideX` is 1 or 2; pixel strides are not read: they are 1.
  package var geometry: Geometry
  /// All channels of the input, of which a group's product sees some.
  package var channels: Int
  /// [channel][tap], as ONNX has them.
  package var weights: UnsafePointer<Float>
  /// One value a channel.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue

  package init(
    geometry: Geometry, channels: Int, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, epilogue: Epilogue = .none
  ) {
    self.geometry = geometry
    self.channels = channels
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
  }

  /// Floats of an input line that a tile reads: eight pixels' windows, or those of a whole line.
  package func reads(spansLines: Bool) -> Int {
    let g = geometry
    return (spansLines ? 8 : max(8, g.outputWidth)) &* g.strideX &+ (g.kernelWidth &- 1) &* g.dilationX
  }

  /// Input lines that so many output lines see.
  package static func inputLines(_ g: Geometry, _ lines: Int) -> Int {
    (lines &- 1) &* g.strideY &+ (g.kernelHeight &- 1) &* g.dilationY &+ 1
  }

  /// Floats from one line to the next where a channel's lines are copied.
  package func pitch(spansLines: Bool) -> Int { roundUp(reads(spansLines: spansLines), to: 8) }

  /// Whether the kernel can do it, with little memory.
  package static func accepts(_ g: Geometry) -> Bool {
    (1...2).contains(g.strideX) && g.strideY >= 1 && g.strideY <= 16 && g.outputHeight > 0 && g.outputWidth > 0
      && (g.kernelWidth - 1).multipliedReportingOverflow(by: g.dilationX).partialValue <= 256
      && (g.kernelHeight - 1).multipliedReportingOverflow(by: g.dilationY).partialValue <= 256
      && g.kernelWidth <= 257 && g.kernelHeight <= 257 && g.dilationX <= 256 && g.dilationY <= 256
  }

  /// Masks of the window's columns and places for each eight pixels of a line, a line of zeros, and a copy of the lines that a tile sees.
  func scratchBytes(_ form: SparseForm) -> Int {
    scratchBytes(spansLines: form.spansLines, lines: form.spansLines ? form.tileVectors : form.tilePixels / max(1, geometry.outputWidth))
  }

  func scratchBytes(spansLines: Bool, lines: Int) -> Int {
    let segments = spansLines ? 1 : blocks(geometry.outputWidth, of: 8)
    return segments &* (32 &* geometry.kernelWidth &+ 24)
      &+ 4 &* pitch(spansLines: spansLines) &* (1 &+ SparseDepthwise.inputLines(geometry, lines))
  }
}

extension SparseForm {
  /// The tile of a product that has a depthwise convolution in front: lines of eight pixels, or whole lines where these make up whole vectors.
  package static func fused(height: Int, width: Int) -> (tileVectors: Int, spansLines: Bool) {
    let (pixels, overflow) = height.multipliedReportingOverflow(by: width)
    if !overflow && pixels <= 56 { return (max(1, blocks(pixels, of: 8)), false) }
    if width % 8 != 0, let vectors = [7, 6, 5, 4].first(where: { 8 * $0 % width == 0 }) { return (vectors, false) }
    return (SparseLayout.evenly(height), true)
  }
}
