import Graph
import Tensors

extension ImportRule {
  /// QuantizeLinear. A constant is quantized at once (quantization-aware training exports weights as float, quantize, dequantize).
  static let quantizeLinear = ImportRule(
    "QuantizeLinear", inputs: 2...3, attributes: ["axis", "output_dtype", "block_size"], ignored: ["saturate", "precision"]
  ) { importer, node in
    var inputs = try importer.quantizationInputs(node)
    let code = try node.int("output_dtype", default: 0)
    if inputs.count == 2 || inputs[2] == nil {
      // Without a zero point the codes are u8, unless opset 21's attribute says otherwise.
      let dtype = try code == 0 ? DType.u8 : ElementType(code: code, of: "the result of QuantizeLinear '\(node.name)'").dtype
      if dtype != .u8 {
        let scales = importer.constant(inputs[1])?.shape ?? []
        inputs = [inputs[0], inputs[1], importer.constant(try Tensor(dtype, scales) { _ in }, stem: "\(node.name)_zero_point")]
      }
    }
    if let codes = try importer.quantized(inputs, axis: node.int("axis", default: 1)) {
      importer.define(node, Weight(codes))
      return
    }
    importer.emit(.quantizeLinear, node, inputs, try importer.attributes(node, ["axis"]))
  }

  /// DequantizeLinear. Constant s8 or u8 codes become a weight with affine elements; other constant codes (the s32 of a bias) floats.
  static let dequantizeLinear = ImportRule(
    "DequantizeLinear", inputs: 2...3, attributes: ["axis", "block_size"], ignored: ["output_dtype"]
  ) { importer, node in
    if let weight = try importer.dequantizedBlocks(node) {
      importer.define(node, weight)
      return
    }
    let inputs = try importer.quantizationInputs(node)
    if let weight = try importer.dequantized(inputs, axis: node.int("axis", default: 1)) {
      importer.define(node, weight)
      return
    }
    importer.emit(.dequantizeLinear, node, inputs, try importer.attributes(node, ["axis"]))
  }
}

extension ONNXImporter {
  fileprivate mutating func quantizationInputs(_ node: SourceNode) throws -> [ValueID?] {
    guard try node.int("block_size", default: 0) == 0 else {
      throw node.unsupported(
        "\(node.type) in blocks (block_size) is supported for constant matrices of 8-bit codes only; quantize per tensor or per axis")
    }
    return try inputs(node)
  }

  /// A constant matrix of codes with scales for blocks of one axis. Nil where that is not what the node reads.
  fileprivate mutating func dequantizedBlocks(_ node: SourceNode) throws -> Weight? {
    let size = try node.int("block_size", default: 0)
    guard size > 0 else { return nil }
    let inputs = try inputs(node)
    guard let codes = try constant(inputs[0])?.decoded(), codes.dtype == .u8 || codes.dtype == .s8, codes.shape.count == 2,
      let scale = try constant(inputs[1])?.decoded(), scale.dtype == .f32
    else { return nil }
    let stated = try node.int("axis", default: 1), axis = stated == -2 ? 0 : stated == -1 ? 1 : stated
    guard axis == 0 || axis == 1 else { return nil }
    let group = AffineQuantization.Group(axis: axis, size: size)
    let channels = codes.shape[1 - axis], groups = group.count(over: codes.shape[axis])
    guard scale.shape == (axis == 1 ? [channels, groups] : [groups, channels]) else { return nil }
    let order = (0..<scale.count).map { axis == 1 ? $0 : $0 % groups * channels + $0 / groups }
    let scales = scale.floats()
    var zeroPoints = [Int32](repeating: 0, count: scales.count)
    if inputs.count > 2, let id = inputs[2] {
      guard let zeros = try constant(id)?.decoded(), zeros.shape == scale.shape else { return nil }
      zeroPoints = try zeros.ints().map { Int32(truncatingIfNeeded: $0) }
    }
    guard scales.allSatisfy({ $0.isFinite && $0 > 0 }), !scales.isEmpty else { return nil }
    let quantization = try AffineQuantization(
      scales: order.map { scales[$0] }, zeroPoints: order.map { zeroPoints[$0] }, axis: 1 - axis, group: group)
    return try Weight(shape: codes.shape, elements: .affine(codes: codes, quantization), arrangement: .dense)
  }

  /// Scales and zero points of constant quantization parameters, where they are usable for `shape`.
  private func parameters(_ inputs: [ValueID?], axis: Int, shape: [Int]) throws -> AffineQuantization? {
    guard let scale = try constant(inputs[1])?.decoded(), scale.dtype == .f32, scale.shape.count <= 1 else { return nil }
    let scales = scale.floats()
    var zeroPoints = [Int32](repeating: 0, count: scales.count)
    if inputs.count > 2, let id = inputs[2] {
      guard let tensor = try constant(id)?.decoded(), tensor.count == scales.count else { return nil }
      zeroPoints = try tensor.ints().map { Int32(truncatingIfNeeded: $0) }
    }
    guard scales.allSatisfy({ $0.isFinite && $0 > 0 }), !scales.isEmpty else { return nil }
    if scales.count == 1 { return try AffineQuantization(scales: scales, zeroPoints: zeroPoints, axis: nil) }
    let (axis, overflow) = axis < 0 ? axis.addingReportingOverflow(shape.count) : (axis, false)
    guard !overflow, shape.indices.contains(axis), shape[axis] == scales.count else { return nil }
    return try AffineQuantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
  }

  /// The codes of a constant: q = clamp(round(x / scale) + zero point), ties to even. Nil where something is not constant.
  fileprivate func quantized(_ inputs: [ValueID?], axis: Int) throws -> Tensor? {
    guard let values = try constant(inputs[0])?.decoded(), values.dtype == .f32,
      let parameters = try parameters(inputs, axis: axis, shape: values.shape)
    else { return nil }
    let dtype = inputs.count > 2 ? constant(inputs[2])?.dtype ?? .u8 : .u8
    guard dtype == .u8 || dtype == .s8 else { return nil }
    let bounds: ClosedRange<Float> = dtype == .u8 ? 0...255 : -128...127
    let (stride, channels) = parameters.channelStride(in: values.shape)
    let floats = values.elements(as: Float.self)
    try decoder.budget.take(values.count, for: "a quantized constant")
    return try Tensor(dtype, values.shape) { out in
      for index in 0..<floats.count {
        let channel = channels == 1 ? 0 : index / stride % channels
        let code = (floats[index] / parameters.scales[channel]).rounded(.toNearestOrEven) + Float(parameters.zeroPoints[channel])
        let clamped = code.isNaN ? Float(parameters.zeroPoints[channel]) : min(max(code, bounds.lowerBound), bounds.upperBound)
        out[index] = UInt8(truncatingIfNeeded: Int(clamped))
      }
    }
  }

  /// The weight that constant codes stand for. Nil where something is not constant or the parameters are unusual: then the node stays.
  func dequantized(_ inputs: [ValueID?], axis: Int) throws -> Weight? {
    guard let codes = try constant(inputs[0])?.decoded(), !codes.dtype.isFloat,
      let parameters = try parameters(inputs, axis: axis, shape: codes.shape)
    else { return nil }
    if codes.dtype == .u8 || codes.dtype == .s8 {
      return try Weight(shape: codes.shape, elements: .affine(codes: codes, parameters), arrangement: .dense)
    }
    let (stride, channels) = parameters.channelStride(in: codes.shape)
    try decoder.budget.take(codes.count * 4, for: "a dequantized constant")
    let numbers = try codes.ints()
    return Weight(
      try Tensor(.f32, codes.shape) { out in
        let floats = out.assumingMemoryBound(to: Float.self)
        for index in numbers.indices {
          let channel = channels == 1 ? 0 : index / stride % channels
          floats[index] = Float(Double(parameters.scales[channel]) * (Double(numbers[index]) - Double(parameters.zeroPoints[channel])))
        }
      })
  }
}
