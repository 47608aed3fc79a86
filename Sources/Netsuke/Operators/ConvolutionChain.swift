import KernelContract
import Tensors

/// Convolutions one behind the other as one operator: a layer, or the factors that stand for one.
///
/// What lies between two of them is NHWC in working memory. Immutable, as its stages are.
package final class ConvolutionChain: Sendable {
  package let stages: [Convolution]
  private let workspace = Workspace()

  /// The most factors of a layer.
  package static let limit = 16

  package init(_ layer: Convolution) { stages = [layer] }

  /// - Parameters:
  ///   - shapes: the first one's input is the chain's, the last one's output its result; all of one layout.
  ///   - weights: of each stage, copied.
  ///   - bias: of the last stage, or nil; the others have none.
  ///   - format: of all weights. A range of inputs is that of the first stage; the others take each call's own.
  ///   - activations: of each stage.
  /// - Throws: as `Convolution`, and `shapeMismatch` where a stage does not take what the one before gives.
  package init(
    _ shapes: [ConvolutionShape], weights: [UnsafePointer<Float>], bias: UnsafePointer<Float>?, format: WeightFormat,
    activations: [ActivationFields]
  ) throws {
    guard (1...ConvolutionChain.limit).contains(shapes.count), weights.count == shapes.count, activations.count == shapes.count else {
      throw Failure(.invalidArgument, "a layer has 1 to \(ConvolutionChain.limit) factors, not \(shapes.count)")
    }
    var between = format
    if case .int8 = format { between = .int8(range: nil) }
    stages = try shapes.indices.map { index in
      var shape = shapes[index]
      try shape.validate()
      let (isFirst, isLast) = (index == 0, index == shapes.count - 1)
      if !isFirst, shapes[index - 1].outChannels != shape.inChannels {
        throw Failure(
          .shapeMismatch,
          "factor \(index) takes \(shape.inChannels) channels, but factor \(index - 1) gives \(shapes[index - 1].outChannels)")
      }
      guard shape.isNHWC == shapes[0].isNHWC else {
        throw Failure(.invalidArgument, "factor \(index) has another layout than factor 0; a layer has one")
      }
      if !isFirst { shape.inputIsNHWC = true }
      if !isLast { shape.outputIsNHWC = true }
      return try Convolution(
        shape, weights: weights[index], bias: isLast ? bias : nil, format: isFirst ? format : between, activation: activations[index])
    }
  }

  /// A fully connected layer whose weights are a product: factor i is [features[i + 1]][features[i]], and factor 0 is the first to be applied.
  package convenience init(
    features: [Int], factors: [UnsafePointer<Float>], bias: UnsafePointer<Float>?, format: WeightFormat, activation: ActivationFields
  ) throws {
    for (index, value) in features.enumerated() where !(1...ConvolutionShape.limit).contains(value) {
      throw Failure(.invalidArgument, "features[\(index)] must be 1 to \(ConvolutionShape.limit), not \(UInt(bitPattern: value))")
    }
    let shapes = factors.indices.map { index in
      var shape = ConvolutionShape()
      (shape.inChannels, shape.outChannels, shape.isNHWC) = (features[index], features[index + 1], true)
      return shape
    }
    var activations = [ActivationFields](repeating: (0, 0, 0), count: factors.count)
    if !activations.isEmpty { activations[activations.count - 1] = activation }
    try self.init(shapes, weights: factors, bias: bias, format: format, activations: activations)
  }

  /// Bytes of weights and biases as they are kept.
  package var byteCount: Int { stages.reduce(0) { $0 + $1.byteCount } }

  /// Height and width of the result.
  /// - Throws: `shapeMismatch` where a kernel does not fit.
  package func outputSize(height: Int, width: Int) throws -> (height: Int, width: Int) {
    var size = (height: height, width: width)
    for stage in stages { size = try stage.shape.outputSize(height: size.height, width: size.width) }
    return size
  }

  /// One call of fully connected layers.
  package func run(_ x: UnsafePointer<Float>?, rows: Int, to y: UnsafeMutablePointer<Float>?, _ run: OperatorRun) throws {
    try Convolution.checkBatch(rows)
    guard rows > 0 else { return }
    try self.run(x, batch: 1, height: 1, width: rows, to: y, run)
  }

  /// One call: images of this size from `x` to `y`, which must not overlap.
  package func run(
    _ x: UnsafePointer<Float>?, batch: Int, height: Int, width: Int, to y: UnsafeMutablePointer<Float>?, _ run: OperatorRun
  ) throws {
    if stages.count == 1 { return try stages[0].run(x, batch: batch, height: height, width: width, to: y, run) }
    try Convolution.checkBatch(batch)
    let result = try outputSize(height: height, width: width)
    let inputBytes = try Tensor.checkedByteCount(.f32, batch, height, width, stages[0].shape.inChannels)
    let outputBytes = try Tensor.checkedByteCount(.f32, batch, result.height, result.width, stages[stages.count - 1].shape.outChannels)
    guard batch > 0 else { return }
    guard let x, let y else { throw Failure(.invalidArgument, "\(x == nil ? "x" : "y") is NULL") }
    let (from, to) = (UnsafeRawPointer(x), UnsafeRawPointer(y))
    guard from + inputBytes <= to || to + outputBytes <= from else { throw Failure(.invalidArgument, "x and y overlap") }
    // Two blocks take turns: a stage reads what the one before wrote and writes over what that one read.
    var sizes = (0, 0)
    var size = (height: height, width: width)
    for (index, stage) in stages.dropLast().enumerated() {
      size = try stage.shape.outputSize(height: size.height, width: size.width)
      let bytes = try Tensor.checkedByteCount(.f32, batch, size.height, size.width, stage.shape.outChannels)
      if index % 2 == 0 { sizes.0 = max(sizes.0, bytes) } else { sizes.1 = max(sizes.1, bytes) }
    }
    var layout = WorkspaceLayout()
    let blocks = (try layout.add(sizes.0, of: .u8), try layout.add(sizes.1, of: .u8))
    try workspace.withBytes(layout.byteCount) { base in
      var input = x
      var size = (height: height, width: width)
      for (index, stage) in stages.enumerated() {
        let isLast = index == stages.count - 1
        let output = isLast ? y : (base + (index % 2 == 0 ? blocks.0 : blocks.1)).assumingMemoryBound(to: Float.self)
        try stage.run(input, batch: batch, height: size.height, width: size.width, to: output, run)
        size = try stage.shape.outputSize(height: size.height, width: size.width)
        input = UnsafePointer(output)
      }
    }
  }
}
