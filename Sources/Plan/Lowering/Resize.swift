import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Lines and columns taken or blended; channels stay together.
  func lowerResize() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    try requireFloat(x)
    let (from, to) = (try shape(x), try shape(out))
    guard from.count == 4, from[2] <= 1 << 24, from[3] <= 1 << 24 else { throw unsupported("the image is too large") }
    let input = try pixels(x)
    let output = try pixelDestination(out, .f32)
    guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no pixel layout") }
    let resampling = try Resampling(context)
    func taps(_ axis: Int) throws -> UnsafePointer<ResizeTap> {
      try memory.constant(
        resampling.taps(axis: axis, input: from[axis + 2], output: to[axis + 2]).map {
          ResizeTap(first: Int32($0.first), second: Int32($0.second), weight: $0.weight)
        })
    }
    try emit(
      ResizeF32Descriptor(
        batch: from[0], inputHeight: from[2], inputWidth: from[3], outputHeight: to[2], outputWidth: to[3], channels: from[1],
        inputStride: inStride, outputStride: outStride, lines: taps(0), columns: taps(1), isNearest: resampling.isNearest),
      [output, input])
    define(out, output)
  }
}
