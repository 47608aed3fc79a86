import Compression
import Graph
import Reference
import Tensors
import Testing

/// A layer's weight is replaced by factors that multiply to it: the network must stay what it was.
@Suite struct ReplaceLayerTests {
  struct Form: Sendable, CustomTestStringConvertible {
    var kernel = [3, 3]
    var strides = [1, 1]
    var pads = [1, 1, 1, 1]
    var dilations = [1, 1]
    var groups = 1
    var rule: String?
    var testDescription: String { "\(kernel) \(strides) \(pads) \(dilations) \(groups) \(rule ?? "")" }
  }

  static let forms = [
    Form(), Form(kernel: [3, 5], strides: [2, 3], pads: [0, 2, 1, 0]), Form(kernel: [1, 1], strides: [2, 2], pads: [0, 0, 0, 0]),
    Form(kernel: [1, 1], strides: [1, 1], pads: [1, 2, 0, 1]), Form(kernel: [3, 2], pads: [2, 0, 2, 1], dilations: [2, 1]), Form(groups: 2),
    Form(kernel: [4, 3], strides: [2, 1], rule: "SAME_UPPER"), Form(kernel: [2, 5], strides: [3, 2], rule: "SAME_LOWER"),
    Form(kernel: [3, 3], strides: [2, 2], rule: "VALID"),
  ]

  /// 4 → 6 channels on 11 × 9, ReLU behind.
  private func network(_ form: Form, weight: Tensor, _ noise: inout Noise) throws -> Graph {
    var graph = Graph(name: "net")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 4, 11, 9]))
    let (w, b) = (graph.addConstant("w", weight), graph.addConstant("b", try noise.tensor([6], scale: 0.2)))
    var attributes: [String: Attribute] = [
      "strides": .ints(form.strides), "dilations": .ints(form.dilations), "group": .int(form.groups), "activation": .string("Relu"),
      "kernel_shape": .ints(form.kernel),
    ]
    if let rule = form.rule { attributes["auto_pad"] = .string(rule) } else { attributes["pads"] = .ints(form.pads) }
    let y = graph.append(.conv, "a", [x, w, b], attributes)
    graph.outputs = [graph.append(.relu, "end", [y])]
    try graph.inferTypes()
    return graph
  }

  private func compare(_ a: Graph, _ b: Graph, _ input: Tensor, terms: Int) throws {
    let (x, y) = (try Interpreter(a).run([input])[0], try Interpreter(b).run([input])[0])
    #expect(x.shape == y.shape)
    // Two chains of at most `terms` products of numbers below 1, each rounded to 2⁻²⁴ of itself.
    for (p, q) in zip(x.doubles(), y.doubles()) { #expect((p - q).magnitude < Double(terms * terms) * 0x1p-22) }
  }

  @Test(arguments: forms) func firstTheWindowThenTheChannels(_ form: Form) throws {
    var noise = Noise(3)
    let (rank, inner) = (3, 4 / form.groups), taps = form.kernel.reduce(1, *)
    let first = try noise.tensor([rank * form.groups, inner] + form.kernel, scale: 0.5), second = try noise.tensor([6, rank, 1, 1])
    var product = [Float](repeating: 0, count: 6 * inner * taps)
    let (a, b) = (first.floats(), second.floats())
    for row in 0..<6 {
      let group = row / (6 / form.groups)
      for k in 0..<rank {
        for i in 0..<inner * taps { product[row * inner * taps + i] += b[row * rank + k] * a[(group * rank + k) * inner * taps + i] }
      }
    }
    let graph = try network(form, weight: Tensor([6, inner] + form.kernel, product), &noise)
    var factored = graph
    let names = try factored.replace(
      Layer.all(in: graph)[0],
      by: [
        FactorStage(FactorShape(first.shape, groups: form.groups, axes: [0, 1]), a),
        FactorStage(FactorShape(second.shape, groups: form.groups), b),
      ])
    #expect(names == ["a.1"])
    factored.compact()
    try Verifier.verify(factored)
    #expect(try Layer.all(in: factored).map(\.name) == ["a.1", "a"])
    try compare(graph, factored, noise.tensor([2, 4, 11, 9]), terms: inner * taps * rank)
  }

  @Test(arguments: forms.filter { $0.groups == 1 }) func firstOneAxisThenTheOther(_ form: Form) throws {
    var noise = Noise(4)
    let (height, width, rank) = (form.kernel[0], form.kernel[1], 5)
    let first = try noise.tensor([rank, 4, height, 1], scale: 0.5), second = try noise.tensor([6, rank, 1, width], scale: 0.5)
    let (a, b) = (first.floats(), second.floats())
    var product = [Float](repeating: 0, count: 6 * 4 * height * width)
    for n in 0..<6 {
      for k in 0..<rank {
        for c in 0..<4 {
          for y in 0..<height {
            for x in 0..<width {
              product[((n * 4 + c) * height + y) * width + x] += b[(n * rank + k) * width + x] * a[(k * 4 + c) * height + y]
            }
          }
        }
      }
    }
    let graph = try network(form, weight: Tensor([6, 4, height, width], product), &noise)
    var factored = graph
    try factored.replace(
      Layer.all(in: graph)[0],
      by: [FactorStage(FactorShape(first.shape, axes: [0]), a), FactorStage(FactorShape(second.shape, axes: [1]), b)])
    try Verifier.verify(factored)
    try compare(graph, factored, noise.tensor([1, 4, 11, 9]), terms: 4 * height * width * rank)
  }

  /// alpha · A·B + beta · C with all turns, and a product of three dimensions.
  @Test(arguments: [(0, 0), (0, 1), (1, 0), (1, 1)]) func products(transA: Int, transB: Int) throws {
    var noise = Noise(5)
    let first = try noise.tensor([2, 7], scale: 0.5), second = try noise.tensor([5, 2])
    let (a, b) = (first.floats(), second.floats())
    func product(transposed: Bool) throws -> Tensor {
      var elements = [Float](repeating: 0, count: 35)
      for row in 0..<5 {
        for i in 0..<7 { for k in 0..<2 { elements[transposed ? row * 7 + i : i * 5 + row] += b[row * 2 + k] * a[k * 7 + i] } }
      }
      return try Tensor(transposed ? [5, 7] : [7, 5], elements)
    }
    var graph = Graph(name: "net")
    let x = graph.addInput("x", ValueType(.f32, transA == 1 ? [7, 3] : [3, 7]))
    let z = graph.addInput("z", ValueType(.f32, [2, 3, 7]))
    let (w, c) = (graph.addConstant("w", try product(transposed: transB == 1)), graph.addConstant("c", try noise.tensor([3, 5])))
    let v = graph.addConstant("v", try product(transposed: false))
    graph.outputs = [
      graph.append(
        .gemm, "g", [x, w, c], ["transA": .int(transA), "transB": .int(transB), "alpha": .float(0.7), "beta": .float(-1.5)]),
      graph.append(.matMul, "m", [z, v]),
    ]
    try graph.inferTypes()
    var factored = graph
    for name in ["g", "m"] {
      let layer = try #require(try Layer.all(in: factored).first { $0.name == name })
      try factored.replace(layer, by: [FactorStage(FactorShape([2, 7]), a), FactorStage(FactorShape([5, 2]), b)])
    }
    try Verifier.verify(factored)
    let inputs = [try noise.tensor(transA == 1 ? [7, 3] : [3, 7]), try noise.tensor([2, 3, 7])]
    for (p, q) in zip(try Interpreter(graph).run(inputs), try Interpreter(factored).run(inputs)) {
      #expect(p.shape == q.shape)
      // 14 products of numbers below 2, rounded to 2⁻²⁴ of themselves at each of three places.
      for (p, q) in zip(p.doubles(), q.doubles()) { #expect((p - q).magnitude < 14 * 2 * 3 * 0x1p-24) }
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    var noise = Noise(6)
    let graph = try network(Form(), weight: noise.tensor([6, 4, 3, 3]), &noise)
    let layer = try Layer.all(in: graph)[0]
    func stage(_ shape: [Int], _ axes: [Int]) throws -> FactorStage {
      try FactorStage(FactorShape(shape, axes: axes), [Float](repeating: 1, count: shape.reduce(1, *)))
    }
    for stages in [
      [], [try stage([3, 4, 3, 3], [0, 1])], [try stage([3, 4, 3, 3], [0, 1]), try stage([6, 2, 1, 1], [])],
      [try stage([3, 4, 3, 3], [0]), try stage([6, 3, 1, 1], [])], [try stage([3, 5, 3, 3], [0, 1]), try stage([6, 3, 1, 1], [])],
    ] {
      var copy = graph
      #expect(throws: Failure.self) { try copy.replace(layer, by: stages) }
    }
  }

  @Test func multiplyAccumulatesAreThoseOfTheChain() throws {
    // 3 × 3 of stride 2 on 28 × 28: the vertical part leaves 14 × 28 positions.
    let geometry = FactorGeometry(inputs: [28, 28], outputs: [14, 14])
    let chain = [FactorShape([16, 32, 3, 1], axes: [0]), FactorShape([64, 16, 1, 3], axes: [1])]
    #expect(geometry.macs(chain) == 14 * 28 * 16 * 32 * 3 + 14 * 14 * 64 * 16 * 3)
    #expect(geometry.macs([FactorShape([Int.max / 2, 8])]) == Int.max)
  }
}
