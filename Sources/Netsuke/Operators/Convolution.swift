import KernelContract
import Tensors

/// A convolution with packed weights that runs on the caller's buffers; a fully connected layer is one over an image of height 1.
///
/// Immutable: any number of threads may run it at once, each in working memory of its own.
package final class Convolution: Sendable {
  package let shape: ConvolutionShape
  let weights: OperatorWeights
  let epilogue: Epilogue
  let workspace = Workspace()

  /// - Parameters:
  ///   - weights: [outChannels][inChannels / groups][kernelHeight][kernelWidth], copied.
  ///   - bias: [outChannels] or nil, copied.
  /// - Throws: `invalidArgument`, `notFinite`, `outOfMemory`, `unsupportedMachine`.
  package init(
    _ shape: ConvolutionShape, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, format: WeightFormat,
    activation: ActivationFields
  ) throws {
    _ = try HostMachine.machine()
    try shape.validate()
    self.shape = shape
    epilogue = try Epilogue(activation)
    self.weights = try OperatorWeights(
      shape, UnsafeBufferPointer(start: weights, count: shape.weightCount),
      bias.map { UnsafeBufferPointer(start: $0, count: shape.outChannels) }, format)
  }

  /// A fully connected layer of [outFeatures][inFeatures] weights; x and y are [batch][features].
  package convenience init(
    outFeatures: Int, inFeatures: Int, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, format: WeightFormat,
    activation: ActivationFields
  ) throws {
    for (name, value) in [("out_features", outFeatures), ("in_features", inFeatures)] where !(1...ConvolutionShape.limit).contains(value) {
      throw Failure(.invalidArgument, "\(name) must be 1 to \(ConvolutionShape.limit), not \(UInt(bitPattern: value))")
    }
    var shape = ConvolutionShape()
    shape.inChannels = inFeatures
    shape.outChannels = outFeatures
    shape.isNHWC = true
    try self.init(shape, weights: weights, bias: bias, format: format, activation: activation)
  }

  /// Bytes of weights and biases as they are kept.
  package var byteCount: Int { weights.byteCount }

  /// One call: images of this size from `x` to `y`, which must not overlap.
  package func run(
    _ x: UnsafePointer<Float>?, batch: Int, height: Int, width: Int, to y: UnsafeMutablePointer<Float>?, _ run: OperatorRun
  ) throws {
    try Convolution.checkBatch(batch)
    let output = try shape.outputSize(height: height, width: width)
    let inputBytes = try Tensor.checkedByteCount(.f32, batch, height, width, shape.inChannels)
    let outputBytes = try Tensor.checkedByteCount(.f32, batch, output.height, output.width, shape.outChannels)
    guard batch > 0 else { return }
    guard let x, let y else { throw Failure(.invalidArgument, "\(x == nil ? "x" : "y") is NULL") }
    let from = UnsafeRawPointer(x), to = UnsafeRawPointer(y)
    guard from + inputBytes <= to || to + outputBytes <= from else { throw Failure(.invalidArgument, "x and y overlap") }
    let call = ConvolutionCall(
      shape: shape, geometry: shape.geometry(batch: batch, height: height, width: width, output: output), epilogue: epilogue, run: run)
    switch weights {
    case .f32(let weights, let bias): try call.dense(weights, bias, workspace, x, y)
    case .int8(let quantized): try call.quantized(quantized, workspace, x, y)
    case .sparse(let weights): try call.sparse(weights, workspace, x, y)
    }
  }

  static func checkBatch(_ batch: Int) throws {
    guard (0...ConvolutionShape.limit).contains(batch) else {
      throw Failure(.invalidArgument, "the batch must be 0 to \(ConvolutionShape.limit), not \(UInt(bitPattern: batch))")
    }
  }
}
