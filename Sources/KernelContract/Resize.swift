/// Resize of the lines and columns of images: `out[y, x] = Σ weights · in[lines of y, columns of x]`, each position between two of the input.
///
/// `out[y, x] = (1 − v)·((1 − w)·in[t, l] + w·in[t, r]) + v·((1 − w)·in[b, l] + w·in[b, r])` with (t, b, v) the tap of line y and (l, r, w) that
/// of column x; with `isNearest` in[t, l] as it is. A task is an output line of one image.
///
/// Buffers: output, input; both [image][y][x] of pixels `…Stride` floats apart, of which the first `channels` count.
package struct ResizeF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.resizeF32

  package var batch: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var channels: Int
  package var inputStride: Int
  package var outputStride: Int
  /// One for each output line, and one for each output column.
  package var lines: UnsafePointer<ResizeTap>
  package var columns: UnsafePointer<ResizeTap>
  package var isNearest: Bool

  package init(
    batch: Int, inputHeight: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int, channels: Int, inputStride: Int, outputStride: Int,
    lines: UnsafePointer<ResizeTap>, columns: UnsafePointer<ResizeTap>, isNearest: Bool
  ) {
    self.batch = batch
    (self.inputHeight, self.inputWidth) = (inputHeight, inputWidth)
    (self.outputHeight, self.outputWidth) = (outputHeight, outputWidth)
    self.channels = channels
    (self.inputStride, self.outputStride) = (inputStride, outputStride)
    (self.lines, self.columns) = (lines, columns)
    self.isNearest = isNearest
  }

  package var taskCount: Int { channels == 0 || outputWidth == 0 ? 0 : batch * outputHeight }
  package var scratchBytes: Int { 0 }
}

/// Two positions of the input along an axis, and the share of the second.
package struct ResizeTap: BitwiseCopyable, Sendable {
  package var first: Int32
  package var second: Int32
  package var weight: Float

  package init(first: Int32, second: Int32, weight: Float) {
    self.first = first
    self.second = second
    self.weight = weight
  }
}
