import Compression
import KernelContract
import Tensors

/// s8 weights with one scale for each output channel, packed for the integer kernels, and how inputs become u8.
///
/// y = f(s_x s_w Σ (q_x − z) q_w + bias), the sum exact in s32 (Jacob et al. 2018, section 2).
struct QuantizedWeights: Sendable {
  private let shape: ConvolutionShape
  /// [out][depth] as the kernels want it: s8 for products, s16 for depthwise.
  private let packed: Storage
  /// For each column of the packed weights: the weights' scale (f32), the sum of their codes (s32); zeros where there is no channel.
  private let scales: Storage
  private let sums: Storage
  /// For each output channel a 1 and the bias.
  private let ones: Storage
  private let bias: Storage
  private let hasBias: Bool
  /// The inputs' quantization, nil where each call has its own.
  private let fixed: AffineParameters?

  /// The greatest depth whose sum of products of 8-bit codes always fits 32 signed bits.
  static let maximumDepth = Int(Int32.max) / (255 * 127)

  init(_ shape: ConvolutionShape, _ weights: UnsafeBufferPointer<Float>, _ bias: [Float], range: ClosedRange<Float>?) throws {
    let depth = shape.depth
    guard depth <= QuantizedWeights.maximumDepth else {
      throw Failure(.unsupported, "8-bit weights go to \(QuantizedWeights.maximumDepth) inputs for each output, not \(depth)")
    }
    var quantization: AffineQuantization?
    let codes = try Storage(byteCount: shape.weightCount) {
      quantization = try QuantizeChannels.quantize(weights, shape: [shape.outChannels, depth], axis: 0, into: $0)
    }
    let source = codes.pointer(Int8.self)
    self.shape = shape
    let scales = quantization?.scales ?? []
    let sums = (0..<shape.outChannels).map { channel in
      (0..<depth).reduce(Int32(0)) { $0 + Int32(source[channel * depth + $1]) }
    }
    if shape.isDepthwise {
      let packing = DepthwisePacking(channels: shape.outChannels, taps: shape.taps)
      packed = try Storage.of(Int16.self, packing.weightCount) { packing.pack(s8: source, into: $0) }
      self.scales = try Storage.of(Float.self, packing.columnCount) { packing.packColumns(scales, fill: 0, into: $0) }
      self.sums = try Storage.of(Int32.self, packing.columnCount) { packing.packColumns(sums, fill: 0, into: $0) }
    } else {
      let packing = shape.gemmPacking
      packed = try Storage.of(Int8.self, packing.s8Bytes) { packing.pack(s8: source, packing.oihw, into: $0) }
      self.scales = try Storage.of(Float.self, packing.columnCount) { packing.packColumns(scales, fill: 0, into: $0) }
      self.sums = try Storage.of(Int32.self, packing.columnCount) { packing.packColumns(sums, fill: 0, into: $0) }
    }
    ones = try Storage.of([Float](repeating: 1, count: shape.outChannels))
    self.bias = try Storage.of(bias)
    hasBias = bias.contains { $0 != 0 }
    fixed = try range.map { try AffineParameters.unsigned8(low: $0.lowerBound, high: $0.upperBound) }
  }

  var byteCount: Int { packed.byteCount + scales.byteCount + sums.byteCount + bias.byteCount }

  /// Elements of the arrays that `run` needs, one of s32 and one of f32.
  var columnCount: Int {
    shape.isDepthwise
      ? DepthwisePacking(channels: shape.outChannels, taps: shape.taps).columnCount : shape.gemmPacking.columnCount
  }

  /// How the elements of one call are quantized.
  /// - Throws: `notFinite`.
  func parameters(for x: UnsafeBufferPointer<Float>) throws -> AffineParameters {
    if let fixed { return fixed }
    var low: Float = 0, high: Float = 0, probe: Float = 0
    for value in x {
      low = value < low ? value : low
      high = value > high ? value : high
      // x·0 is 0 for every finite x and NaN for the others, which then sticks.
      probe += value * 0
    }
    guard probe == 0 else { throw Failure(.notFinite, "an input is NaN or infinite; its range cannot be found") }
    return try AffineParameters.unsigned8(low: low, high: high)
  }

  /// Runs on NHWC codes to NHWC floats; `bias` and `scales` are room for `columnCount` elements.
  func run(
    _ runner: StepRunner, _ geometry: Geometry, codes: UnsafeMutablePointer<UInt8>, _ parameters: AffineParameters,
    bias columnBias: UnsafeMutablePointer<Int32>, scales columnScales: UnsafeMutablePointer<Float>, to y: UnsafeMutablePointer<Float>,
    _ epilogue: Epilogue
  ) throws {
    let sums = sums.pointer(Int32.self), scales = scales.pointer(Float.self)
    for column in 0..<columnCount {
      columnBias[column] = -parameters.zeroPoint * sums[column]
      columnScales[column] = scales[column] * parameters.scale
    }
    let zeroPoint = UInt8(clamping: parameters.zeroPoint)
    if shape.isDepthwise {
      try runner(
        DepthwiseU8S8Descriptor(
          geometry: geometry, channels: shape.outChannels, inputZeroPoint: zeroPoint, weights: packed.pointer(Int16.self), bias: columnBias,
          scales: columnScales, requantization: .f32(hasBias ? .none : epilogue)), y, codes)
    } else {
      try runner(
        GemmU8S8Descriptor(
          geometry: geometry, groups: shape.groups, groupInChannels: shape.groupInChannels, groupOutChannels: shape.groupOutChannels,
          inputZeroPoint: zeroPoint, weights: packed.pointer(Int8.self), bias: columnBias, scales: columnScales,
          requantization: .f32(hasBias ? .none : epilogue)), y, codes)
    }
    guard hasBias else { return }
    // Beside the sum and not in it: in steps of a channel with tiny weights a bias can be far beyond 32 bits.
    try runner(
      ScaleShiftF32Descriptor(
        rowCount: geometry.outputPixels, channels: shape.outChannels, outputStride: shape.outChannels, inputStride: shape.outChannels,
        scale: ones.pointer(Float.self), shift: bias.pointer(Float.self), epilogue: epilogue), y, y)
  }

  /// Scratch bytes that one thread needs.
  func scratchBytes(_ geometry: Geometry) -> Int {
    let anyBias = UnsafePointer<Int32>(OpaquePointer(packed.base)), anyScales = bias.pointer(Float.self)
    if shape.isDepthwise {
      return DepthwiseU8S8Descriptor(
        geometry: geometry, channels: shape.outChannels, inputZeroPoint: 0, weights: packed.pointer(Int16.self), bias: anyBias,
        scales: anyScales, requantization: .f32()
      ).scratchBytes
    }
    return GemmU8S8Descriptor(
      geometry: geometry, groups: shape.groups, groupInChannels: shape.groupInChannels, groupOutChannels: shape.groupOutChannels,
      inputZeroPoint: 0, weights: packed.pointer(Int8.self), bias: anyBias, scales: anyScales, requantization: .f32()
    ).scratchBytes
  }
}
