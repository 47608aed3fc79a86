import Graph
import Tensors
import Testing

@Suite struct ConvTests {
  struct Case: Sendable, CustomStringConvertible {
    var batch = 1, channels = 3, outputs = 5, height = 9, width = 7, kernel = [3, 3], groups = 1
    var strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]
    var activation: Activation = .none
    var description: String {
      "\(batch)x\(channels)x\(height)x\(width) → \(outputs), k\(kernel) g\(groups) s\(strides) p\(pads) d\(dilations)"
    }
  }

  static let cases: [Case] = {
    var cases: [Case] = [
      Case(), Case(batch: 2, kernel: [1, 1]), Case(kernel: [1, 1], strides: [2, 2]), Case(pads: [1, 1, 1, 1]),
      Case(kernel: [5, 3], pads: [2, 0, 1, 1]), Case(strides: [2, 1], pads: [1, 2, 0, 1]), Case(pads: [2, 2, 2, 2], dilations: [2, 2]),
      Case(channels: 4, outputs: 6, groups: 2, pads: [1, 1, 1, 1]), Case(channels: 6, outputs: 3, groups: 3),
      Case(batch: 2, channels: 8, outputs: 8, groups: 8, pads: [1, 1, 1, 1]),
      Case(channels: 17, outputs: 17, groups: 17, strides: [2, 2], pads: [0, 0, 1, 1]),
      Case(channels: 5, outputs: 10, groups: 5, pads: [1, 1, 1, 1]), Case(channels: 1, outputs: 1, kernel: [2, 2]),
      Case(channels: 35, outputs: 33, kernel: [1, 1]), Case(channels: 40, outputs: 18, pads: [1, 1, 1, 1]),
      Case(channels: 4, outputs: 16, height: 1, width: 1, kernel: [1, 1]), Case(batch: 0), Case(kernel: [9, 7]),
    ]
    for activation: Activation in [
      .relu, .clip(low: -0.25, high: 0.5), .leakyRelu(alpha: 0.1), .hardSwish, .sigmoid, .tanh, .hardSigmoid(alpha: 0.2, beta: 0.5),
    ] {
      cases.append(Case(activation: activation))
      cases.append(Case(channels: 16, outputs: 16, groups: 16, pads: [1, 1, 1, 1], activation: activation))
    }
    return cases
  }()

  @Test(arguments: cases) func agrees(_ test: Case) throws {
    var net = Net(seed: 3)
    let x = net.input([test.batch, test.channels, test.height, test.width])
    let w = try net.constant([test.outputs, test.channels / test.groups] + test.kernel)
    let bias = try net.constant([test.outputs])
    var attributes = Attributes([
      "group": .int(test.groups), "strides": .ints(test.strides), "pads": .ints(test.pads), "dilations": .ints(test.dilations),
    ])
    test.activation.store(in: &attributes)
    net.output(net.node(.conv, [x, w, bias], attributes.values))
    let terms = test.channels / test.groups * test.kernel.reduce(1, *)
    try expectAgreement(net.finished(), net.randomInputs(), terms: terms)
    try expectAgreement(net.finished(), net.randomInputs(), terms: terms, threads: 3)
  }

  /// A batch normalization behind an activation: part of the convolution's step where that is a product or depthwise with a clamp or a leaky
  /// ReLU, and nothing else reads what stands between; a step of its own elsewhere.
  @Test func normalizationsBehindActivations() throws {
    func steps(_ activation: Activation, groups: Int = 1, kernel: Int = 1, isShared: Bool = false) throws -> Int {
      var net = Net(seed: 9)
      let x = net.input([2, 32, 8, 8])
      var attributes = Attributes(["group": .int(groups), "pads": .ints([Int](repeating: kernel / 2, count: 4))])
      activation.store(in: &attributes)
      let w = try net.constant([32, 32 / groups, kernel, kernel])
      let y = net.node(.conv, [x, w, try net.constant([32])], attributes.values)
      let statistics = try [[Float](repeating: 0.75, count: 32), nil, nil].map { try net.constant([32], $0) }
      let variance = try net.constant([32], (0..<32).map { 1 + Float($0) / 16 })
      net.output(net.node(.batchNormalization, [y] + statistics + [variance]))
      if isShared { net.output(y) }
      let graph = try net.finished()
      let inputs = try net.randomInputs()
      for threads in [1, 3] { try expectAgreement(graph, inputs, terms: 32 / groups * kernel * kernel + 8, threads: threads) }
      return try makePlan(graph, exact: true).steps.filter { !$0.kernel.contains("transpose") && !$0.kernel.contains("copy") }.count
    }
    for activation: Activation in [.relu, .clip(low: -0.25, high: 0.5), .leakyRelu(alpha: 0.1)] {
      #expect(try steps(activation) == 1)
      #expect(try steps(activation, groups: 32, kernel: 3) == 1)
      #expect(try steps(activation, groups: 2, kernel: 3) == 1)
      #expect(try steps(activation, isShared: true) == 2)
    }
    #expect(try steps(.sigmoid) == 2)
    #expect(try steps(.tanh, groups: 32, kernel: 3) == 2)
  }

  @Test(arguments: ["SAME_UPPER", "SAME_LOWER", "VALID"]) func automaticPadding(_ mode: String) throws {
    var net = Net(seed: 4)
    let x = net.input([1, 3, 8, 7])
    let w = try net.constant([4, 3, 3, 2])
    net.output(net.node(.conv, [x, w], ["auto_pad": .string(mode), "strides": .ints([2, 2])]))
    try expectAgreement(net.finished(), net.randomInputs(), terms: 18)
  }

  @Test func oneDimension() throws {
    var net = Net(seed: 5)
    let x = net.input([2, 6, 19])
    let w = try net.constant([8, 3, 4])
    let y = net.node(.conv, [x, w], ["group": .int(2), "pads": .ints([2, 1]), "strides": .ints([2])])
    let pooled = net.node(.maxPool, [y], ["kernel_shape": .ints([2]), "strides": .ints([2])])
    net.output(net.node(.concat, [pooled, pooled], ["axis": .int(1)]), net.node(.averagePool, [y], ["kernel_shape": .ints([3])]))
    try expectAgreement(net.finished(), net.randomInputs(), terms: 12 * 3)
  }

  /// conv(x) + x with an activation: one step with a residual, and the same numbers.
  @Test(arguments: [false, true]) func residual(swapped: Bool) throws {
    var net = Net(seed: 6)
    let x = net.input([1, 8, 5, 5])
    let first = net.node(.conv, [x, try net.constant([8, 8, 1, 1])])
    let second = net.node(.conv, [first, try net.constant([8, 8, 3, 3])], ["pads": .ints([1, 1, 1, 1])])
    let sum = net.node(.add, swapped ? [first, second] : [second, first], ["activation": .string("Relu")])
    net.output(sum)
    let graph = try net.finished()
    // Two layers: the bound of the second covers the first's error carried on, as both count in Σ|a||b|.
    try expectAgreement(graph, net.randomInputs(), terms: 80)
    let plan = try makePlan(graph)
    #expect(plan.steps.contains { $0.operators == ["Conv", "Add", "Relu"] })
    #expect(!plan.steps.contains { $0.operators.first == "Add" })
  }
}
