/// Small ONNX models, written field by field, with what exporters write and a graph of ours no longer has: Constant nodes, Identity of
/// initializers, old attribute forms, auto_pad, shape arithmetic, quantized weights, external and typed data.
enum ONNXSeeds {
  private static func message(_ fields: [(UInt64, ProtobufTree.Content)]) -> ProtobufTree.Content {
    var tree = ProtobufTree()
    tree.fields = fields.map { ProtobufTree.Field(number: $0.0, content: $0.1) }
    return .message(tree)
  }

  private static func text(_ value: String) -> ProtobufTree.Content { .bytes(Array(value.utf8)) }

  private static func ints(_ name: String, _ values: [Int]) -> (UInt64, ProtobufTree.Content) {
    (5, message([(1, text(name)), (20, .varint(7))] + values.map { (8, .varint(UInt64(bitPattern: Int64($0)))) }))
  }

  private static func int(_ name: String, _ value: Int) -> (UInt64, ProtobufTree.Content) {
    (5, message([(1, text(name)), (3, .varint(UInt64(bitPattern: Int64(value)))), (20, .varint(2))]))
  }

  private static func string(_ name: String, _ value: String) -> (UInt64, ProtobufTree.Content) {
    (5, message([(1, text(name)), (4, text(value)), (20, .varint(3))]))
  }

  private static func node(
    _ op: String, _ inputs: [String], _ outputs: [String], _ attributes: [(UInt64, ProtobufTree.Content)] = []
  ) -> (UInt64, ProtobufTree.Content) {
    let names = inputs.map { (UInt64(1), text($0)) } + outputs.map { (UInt64(2), text($0)) }
    return (1, message(names + [(3, text("node " + (outputs.first ?? op))), (4, text(op))] + attributes))
  }

  /// An initializer: element type (1 f32, 3 s8, 7 s64), extents, raw bytes.
  private static func raw(_ name: String, _ type: UInt64, _ dims: [Int], _ bytes: [UInt8]) -> ProtobufTree.Content {
    message(dims.map { (1, .varint(UInt64($0))) } + [(2, .varint(type)), (8, text(name)), (9, .bytes(bytes))])
  }

  private static func floats(_ name: String, _ dims: [Int]) -> ProtobufTree.Content {
    raw(
      name, 1, dims,
      NSKSamples.floats(dims.reduce(1, *)).flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
  }

  private static func int64s(_ name: String, _ values: [Int64]) -> ProtobufTree.Content {
    message([
      (1, .varint(UInt64(values.count))), (2, .varint(7)), (7, .bytes(values.flatMap { MutateBytes.varint(UInt64(bitPattern: $0)) })),
      (8, text(name)),
    ])
  }

  private static func value(_ name: String, _ dims: [String]) -> ProtobufTree.Content {
    let shape = message(dims.map { (1, message([Int($0).map { (1, .varint(UInt64($0))) } ?? (2, text($0))])) })
    return message([(1, text(name)), (2, message([(1, message([(1, .varint(1)), (2, shape)]))]))])
  }

  private static func model(
    opset: UInt64, _ nodes: [(UInt64, ProtobufTree.Content)], _ initializers: [ProtobufTree.Content], input: [String], output: String
  ) -> [UInt8] {
    let ends: [(UInt64, ProtobufTree.Content)] = [(11, value("x", input)), (12, value(output, ["N", "?"]))]
    let graph = message(nodes + [(2, text("g"))] + initializers.map { (5, $0) } + ends)
    let fields: [(UInt64, ProtobufTree.Content)] = [(1, .varint(8)), (2, text("seed")), (7, graph), (8, message([(2, .varint(opset))]))]
    guard case .message(let tree) = message(fields) else { return [] }
    return tree.encoded
  }

  static var all: [[UInt8]] {
    [
      model(
        opset: 9,
        [
          node(
            "Conv", ["x", "w", "b"], ["c"], [ints("kernel_shape", [3, 3]), string("auto_pad", "SAME_UPPER"), ints("strides", [2, 2])]),
          node("BatchNormalization", ["c", "s", "s", "s", "s"], ["n"]), node("Clip", ["n"], ["r"]),
          node("Dropout", ["r"], ["d"]), node("Sum", ["d", "d", "r"], ["t"]),
          node("AveragePool", ["t"], ["p"], [ints("kernel_shape", [2, 2]), int("ceil_mode", 1)]),
          node("Squeeze", ["p"], ["q"], [ints("axes", [3])]), node("Unsqueeze", ["q"], ["u"], [ints("axes", [3])]),
          node("Pad", ["u"], ["v"], [ints("pads", [0, 0, 1, 1, 0, 0, 1, 1])]), node("Softmax", ["v"], ["y"], [int("axis", 1)]),
        ], [floats("w", [4, 2, 3, 3]), floats("b", [4]), floats("s", [4])], input: ["N", "2", "6", "6"], output: "y"),
      model(
        opset: 17,
        [
          node("Identity", ["w0"], ["w"]), node("Conv", ["x", "w"], ["c"], [ints("pads", [1, 1, 1, 1])]),
          node("Constant", [], ["axes"], [(5, message([(1, text("value")), (5, int64s("", [2, 3])), (20, .varint(4))]))]),
          node("ReduceMean", ["c"], ["m"], [ints("axes", [2, 3]), int("keepdims", 0)]), node("Shape", ["x"], ["sh"]),
          node("Gather", ["sh", "zero"], ["batch"]), node("Unsqueeze", ["batch", "zeros"], ["b1"]),
          node("Concat", ["b1", "minus"], ["target"], [int("axis", 0)]), node("Reshape", ["m", "target"], ["f"]),
          node("Slice", ["f", "zeros", "ends", "ones"], ["l"]), node("Gemm", ["l", "g"], ["y"], [int("transB", 1)]),
        ],
        [
          floats("w0", [4, 2, 3, 3]), raw("zero", 7, [], [UInt8](repeating: 0, count: 8)), int64s("zeros", [0]), int64s("ones", [1]),
          int64s("minus", [-1]), int64s("ends", [4]), floats("g", [3, 4]),
        ], input: ["N", "2", "6", "6"], output: "y"),
      model(
        opset: 13,
        [
          node("QuantizeLinear", ["x", "sx", "zx"], ["qx"]), node("DequantizeLinear", ["qx", "sx", "zx"], ["dx"]),
          node("DequantizeLinear", ["qw", "sw", "zw"], ["w"], [int("axis", 0)]), node("Conv", ["dx", "w", ""], ["y"], [int("group", 2)]),
        ],
        [
          floats("sx", [1]), raw("zx", 2, [1], [7]), raw("qw", 3, [4, 1, 3, 3], (0..<36).map { UInt8($0) }), floats("sw", [4]),
          raw("zw", 3, [4], [0, 0, 0, 0]),
        ], input: ["N", "2", "6", "6"], output: "y"),
      model(
        opset: 18,
        [
          node("MatMul", ["x", "e"], ["a"]), node("Split", ["a"], ["h", "i"], [int("axis", 1), int("num_outputs", 2)]),
          node("Mul", ["h", "i"], ["y"]),
        ],
        [
          message([
            (1, .varint(4)), (1, .varint(6)), (2, .varint(1)), (8, text("e")), (14, .varint(1)),
            (13, message([(1, text("location")), (2, text("../secret.bin"))])), (13, message([(1, text("length")), (2, text("96"))])),
          ])
        ], input: ["N", "4"], output: "y"),
    ]
  }
}
