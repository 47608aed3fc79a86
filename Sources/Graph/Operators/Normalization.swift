import Tensors

extension Schema {
  static let normalization: [Schema] = [
    Schema(
      .batchNormalization, inputs: 5...5, attributes: ["epsilon", "momentum", "training_mode"], infer: inferBatchNormalization),
    Schema(.lrn, inputs: 1...1, attributes: ["alpha", "beta", "bias", "size"]) { context in
      let type = try context.floatType(0)
      guard try context.shape(0).count >= 2 else { throw context.failure("LRN needs channels: a rank of at least 2") }
      let size = try context.node.attributes.int("size", default: 0)
      guard size >= 1, size <= 1 << 24 else { throw context.failure("'size' must be at least 1, it is \(size)") }
      for name in ["alpha", "beta", "bias"] { _ = try context.node.attributes.float(name, default: 0) }
      return [type]
    },
  ]

  /// X [N, C, …], then scale, bias, mean and variance, each [C].
  private static func inferBatchNormalization(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.floatType(0)
    let shape = try context.shape(0)
    guard shape.count >= 2 else { throw context.failure("BatchNormalization needs channels: a rank of at least 2") }
    guard try !context.flag("training_mode") else {
      throw Failure(.unsupported, "BatchNormalization in training mode; export the model for inference", node: context.node.name)
    }
    _ = try context.node.attributes.float("epsilon", default: 1e-5)
    for position in 1...4 {
      try context.require(position, type.dtype)
      let statistic = try context.shape(position)
      guard statistic.count == 1 else { throw context.failure("input \(position) must have rank 1, it has \(statistic.count)") }
      try context.requireEqual(statistic[0], shape[1], "input \(position) does not have one number for each channel")
    }
    return [type]
  }
}
