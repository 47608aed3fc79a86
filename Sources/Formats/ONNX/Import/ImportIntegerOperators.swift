import Graph
import Tensors

/// ONNX's operators on codes ("QOperator" form) and onnxruntime's further ones of domain com.microsoft. Each becomes what it stands for:
/// DequantizeLinear, the operator on reals, QuantizeLinear; the plan runs that on codes again.
extension ImportRule {
  private static let window: Set<String> = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"]

  static let integerOperators: [ImportRule] = [
    contributed(.quantizeLinear),
    contributed(.dequantizeLinear),
    ImportRule("QLinearConv", inputs: 8...9, attributes: window.union(["group"])) { importer, node in
      let x = try importer.operand(node, 0)
      let weightScale = try importer.scales(node, 4)
      let weight = try importer.operand(node, 3, axis: 0)
      let bias = try importer.integerBias(node, 8, scales: weightScale.map { x.scale * $0 })
      let sum = try importer.add(
        .conv, [x.value, weight.value] + bias, try importer.attributes(node, window.union(["group"])), stem: "\(node.name)_sum")
      importer.requantize(node, sum, try importer.inputs(node), at: 6)
    },
    ImportRule("QLinearMatMul", inputs: 8...8) { importer, node in
      let operands = [try importer.operand(node, 0, axis: -2).value, try importer.operand(node, 3, axis: -1).value]
      importer.requantize(node, try importer.add(.matMul, operands, stem: "\(node.name)_sum"), try importer.inputs(node), at: 6)
    },
    ImportRule("com.microsoft::QGemm", inputs: 6...9, attributes: ["alpha", "transA", "transB"]) { importer, node in
      let a = try importer.operand(node, 0)
      let transposed = try node.int("transB", default: 0) != 0
      let b = try importer.operand(node, 3, axis: transposed ? 0 : 1)
      let alpha = try node.float("alpha") ?? 1
      let bias = try importer.integerBias(node, 6, scales: importer.scales(node, 4).map { alpha * a.scale * $0 })
      let attributes = try importer.attributes(node, ["alpha", "transA", "transB"])
      guard node.hasInput(7) else {
        importer.emit(.gemm, node, [a.value, b.value] + bias, attributes)
        return
      }
      let sum = try importer.add(.gemm, [a.value, b.value] + bias, attributes, stem: "\(node.name)_sum")
      importer.requantize(node, sum, try importer.inputs(node), at: 7)
    },
    binary("com.microsoft::QLinearAdd", .add),
    binary("com.microsoft::QLinearMul", .mul),
    ImportRule("com.microsoft::QLinearConcat", inputs: 5...(1 << 16), attributes: ["axis"]) { importer, node in
      guard node.inputs.count % 3 == 2 else {
        throw node.malformed("\(node.type) takes three inputs for each operand, behind two of its own")
      }
      var operands: [ValueID?] = []
      for position in stride(from: 2, to: node.inputs.count, by: 3) { operands.append(try importer.operand(node, position).value) }
      let whole = try importer.add(.concat, operands, try importer.attributes(node, ["axis"]), stem: "\(node.name)_real")
      importer.requantize(node, whole, try importer.inputs(node), at: 0)
    },
    unary("com.microsoft::QLinearGlobalAveragePool", .globalAveragePool, ["channels_last"]),
    unary("com.microsoft::QLinearAveragePool", .averagePool, window.union(["ceil_mode", "channels_last", "count_include_pad"])),
    unary("com.microsoft::QLinearSigmoid", .sigmoid),
    unary("com.microsoft::QLinearLeakyRelu", .leakyRelu, ["alpha"]),
    ImportRule("com.microsoft::QLinearSoftmax", inputs: 5...5, attributes: ["axis", "opset"]) { importer, node in
      let axis = try node.int("axis", default: -1)
      guard try node.int("opset", default: 13) >= 13 || axis == -1 else {
        throw node.unsupported("\(node.type) over several dimensions at once (opset below 13) is not supported")
      }
      let real = try importer.add(.softmax, [importer.operand(node, 0).value], ["axis": .int(axis)], stem: "\(node.name)_real")
      importer.requantize(node, real, try importer.inputs(node), at: 3)
    },
  ]

  /// The same operator under onnxruntime's domain, which had codes of 16 bits earlier.
  private static func contributed(_ rule: ImportRule) -> ImportRule {
    ImportRule(
      "com.microsoft::\(rule.type)", inputs: rule.inputs, attributes: rule.attributes, ignored: rule.ignored, apply: rule.apply)
  }

  private static func binary(_ type: String, _ op: Operator) -> ImportRule {
    ImportRule(type, inputs: 7...8) { importer, node in
      let operands = [try importer.operand(node, 0).value, try importer.operand(node, 3).value]
      importer.requantize(node, try importer.add(op, operands, stem: "\(node.name)_real"), try importer.inputs(node), at: 6)
    }
  }

  private static func unary(_ type: String, _ op: Operator, _ attributes: Set<String> = []) -> ImportRule {
    ImportRule(type, inputs: 4...5, attributes: attributes) { importer, node in
      guard try node.int("channels_last", default: 0) == 0 else {
        throw node.unsupported("\(node.type) with channels in the last place is not supported; export with channels in the second")
      }
      let real = try importer.add(
        op, [importer.operand(node, 0).value], try importer.attributes(node, attributes.subtracting(["channels_last"])),
        stem: "\(node.name)_real")
      importer.requantize(node, real, try importer.inputs(node), at: 3)
    }
  }
}

extension ONNXImporter {
  /// The reals behind codes at `position`, whose scale and zero point are the next two inputs, and the first scale.
  fileprivate mutating func operand(_ node: SourceNode, _ position: Int, axis: Int = 1) throws -> (value: ValueID, scale: Float) {
    let codes = try requiredInput(node, position)
    let inputs = [codes, try requiredInput(node, position + 1), try input(node, position + 2)]
    let scales = try scales(node, position + 1)
    let real: ValueID
    if let weight = try dequantized(inputs, axis: axis) {
      real = constant(weight, stem: "\(node.inputs[position])_real")
    } else {
      real = try add(.dequantizeLinear, inputs, scales.count == 1 ? [:] : ["axis": .int(axis)], stem: "\(node.inputs[position])_real")
    }
    return (real, scales[0])
  }

  /// Constant scales, one at least.
  fileprivate mutating func scales(_ node: SourceNode, _ position: Int) throws -> [Float] {
    let id = try requiredInput(node, position)
    guard let scale = try constant(id)?.decoded(), scale.dtype == .f32 else {
      throw node.unsupported("input \(position) of \(node.type), a scale, must be a constant of f32")
    }
    guard scale.count > 0 else { throw node.malformed("input \(position) of \(node.type), a scale, is empty") }
    return scale.floats()
  }

  /// A bias of s32 codes, whose scales are the products of the operands' and which is constant in every known model; [] without one.
  fileprivate mutating func integerBias(_ node: SourceNode, _ position: Int, scales: [Float]) throws -> [ValueID?] {
    guard let id = try input(node, position) else { return [] }
    guard let codes = try constant(id)?.decoded(), codes.dtype == .s32 else {
      throw node.unsupported("input \(position) of \(node.type), the bias, must be a constant of s32")
    }
    guard scales.count == 1 || codes.count == scales.count else {
      throw node.malformed("\(node.type) has \(codes.count) biases and \(scales.count) weight scales")
    }
    let numbers = try codes.ints()
    let reals = numbers.indices.map { Float(Double(scales[scales.count == 1 ? 0 : $0]) * Double(numbers[$0])) }
    try decoder.budget.take(4 * reals.count, for: "a bias")
    return [constant(try Tensor(codes.shape, reals), stem: "\(node.inputs[position])_real")]
  }

  /// The node's output: codes of `real`, with the scale and the zero point at `position` of `inputs`.
  fileprivate mutating func requantize(_ node: SourceNode, _ real: ValueID, _ inputs: [ValueID?], at position: Int) {
    emit(.quantizeLinear, node, [real] + inputs[position..<min(position + 2, inputs.count)], [:])
  }
}
