import Graph
import Plan
import Reference
import Tensors
import Testing

/// Graphs between QuantizeLinear and DequantizeLinear run on codes: at least 999 of 1000 equal to those of the float graph that the
/// interpreter computes, and none off by more than one (docs/numerics.md).
@Suite struct QuantizedTests {
  private func expectCodes(_ net: Net, rounds: Int = 6, sourceLocation: SourceLocation = #_sourceLocation) throws -> Plan {
    var net = net
    let graph = try net.finished()
    var (different, total) = (0, 0)
    let plan = try makePlan(graph)
    for round in 0..<rounds {
      let inputs = try net.randomInputs()
      let expected = try Interpreter(graph).run(inputs)
      let actual = try execute(graph, inputs, threads: 1 + round % 3)
      for (a, b) in zip(actual, expected) {
        #expect(a.dtype == b.dtype && a.shape == b.shape, sourceLocation: sourceLocation)
        for (x, y) in zip(a.doubles(), b.doubles()) {
          total += 1
          if x != y { different += 1 }
          #expect(abs(x - y) <= 1, sourceLocation: sourceLocation)
        }
      }
    }
    #expect(different * 1000 <= total, "\(different) of \(total) codes differ", sourceLocation: sourceLocation)
    return plan
  }

  private func kernels(_ plan: Plan) -> [String] { plan.steps.map(\.kernel) }

  @Test(arguments: [DType.u8, .s8]) func convolutions(_ dtype: DType) throws {
    for (groups, outputs, kernel) in [(1, 24, 3), (1, 33, 1), (2, 8, 3), (16, 16, 3), (16, 32, 3)] {
      for activation: Activation in [.none, .relu, .clip(low: 0, high: 2), .hardSwish] {
        var net = Net(seed: 21)
        let x = net.input([1, 16, 9, 8])
        let q = try net.quantized(x, scale: 0.008, zero: 121, dtype)
        let w = try net.integerWeights([outputs, 16 / groups, kernel, kernel])
        var attributes = Attributes(["group": .int(groups), "pads": .ints([kernel / 2, kernel / 2, kernel / 2, kernel / 2])])
        activation.store(in: &attributes)
        let y = net.node(.conv, [q, w, try net.gridBias(outputs, input: 0.008)], attributes.values)
        net.output(try net.codes(y, scale: 0.03, zero: 100, dtype))
        let plan = try expectCodes(net)
        #expect(kernels(plan).contains { $0.contains("u8s8") })
      }
    }
  }

  /// A channel whose weights are all but zero and whose bias is not: its scale is far too small for the accumulator as it stands.
  @Test(arguments: [1, 16]) func deadChannelsStayIntegers(_ groups: Int) throws {
    var net = Net(seed: 31)
    let q = try net.quantized(net.input([1, 16, 7, 7]), scale: 0.008, zero: 121)
    let shape = [16, 16 / groups, 3, 3]
    let scales = (0..<16).map { $0 % 5 == 2 ? Float(1e-14) : 0.002 }
    let codes = (0..<shape.reduce(1, *)).map { _ in Int8(net.random.int(-127...127)) }
    let quantization = try AffineQuantization(scales: scales, zeroPoints: [Int32](repeating: 0, count: 16), axis: 0)
    let weight = try Weight(shape: shape, elements: .affine(codes: Tensor(.s8, shape, codes), quantization), arrangement: .dense)
    let bias = (0..<16).map { $0 % 5 == 2 ? 0.5 : Float(net.random.int(-20000...20000)) * 0.002 * 0.008 }
    let y = net.node(
      .conv, [q, net.graph.addValue("w", constant: weight), try net.constant([16], bias)],
      ["group": .int(groups), "pads": .ints([1, 1, 1, 1])])
    net.output(try net.codes(y, scale: 0.03, zero: 100))
    #expect(kernels(try expectCodes(net)).allSatisfy { !$0.contains("gemm_f32") && !$0.contains("depthwise_f32") })
  }

  @Test func convolutionToReals() throws {
    var net = Net(seed: 22)
    let q = try net.quantized(net.input([1, 8, 6, 6]), scale: 0.01, zero: 128)
    net.output(
      net.node(.conv, [q, try net.integerWeights([8, 8, 3, 3]), try net.gridBias(8, input: 0.01)], ["activation": .string("Relu")]))
    let graph = try net.finished()
    // The integer sum is exact; what differs is the float graph's rounding of every scaled code and weight, and of the bias.
    try expectAgreement(graph, net.randomInputs(), terms: 2, slack: 0)
    #expect(kernels(try makePlan(graph)).contains { $0.contains("u8s8") })
  }

  @Test func products() throws {
    for transB in [0, 1] {
      var net = Net(seed: 23)
      let q = try net.quantized(net.input([3, 40]), scale: 0.008, zero: 128)
      let w = try net.integerWeights(transB == 1 ? [12, 40] : [40, 12], axis: 1 - transB)
      let y = net.node(.gemm, [q, w, try net.gridBias(12, input: 0.008)], ["transB": .int(transB)])
      net.output(try net.codes(y, scale: 0.05, zero: 120))
      #expect(kernels(try expectCodes(net, rounds: 30)).contains { $0.contains("gemm_u8s8") })
    }
    var net = Net(seed: 24)
    let q = try net.quantized(net.input([3, 40]), scale: 0.008, zero: 128)
    net.output(try net.codes(net.node(.matMul, [q, try net.integerWeights([40, 12], axis: 1)]), scale: 0.05, zero: 120))
    #expect(kernels(try expectCodes(net, rounds: 30)).contains { $0.contains("gemm_u8s8") })
  }

  @Test func sums() throws {
    for activation: Activation in [.none, .relu] {
      var net = Net(seed: 25)
      let a = try net.quantized(net.input([2, 8, 7, 5]), scale: 0.008, zero: 128)
      let b = try net.quantized(net.input([2, 8, 7, 5]), scale: 0.0079, zero: 100)
      var attributes = Attributes()
      activation.store(in: &attributes)
      net.output(try net.codes(net.node(.add, [a, b], attributes.values), scale: 0.015, zero: 90))
      #expect(kernels(try expectCodes(net, rounds: 10)).contains { $0.contains("add_u8") })
    }
  }

  @Test func functionsAreTables() throws {
    for (op, attributes) in OperatorTests.unary {
      var net = Net(seed: 26)
      let q = try net.quantized(net.input([2, 4, 6, 6]), scale: 0.01, zero: 110)
      net.output(try net.codes(net.node(op, [q], attributes), scale: 0.007, zero: 30))
      let plan = try expectCodes(net)
      #expect(kernels(plan).contains { $0.contains("lookup") } && !kernels(plan).contains { $0.contains("unary") })
    }
  }

  @Test func pools() throws {
    for op in [Operator.maxPool, .averagePool, .globalAveragePool] {
      var net = Net(seed: 27)
      let q = try net.quantized(net.input([1, 20, 9, 9]), scale: 0.01, zero: 110)
      let window: [String: Attribute] = op == .globalAveragePool ? [:] : ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1])]
      net.output(try net.codes(net.node(op, [q], window), scale: op == .maxPool ? 0.01 : 0.0061803, zero: 110))
      #expect(kernels(try expectCodes(net, rounds: 12)).contains { $0.contains("pool_u8") })
    }
  }

  /// Two branches of different scales joined, shuffled, reshaped: no step but the products and one change of scale.
  @Test func movementKeepsCodes() throws {
    var net = Net(seed: 28)
    let x = try net.quantized(net.input([1, 8, 6, 6]), scale: 0.008, zero: 128)
    func branch(_ scale: Float) throws -> ValueID {
      let y = net.node(.conv, [x, try net.integerWeights([8, 8, 1, 1]), try net.gridBias(8, input: 0.008)])
      return try net.quantized(y, scale: scale, zero: 100)
    }
    let joined = net.node(.concat, [try branch(0.03), try branch(0.04)], ["axis": .int(1)])
    let whole = try net.quantized(joined, scale: 0.03, zero: 100)
    let shuffled = net.node(.channelShuffle, [whole], ["groups": .int(2)])
    let parts = net.nodes(.split, [shuffled], outputs: 2, ["axis": .int(1), "num_outputs": .int(2)])
    let y = net.node(.conv, [parts[1], try net.integerWeights([8, 8, 1, 1]), try net.gridBias(8, input: 0.03)])
    net.output(try net.codes(y, scale: 0.1, zero: 128), net.node(.flatten, [parts[0]]))
    let plan = try makePlan(net.finished())
    #expect(!kernels(plan).dropLast(2).contains { $0.contains("dequantize") || $0.contains("unary") })
    #expect(plan.steps.filter { $0.kernel.contains("lookup") }.count == 1)
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let (actual, expected) = (try execute(graph, inputs), try Interpreter(graph).run(inputs))
    for index in 0..<2 {
      // One code of the first tensor is worth 0.03 at the second output, and one code at the first.
      let unit = index == 0 ? 1.0 : 0.0301
      let off = zip(actual[index].doubles(), expected[index].doubles()).filter { $0 != $1 }
      #expect(off.allSatisfy { abs($0 - $1) <= unit } && off.count * 100 <= actual[index].count)
    }
  }

  @Test func codesComeAndGo() throws {
    var net = Net(seed: 29)
    let signed = net.input([2, 3, 4, 4], .s8)
    let reals = net.node(
      .dequantizeLinear, [signed, try net.constant([], [0.5]), net.graph.addConstant("z", try Tensor(.s8, [], [Int8(3)]))])
    let pooled = net.node(.maxPool, [reals], ["kernel_shape": .ints([2, 2])])
    net.output(pooled, try net.codes(pooled, scale: 0.5, zero: 3, .s8), try net.codes(reals, scale: 1, zero: 128))
    let plan = try expectCodes(net)
    #expect(plan.outputs.map(\.dtype) == [.f32, .s8, .u8])
  }

  /// ONNX's MaxPool takes codes as they are.
  @Test(arguments: [DType.u8, .s8]) func theLargestCode(_ dtype: DType) throws {
    var net = Net(seed: 33)
    let codes = net.input([2, 5, 7, 6], dtype)
    net.output(net.node(.maxPool, [codes], ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])]))
    let plan = try expectCodes(net)
    #expect(plan.outputs.map(\.dtype) == [dtype] && kernels(plan).contains { $0.contains("pool_u8") })
  }

  @Test func weightsThatFitNoIntegerKernelAreDecoded() throws {
    var net = Net(seed: 30)
    let x = net.input([1, 4, 5, 5])
    net.output(net.node(.conv, [x, try net.integerWeights([6, 4, 3, 3])]))
    try expectAgreement(net.finished(), net.randomInputs(), terms: 36)
  }
}

extension Net {
  /// Quantized and dequantized again.
  mutating func quantized(_ id: ValueID, scale: Float, zero: Int, _ dtype: DType = .u8) throws -> ValueID {
    let codes = try codes(id, scale: scale, zero: zero, dtype)
    let parameters = graph.nodes[graph.nodes.count - 1].inputs.dropFirst()
    return node(.dequantizeLinear, [codes] + parameters)
  }

  mutating func codes(_ id: ValueID, scale: Float, zero: Int, _ dtype: DType = .u8) throws -> ValueID {
    let s = try constant([], [scale])
    let zeroPoint =
      dtype == .u8 ? try Tensor(.u8, [], [UInt8(zero)]) : try Tensor(.s8, [], [Int8(truncatingIfNeeded: zero - 128)])
    return node(.quantizeLinear, [id, s, graph.addConstant("z\(graph.values.count)", zeroPoint)])
  }

  /// s8 weights with a scale for each output channel, `percent` of a hundred of them not zero.
  mutating func integerWeights(_ shape: [Int], axis: Int = 0, percent: Int = 100) throws -> ValueID {
    let codes = (0..<shape.reduce(1, *)).map { _ in Int8(percent == 100 || random.int(0...99) < percent ? random.int(-127...127) : 0) }
    let quantization = try AffineQuantization(
      scales: weightScales(shape[axis]), zeroPoints: [Int32](repeating: 0, count: shape[axis]), axis: axis)
    let weight = try Weight(shape: shape, elements: .affine(codes: Tensor(.s8, shape, codes), quantization), arrangement: .dense)
    return graph.addValue("w\(graph.values.count)", constant: weight)
  }

  private func weightScales(_ count: Int) -> [Float] { (0..<count).map { 0.002 + Float($0 % 5) * 0.0005 } }

  /// A bias on the accumulator's grid, as a quantizer makes it.
  mutating func gridBias(_ count: Int, input: Float) throws -> ValueID {
    try constant([count], weightScales(count).map { Float(random.int(-20000...20000)) * $0 * input })
  }
}
