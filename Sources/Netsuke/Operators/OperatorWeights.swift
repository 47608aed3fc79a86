import Compression
import KernelContract
import Tensors

/// How an operator keeps its weights.
package enum WeightFormat: Sendable {
  case f32
  /// s8 with one scale for each output; inputs are quantized to u8 over `range`, or over each call's own range where it is nil.
  case int8(range: ClosedRange<Float>?)
  /// f32 without the zeros.
  case sparse

  /// From the fields of `nsk_weights_options`.
  package init(format: Int32, low: Float, high: Float) throws {
    switch format {
    case 0: self = .f32
    case 1:
      guard low.isFinite, high.isFinite, low <= high else {
        throw Failure(.invalidArgument, "the input range \(low) … \(high) must be finite and ascending (both 0: each call's own)")
      }
      self = .int8(range: low == 0 && high == 0 ? nil : low...high)
    case 2: self = .sparse
    default: throw Failure(.invalidArgument, "there is no weight format \(format); NSK_WEIGHTS_F32 is 0, INT8 1, SPARSE 2")
    }
  }
}

/// The fields of `nsk_activation`.
package typealias ActivationFields = (kind: Int32, alpha: Float, beta: Float)

extension Epilogue {
  /// - Throws: `invalidArgument`, `notFinite`.
  init(_ fields: ActivationFields) throws {
    let (kind, alpha, beta) = fields
    guard kind == 0 || !(alpha.isNaN || beta.isNaN) else { throw Failure(.notFinite, "an activation's parameter is NaN") }
    switch kind {
    case 0: self = .none
    case 1: self = .relu
    case 2:
      guard alpha <= beta else { throw Failure(.invalidArgument, "the bounds \(alpha) … \(beta) of a clip must ascend") }
      self = .clamp(alpha, beta)
    case 3: self = .leakyRelu(alpha)
    case 4: self = .hardSigmoid(alpha: alpha, beta: beta)
    case 5: self = .hardSwish
    case 6: self = .sigmoid
    case 7: self = .tanh
    default: throw Failure(.invalidArgument, "there is no activation \(kind); NSK_ACTIVATION_NONE is 0, TANH 7")
    }
  }
}

/// Packed weights of a convolution, in one of the forms that kernels read.
enum OperatorWeights: Sendable {
  /// For `GemmF32Descriptor`, or `DepthwiseF32Descriptor` where the shape is depthwise.
  case f32(weights: Storage, bias: Storage)
  case int8(QuantizedWeights)
  case sparse(SparseWeights)

  init(_ shape: ConvolutionShape, _ weights: UnsafeBufferPointer<Float>, _ bias: UnsafeBufferPointer<Float>?, _ format: WeightFormat) throws
  {
    for (name, values) in [("weight", weights), ("bias", bias ?? UnsafeBufferPointer(start: nil, count: 0))] {
      guard values.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "a \(name) is NaN or infinite") }
    }
    let biases = bias.map(Array.init) ?? [Float](repeating: 0, count: shape.outChannels)
    switch format {
    case .f32: self = try OperatorWeights.f32(shape, weights, biases)
    case .int8(let range): self = .int8(try QuantizedWeights(shape, weights, biases, range: range))
    case .sparse:
      guard let source = weights.baseAddress else { throw Failure(.invalidArgument, "there are no weights") }
      self = .sparse(try SparseWeights(shape, source, biases))
    }
  }

  private static func f32(_ shape: ConvolutionShape, _ weights: UnsafeBufferPointer<Float>, _ bias: [Float]) throws -> OperatorWeights {
    guard let source = weights.baseAddress else { throw Failure(.invalidArgument, "there are no weights") }
    if shape.isDepthwise {
      let packing = DepthwisePacking(channels: shape.outChannels, taps: shape.taps)
      return .f32(
        weights: try Storage.of(Float.self, packing.weightCount) { packing.pack(f32: source, into: $0) },
        bias: try Storage.of(Float.self, packing.columnCount) { packing.packColumns(bias, fill: 0, into: $0) })
    }
    let packing = shape.gemmPacking
    return .f32(
      weights: try Storage.of(Float.self, packing.f32Bytes / 4) { packing.pack(f32: source, packing.oihw, into: $0) },
      bias: try Storage.of(Float.self, packing.columnCount) { packing.packColumns(bias, fill: 0, into: $0) })
  }

  /// Bytes of weights, biases and what else is kept of them.
  var byteCount: Int {
    switch self {
    case .f32(let weights, let bias): weights.byteCount + bias.byteCount
    case .int8(let quantized): quantized.byteCount
    case .sparse(let weights): weights.byteCount
    }
  }
}

extension ConvolutionShape {
  var gemmPacking: GemmPacking {
    GemmPacking(groups: groups, groupOutChannels: groupOutChannels, groupInChannels: groupInChannels, taps: taps)
  }
}

extension Storage {
  /// Zeroed room for `count` elements that `fill` writes.
  static func of<Element: BitwiseCopyable>(
    _ type: Element.Type, _ count: Int, _ fill: (UnsafeMutablePointer<Element>) throws -> Void
  ) throws -> Storage {
    try Storage(byteCount: max(count, 1) * MemoryLayout<Element>.stride) { bytes in
      if let base = bytes.bindMemory(to: type).baseAddress { try fill(base) }
    }
  }

  static func of<Element: BitwiseCopyable>(_ elements: [Element]) throws -> Storage {
    try of(Element.self, elements.count) { target in
      for (index, element) in elements.enumerated() { target[index] = element }
    }
  }

  func pointer<Element: BitwiseCopyable>(_ type: Element.Type) -> UnsafePointer<Element> { base.assumingMemoryBound(to: type) }
}
