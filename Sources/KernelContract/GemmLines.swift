/// How a product's task keeps the input lines its windows share: copied side by side once, widened by their padding, so that every term of
/// every window lies a fixed distance behind the window's beginning. Copying each window would copy most pixels once for every tap.
///
///     [line][pixel][channel], or [line][channel][pixel] of an NCHW input
package struct GemmLines {
  /// Pixels of a copied line: all that the windows of an output line reach.
  package var width: Int
  /// Floats from one channel's pixels to the next's, where channels lie apart.
  package var planeStride: Int
  package var lineStride: Int
  /// Floats that the lines of a task fill at most.
  package var count: Int

  /// Nil where copies of the windows are not larger, as with strides beyond the window or wide dilations.
  package init?(_ geometry: Geometry, channels: Int, isNCHW: Bool, rowBlock: Int) {
    guard geometry.outputPixels > 0, channels > 0, rowBlock > 0 else { return nil }
    let outputLines = Double((rowBlock - 1 + geometry.outputWidth - 1) / geometry.outputWidth + 1)
    let perImage = geometry.outputHeight * geometry.outputWidth
    let images = Double(min(geometry.batch, (rowBlock - 1) / perImage + 2))
    // In floating point: a hostile geometry's numbers may overflow.
    let lines =
      (outputLines - 1) * Double(geometry.strideY) + images * (Double(geometry.kernelHeight - 1) * Double(geometry.dilationY) + 1)
    let wide =
      Double(geometry.outputWidth - 1) * Double(geometry.strideX) + Double(geometry.kernelWidth - 1) * Double(geometry.dilationX) + 1
    let floats = lines * ((wide + 8) * Double(channels) + 8)
    guard floats < Double(rowBlock) * Double(geometry.taps) * Double(channels) else { return nil }
    width = Int(wide)
    planeStride = isNCHW ? roundUp(width, to: 8) : 1
    lineStride = isNCHW ? channels * planeStride : roundUp(width * channels, to: 8)
    count = Int(lines) * lineStride
  }
}
