import Graph
import Tensors
import Testing

/// Every operator by itself, in the layouts it meets: rank 4 before and behind a convolution (NHWC), and other ranks.
@Suite struct OperatorTests {
  private func check(_ terms: Int = 1, slack: Float = 1e-6, _ build: (inout Net) throws -> Void) throws {
    var net = Net(seed: 11)
    try build(&net)
    try expectAgreement(net.finished(), net.randomInputs(), terms: terms, slack: slack)
    try expectAgreement(net.finished(), net.randomInputs(), terms: terms, slack: slack, threads: 2)
  }

  /// A pointwise convolution: what follows meets channels innermost.
  private func image(_ net: inout Net, channels: Int = 6, _ height: Int = 5, _ width: Int = 4) throws -> ValueID {
    let x = net.input([2, 3, height, width])
    return net.node(.conv, [x, try net.constant([channels, 3, 1, 1])])
  }

  static let unary: [(Operator, [String: Attribute])] = [
    (.relu, [:]), (.sigmoid, [:]), (.hardSigmoid, ["alpha": .float(0.3), "beta": .float(0.4)]), (.hardSwish, [:]),
    (.leakyRelu, ["alpha": .float(0.2)]), (.tanh, [:]),
  ]

  @Test(arguments: unary.indices) func elementwise(_ index: Int) throws {
    let (op, attributes) = Self.unary[index]
    for shape in [[], [1], [7], [3, 5], [2, 3, 4, 5], [0, 3], [2, 1, 3, 2, 2, 2, 2]] {
      try check { net in
        let x = net.input(shape)
        net.output(net.node(op, [x], attributes))
      }
    }
    try check(4) { net in
      let x = try image(&net)
      let y = net.node(op, [x], attributes)
      net.output(y, net.node(.maxPool, [y], ["kernel_shape": .ints([2, 2])]))
    }
  }

  @Test func clip() throws {
    for (low, high) in [(-0.5, 0.5), (nil, 0.25), (-0.125, nil), (nil, nil), (0.5, -0.5)] as [(Float?, Float?)] {
      try check { net in
        let x = net.input([3, 4, 2])
        let bounds = try [low, high].map { try $0.map { try net.constant([], [$0]) } }
        net.output(net.node(.clip, [x] + bounds))
      }
    }
  }

  @Test(arguments: [Operator.add, .sub, .mul, .div]) func broadcasting(_ op: Operator) throws {
    let pairs: [([Int], [Int])] = [
      ([4, 5], [4, 5]), ([2, 3, 4, 5], [3, 1, 1]), ([2, 3, 4, 5], [1]), ([2, 3, 4, 5], []), ([5], [4, 1]), ([2, 1, 4, 1], [3, 1, 5]),
      ([2, 3, 1, 1], [2, 3, 4, 4]), ([0, 3], [3]), ([1, 3, 3, 3], [1, 3, 3, 3]),
    ]
    for (a, b) in pairs {
      try check { net in
        let x = net.input(a)
        let y = try net.constant(b, (0..<b.reduce(1, *)).map { Float($0 % 7) + 0.5 })
        net.output(net.node(op, [x, y]), net.node(op, [y, x].reversed()))
      }
    }
    try check(8) { net in
      let x = try image(&net)
      let gate = net.node(.globalAveragePool, [x])
      let y = net.node(op == .div ? .mul : op, [x, gate])
      net.output(y, net.node(op == .div ? .mul : op, [gate, y]), net.node(.add, [x, x], ["activation": .string("Relu")]))
    }
  }

  @Test func poolGrid() throws {
    for op in [Operator.maxPool, .averagePool] {
      for (kernel, strides, pads) in [
        ([2, 2], [2, 2], [0, 0, 0, 0]), ([3, 3], [2, 2], [1, 1, 1, 1]), ([3, 2], [1, 2], [1, 0, 2, 1]), ([5, 4], [1, 1], [0, 0, 0, 0]),
        ([1, 1], [2, 3], [0, 0, 0, 0]),
      ] {
        for ceil in [0, 1] {
          for counts in op == .averagePool ? [0, 1] : [0] {
            for dilation in kernel == [2, 2] ? [1, 2] : [1] {
              var attributes: [String: Attribute] = [
                "kernel_shape": .ints(kernel), "strides": .ints(strides), "pads": .ints(pads), "ceil_mode": .int(ceil),
                "dilations": .ints([dilation, dilation]),
              ]
              if op == .averagePool { attributes["count_include_pad"] = .int(counts) }
              try check(4 + kernel.reduce(1, *)) { net in
                let x = try image(&net, channels: 19, 6, 7)
                net.output(net.node(op, [x], attributes))
              }
            }
          }
        }
      }
    }
  }

  @Test func globalPoolsAndMeans() throws {
    try check(4 + 20) { net in
      let x = try image(&net)
      let pooled = net.node(.globalAveragePool, [x])
      net.output(net.node(.flatten, [pooled]), net.node(.globalMaxPool, [x]))
      for (axes, keeps) in [([2, 3], 1), ([2, 3], 0), ([1], 1), ([0, 3], 0), ([-1], 0), ([], 1)] {
        net.output(net.node(.reduceMean, [x, try net.ints(axes)], ["keepdims": .int(keeps)]))
      }
    }
    try check(12) { net in
      let x = net.input([2, 3, 2, 3, 2])
      net.output(net.node(.globalAveragePool, [x]), net.node(.globalMaxPool, [x]), net.node(.reduceMean, [x]))
    }
  }

  @Test func softmaxOnEveryAxis() throws {
    for axis in [0, 1, 2, 3, -1] {
      try check(24) { net in
        let x = try image(&net)
        net.output(net.node(.softmax, [x], ["axis": .int(axis)]))
      }
    }
    try check(10) { net in
      let x = net.input([4, 10])
      net.output(net.node(.softmax, [x]))
    }
  }

  @Test func normalizations() throws {
    try check(16) { net in
      let x = try image(&net)
      let parts = try [0.9, 0.1, -0.2, 1.5].map { value in try net.constant([6], (0..<6).map { Float(value) + Float($0) / 8 }) }
      let y = net.node(.batchNormalization, [x] + parts, ["epsilon": .float(1e-3)])
      net.output(
        net.node(.relu, [y]), net.node(.lrn, [x], ["size": .int(3), "alpha": .float(0.01), "beta": .float(0.6), "bias": .float(1.5)]))
    }
    try check(4) { net in
      let x = net.input([5, 4])
      let parts = try [0.9, 0.1, -0.2, 1.5].map { value in try net.constant([4], [Float](repeating: Float(value), count: 4)) }
      net.output(net.node(.batchNormalization, [x] + parts))
    }
  }

  @Test func movement() throws {
    try check(4) { net in
      let x = try image(&net)
      let parts = net.nodes(.split, [x, try net.ints([2, 4])], outputs: 2, ["axis": .int(1)])
      let (a, b) = (parts[0], parts[1])
      net.output(net.node(.concat, [b, a, b], ["axis": .int(1)]), net.node(.concat, [x, x], ["axis": .int(0)]))
      net.output(net.node(.concat, [a, a], ["axis": .int(3)]), net.node(.relu, [a]), net.node(.sigmoid, [b]))
      let conv = net.node(.conv, [b, try net.constant([3, 4, 2, 2])])
      net.output(conv)
      net.output(net.node(.transpose, [x], ["perm": .ints([0, 2, 3, 1])]), net.node(.transpose, [x]))
      net.output(net.node(.reshape, [x, try net.ints([2, -1])]), net.node(.flatten, [x], ["axis": .int(2)]))
      net.output(net.node(.unsqueeze, [x, try net.ints([0, 5])]))
      net.output(net.node(.slice, [x, try net.ints([1, 4]), try net.ints([6, 0]), try net.ints([1, 2]), try net.ints([2, -2])]))
      net.output(net.node(.gather, [x, try net.ints([3, 0, 0])], ["axis": .int(1)]))
      net.output(net.node(.gather, [x, net.graph.addConstant("scalar", try Tensor(.s64, [], [Int64(-1)]))], ["axis": .int(2)]))
      net.output(net.node(.channelShuffle, [x], ["groups": .int(3)]))
      net.output(net.node(.identity, [x]), net.node(.squeeze, [net.node(.globalMaxPool, [x]), try net.ints([2, 3])]))
    }
  }

  @Test func expandingAndFilling() throws {
    try check { net in
      let x = net.input([3, 1])
      let wide = net.node(.expand, [x, try net.ints([2, 3, 4])])
      net.output(wide, net.node(.relu, [wide]), net.node(.softmax, [wide]))
      net.output(net.node(.constantOfShape, [try net.ints([2, 2])], ["value": .tensor(try Tensor([1], [2.5]))]))
    }
  }

  @Test func padding() throws {
    for mode in ["constant", "edge", "reflect"] {
      try check(4) { net in
        let x = try image(&net)
        let value = mode == "constant" ? try net.constant([], [0.75]) : nil
        let padded = net.node(.pad, [x, try net.ints([0, 1, 2, 0, 0, 0, 1, 3]), value], ["mode": .string(mode)])
        net.output(padded, net.node(.maxPool, [padded], ["kernel_shape": .ints([2, 2])]))
        net.output(net.node(.pad, [x, try net.ints([-1, 1, 1, -2]), value, try net.ints([2, 3])], ["mode": .string(mode)]))
      }
    }
  }

  @Test(arguments: ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric", "align_corners"])
  func resizing(coordinates: String) throws {
    for (mode, rounding) in [
      ("linear", "floor"), ("nearest", "floor"), ("nearest", "ceil"), ("nearest", "round_prefer_floor"), ("nearest", "round_prefer_ceil"),
    ] {
      let attributes: [String: Attribute] = [
        "coordinate_transformation_mode": .string(coordinates), "mode": .string(mode), "nearest_mode": .string(rounding),
      ]
      // Three terms of at most four pixels each, whose weights round once.
      try check(16) { net in
        let (image, plain) = (try image(&net, channels: 11), net.input([2, 3, 3, 5]))
        for scales in [[2, 2], [1, 3], [0.6, 1.7]] as [[Float]] {
          let scaled = attributes.merging(["scales": .floats(scales)]) { $1 }
          net.output(net.node(.resize, [image], scaled), net.node(.resize, [plain], scaled))
        }
        for sizes in [[10, 8], [1, 1], [3, 7]] {
          net.output(
            net.node(.maxPool, [net.node(.resize, [image, try net.ints(sizes)], attributes)], ["kernel_shape": .ints([1, 1])]))
        }
      }
    }
  }

  /// Single channels that are computed straight into the pixels of a concatenation.
  @Test func singleChannelsOfPixels() throws {
    try check(12) { net in
      let x = net.input([1, 3, 9, 8])
      let parts = try (0..<3).map { channel in
        let one = net.node(
          .unsqueeze,
          [
            net.node(.gather, [x, net.graph.addConstant("i\(channel)", try Tensor(.s64, [], [Int64(channel)]))], ["axis": .int(1)]),
            try net.ints([1]),
          ])
        return net.node(.add, [net.node(.mul, [one, try net.constant([], [0.5])]), try net.constant([], [0.25])])
      }
      let joined = net.node(.concat, parts + [net.node(.conv, [x, try net.constant([5, 3, 1, 1])])], ["axis": .int(1)])
      net.output(net.node(.conv, [joined, try net.constant([20, 8, 1, 1])]), joined)
    }
  }

  @Test func gemmForms() throws {
    for (transA, transB) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
      for bias in [[], [5], [1, 5], [4, 5], [4, 1], [1]] as [[Int]] {
        for constant in [true, false] {
          try check(21) { net in
            let a = net.input(transA == 0 ? [4, 7] : [7, 4])
            let shape = transB == 0 ? [7, 5] : [5, 7]
            let b = try constant ? net.constant(shape) : net.input(shape)
            let c = try bias == [1] ? nil : net.constant(bias)
            net.output(
              net.node(
                .gemm, [a, b, c],
                ["alpha": .float(0.5), "beta": .float(2), "transA": .int(transA), "transB": .int(transB), "activation": .string("Relu")]))
          }
        }
      }
    }
  }

  @Test func matMulForms() throws {
    let pairs: [([Int], [Int])] = [
      ([4, 7], [7, 5]), ([2, 3, 4, 7], [7, 5]), ([7], [7, 5]), ([4, 7], [7]), ([7], [7]), ([2, 4, 7], [2, 7, 5]),
      ([3, 1, 4, 7], [2, 7, 5]),
    ]
    for (a, b) in pairs {
      for constant in [true, false] {
        try check(7) { net in
          let x = net.input(a)
          let y = try constant ? net.constant(b) : net.input(b)
          net.output(net.node(.matMul, [x, y]))
        }
      }
    }
    // The head of a network: pooled, flattened, multiplied.
    try check(4 + 20 + 6) { net in
      let pooled = net.node(.globalAveragePool, [try image(&net)])
      let flat = net.node(.flatten, [pooled])
      net.output(net.node(.gemm, [flat, try net.constant([10, 6]), try net.constant([10])], ["transB": .int(1)]))
    }
  }

  @Test func integersMove() throws {
    try check { net in
      let x = net.input([4, 3], .s64)
      let y = net.node(.concat, [x, x], ["axis": .int(1)])
      net.output(net.node(.transpose, [y]), net.node(.reshape, [y, try net.ints([-1])]), net.node(.cast, [x], ["to": .int(6 + 1)]))
      let table = try net.constant([2, 5])
      net.output(net.node(.gather, [table, x]))
      let bytes = net.input([2, 3], .u8)
      net.output(net.node(.cast, [bytes], ["to": .int(1)]), net.node(.cast, [net.input([5], .s8)], ["to": .int(1)]))
    }
  }

  @Test func everyOperatorIsCovered() throws {
    // What cannot be run says which node it is.
    var net = Net()
    let x = net.input([3], .s64)
    net.output(net.node(.mul, [x, try net.ints([2])]))
    #expect { try makePlan(net.finished()) } throws: { error in
      (error as? Failure)?.node == "Mul0" && (error as? Failure)?.status == .unsupported
    }
  }
}
