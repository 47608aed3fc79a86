import Graph
import Tensors

/// Affine weights as the integer kernels take them: s8, zero points subtracted, one scale for each output channel.
struct IntegerWeights {
  /// Dense, in the weight's own order.
  private(set) var codes: [Int8]
  private(set) var scales: [Float]
  /// Σ of each output channel's codes.
  private(set) var sums: [Int32]
  /// Whether `fitting` gave codes that depend on the bias and the input, so that they belong to one node.
  private(set) var isRescaled = false
  /// Elements from one output channel to the next.
  private let stride: Int

  /// Products of more terms could overflow 32 bits: 255 · 128 · 32768 = 2³⁰, which leaves as much for the bias.
  static let maximumDepth = 32_768

  /// Nil unless the elements are affine, per tensor or along `outputAxis` without groups, and fit s8 without their zero points.
  init?(_ weight: Weight, outputAxis: Int) {
    guard case .affine(let stored, let quantization) = weight.elements, weight.shape.indices.contains(outputAxis),
      quantization.axis == nil || quantization.axis == outputAxis, quantization.group == nil
    else { return nil }
    let outputs = weight.shape[outputAxis]
    guard outputs > 0, weight.count / outputs <= IntegerWeights.maximumDepth else { return nil }
    let stride = weight.shape[(outputAxis + 1)...].reduce(1, *)
    let single = quantization.scales.count == 1
    let signed = stored.dtype == .s8
    var codes = [Int8](repeating: 0, count: weight.count)
    var sums = [Int32](repeating: 0, count: outputs)
    var fits = true
    let bytes = stored.bytes
    weight.forEachStored { position, dense in
      let channel = dense / stride % outputs
      let code = signed ? Int32(Int8(bitPattern: bytes[position])) : Int32(bytes[position])
      let centered = Int64(code) - Int64(quantization.zeroPoints[single ? 0 : channel])
      guard let narrow = Int8(exactly: centered) else { return fits = false }
      codes[dense] = narrow
      sums[channel] += Int32(narrow)
    }
    guard fits else { return nil }
    self.codes = codes
    self.sums = sums
    self.stride = stride
    scales = single ? [Float](repeating: quantization.scales[0], count: outputs) : quantization.scales
  }

  /// These weights with each channel's scale at least so large that its bias fits the accumulator.
  ///
  /// A channel that is all but dead has a scale so small that bias / (input scale · weight scale) passes 2³⁰. Its scale is raised to
  /// where that is 2³⁰, and its codes are rounded anew, which moves each product by at most half the new scale times 255 input scales:
  /// a sum of n products by |bias| · n · 255 / 2³¹, for n = 4608 by 1/1800 of the bias.
  func fitting(_ bias: [Float], input: CodeParameters) -> IntegerWeights {
    var result = self
    for channel in scales.indices {
      let least = Float(Double(bias[channel].magnitude) / (Double(input.scale) * 0x1p30)).nextUp
      if least > scales[channel], least.isFinite { result.raiseScale(of: channel, to: least) }
    }
    return result
  }

  private mutating func raiseScale(of channel: Int, to scale: Float) {
    let ratio = Double(scales[channel]) / Double(scale)
    let outputs = scales.count
    sums[channel] = 0
    for index in codes.indices where index / stride % outputs == channel {
      // The ratio is below 1, so the code stays in range.
      codes[index] = Int8((Double(codes[index]) * ratio).rounded(.toNearestOrEven))
      sums[channel] += Int32(codes[index])
    }
    scales[channel] = scale
    isRescaled = true
  }

  /// The bias of the exact accumulator: round(bias / (input scale · weight scale)) − zeroPoint · Σ codes; nil where it does not fit.
  func accumulatorBias(_ bias: [Float], input: CodeParameters) -> [Int32]? {
    var result = [Int32](repeating: 0, count: scales.count)
    for channel in scales.indices {
      let rounded = (Double(bias[channel]) / (Double(input.scale) * Double(scales[channel]))).rounded(.toNearestOrEven)
      guard rounded.magnitude <= 0x1p30 else { return nil }
      result[channel] = Int32(rounded) &- input.zeroPoint &* sums[channel]
    }
    return result
  }

  /// What turns an accumulator into output codes (or into reals, without an output).
  func requantizationScales(input: CodeParameters, output: CodeParameters?) -> [Float] {
    scales.map { input.scale * $0 / (output?.scale ?? 1) }
  }
}
