import Tensors

extension Schema {
  private static let window: Set<String> = ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides"]

  static let pooling: [Schema] = [
    Schema(.maxPool, inputs: 1...1, attributes: window.union(["storage_order"]), infer: inferPool),
    Schema(.averagePool, inputs: 1...1, attributes: window.union(["count_include_pad"]), infer: inferPool),
    Schema(.globalAveragePool, inputs: 1...1, infer: inferGlobalPool),
    Schema(.globalMaxPool, inputs: 1...1, infer: inferGlobalPool),
    Schema(.reduceMean, inputs: 1...2, attributes: ["keepdims", "noop_with_empty_axes"], infer: inferReduce),
  ]

  private static func inferPool(_ context: InferenceContext) throws -> [ValueType] {
    // The largest of 8-bit codes is a code (ONNX since opset 12); a mean is not.
    let type = try context.node.op == .maxPool && [.u8, .s8].contains(context.type(0).dtype) ? context.type(0) : context.floatType(0)
    let x = try context.shape(0)
    guard x.count >= 3 else { throw context.failure("pooling needs spatial extents: a rank of at least 3, not \(x.count)") }
    guard let kernel = try context.node.attributes.ints("kernel_shape") else { throw context.failure("'kernel_shape' is missing") }
    _ = try context.flag("count_include_pad")
    let window = try WindowAttributes(context.node.attributes, kernel: kernel)
    for axis in kernel.indices where window.padding == .explicit {
      let span = (kernel[axis] - 1) * window.dilations[axis] + 1
      guard window.pads[axis] < span, window.pads[axis + kernel.count] < span else {
        throw context.failure("the padding \(window.pads) is as large as the window, which would see nothing else")
      }
    }
    return [ValueType(type.dtype, try Array(x.prefix(2)) + window.outputs(over: Array(x.dropFirst(2))))]
  }

  /// [N, C, spatial…] → [N, C, 1…].
  private static func inferGlobalPool(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.floatType(0)
    let x = try context.shape(0)
    guard x.count >= 3 else { throw context.failure("pooling needs spatial extents: a rank of at least 3, not \(x.count)") }
    guard !x.dropFirst(2).contains(.fixed(0)) else { throw context.failure("there is nothing to pool in \(x)") }
    return [ValueType(type.dtype, x.indices.map { $0 < 2 ? x[$0] : 1 })]
  }

  private static func inferReduce(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.floatType(0)
    let x = try context.shape(0)
    let keep = try context.flag("keepdims", default: true)
    guard let axes = try context.reducedAxes() else { return [type] }
    guard !axes.contains(where: { x[$0] == .fixed(0) }) else { throw context.failure("the mean of nothing: an axis of \(x) is empty") }
    return [ValueType(type.dtype, x.indices.compactMap { axes.contains($0) ? (keep ? 1 : nil) : x[$0] })]
  }
}

extension InferenceContext {
  /// The axes that a reduction runs over, counted from the front; nil where it is a no-op.
  package func reducedAxes() throws -> Set<Int>? {
    let rank = try shape(0).count
    try requireIntegers(1)
    let axes = try normalized(ints(1) ?? [], rank: rank)
    if axes.isEmpty { return try flag("noop_with_empty_axes") ? nil : Set(0..<rank) }
    return Set(axes)
  }
}
