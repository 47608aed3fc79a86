import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Emits the step from the accumulators of an integer product to codes, where the result wants one of its own.
  ///
  /// - Parameters:
  ///   - sums: s32, one row of output channels for each pixel.
  ///   - output: u8, of the same shape.
  func emitFixedRequantization(
    _ result: IntegerOutput, _ activation: Activation, _ weights: IntegerWeights, _ input: CodeParameters, from sums: View, to output: View
  ) throws {
    guard result.isFixedPoint, let parameters = result.parameters, let range = parameters.range(activation) else { return }
    guard let inStride = sums.pixelStride, let outStride = output.pixelStride, sums.shape.count > 1 else {
      throw unsupported("no pixel layout")
    }
    let channels = sums.shape[1]
    // In double precision from the f32 scales, as TensorFlow Lite prepares its multipliers.
    let scales = weights.scales.map { FixedPointScale(Double(input.scale) * Double($0) / Double(parameters.scale)) }
    let pixels = channels == 0 ? 0 : sums.shape.reduce(1, *) / channels
    try emit(
      RequantizeFixedDescriptor(
        rows: Rows(count: pixels, width: channels), outputStride: outStride, inputStride: inStride, scales: try memory.constant(scales),
        zeroPoint: parameters.zeroPoint, low: range.low, high: range.high), [output, sums], fusing: ["QuantizeLinear"])
  }
}
