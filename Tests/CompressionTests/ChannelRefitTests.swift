import Compression
import Graph
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct ChannelRefitTests {
  /// A chain of layers and what a test needs to build others.
  private struct Chain {
    var graph = Graph(name: "chain")
    var noise = Noise(2)
    var last: ValueID

    init(_ shape: [Int]) { last = graph.addInput("x", ValueType(.f32, shape.map(Dim.fixed))) }

    @discardableResult
    mutating func conv(
      _ name: String, _ shape: [Int], relu: Bool = true, pad: Int = 0, from input: ValueID? = nil,
      edit: (inout [Float], inout [Float]) -> Void = { _, _ in }
    ) throws -> ValueID {
      var weight = try noise.tensor(shape, scale: 0.5).floats(), bias = try noise.tensor([shape[0]], scale: 0.3).floats()
      edit(&weight, &bias)
      let w = graph.addConstant("\(name).weight", try Tensor(shape, weight)),
        b = graph.addConstant("\(name).bias", try Tensor([shape[0]], bias))
      var attributes: [String: Attribute] = ["pads": .ints([pad, pad, pad, pad])]
      if relu { attributes["activation"] = .string("Relu") }
      last = graph.append(.conv, name, [input ?? last, w, b], attributes)
      return last
    }

    mutating func finish() throws -> Graph {
      graph.outputs = [last]
      try graph.inferTypes()
      return graph
    }

    mutating func samples(_ count: Int) throws -> Samples {
      let shape = graph[graph.inputs[0]].type?.shape?.fixed ?? []
      return Samples(tensors: try (0..<count).map { _ in [try noise.tensor(shape)] })
    }
  }

  private func pruned(
    _ graph: Graph, _ samples: Samples?, _ options: String, gradients: (any GradientSource)? = nil
  ) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"prune.channels\", \(options)}]}")
    var compressor = Compressor(evaluator: InterpreterEvaluator())
    compressor.gradients = gradients
    return try compressor.compress(graph, recipe: recipe, samples: samples) { _ in 1 }
  }

  private func distance(_ a: Graph, _ b: Graph, _ samples: Samples) throws -> Double {
    try samples.tensors.map { try Interpreter(a).run($0)[0].distance(to: Interpreter(b).run($0)[0]) }.max() ?? 0
  }

  /// Half of the channels are copies of the others: whatever stays of each pair, the layer behind can make up for the other.
  @Test(arguments: ["l1", "lasso", "thinet"])
  func copiesCanGoWithoutLoss(criterion: String) throws {
    var chain = Chain([1, 3, 6, 6])
    try chain.conv("a", [8, 3, 3, 3], pad: 1) { weight, bias in
      for channel in 4..<8 {
        bias[channel] = bias[channel - 4] * 0.25
        for i in 0..<27 { weight[channel * 27 + i] = weight[(channel - 4) * 27 + i] * 0.25 }
      }
    }
    try chain.conv("b", [5, 8, 3, 3], relu: false, pad: 1) { weight, _ in
      // Copies contribute less, and in the same direction.
      for row in 0..<5 { for i in 0..<36 { weight[row * 72 + 36 + i] = weight[row * 72 + i] * 0.5 } }
    }
    let graph = try chain.finish()
    let samples = try chain.samples(12)
    let (small, report) = try pruned(graph, samples, "\"criterion\": \"\(criterion)\", \"damping\": 1e-7")
    let layers = try Layer.all(in: small)
    #expect(
      layers[0].shape == [4, 3, 3, 3] && layers[1].shape == [5, 4, 3, 3]
        && !report.notes.contains { $0.contains("refitted") || $0.contains("least") })
    // Moments are summed in f32 products: 1e-7 times a condition number of at most 1e3.
    #expect(try distance(graph, small, samples) < 2e-4)
    let plain = try pruned(graph, samples, "\"criterion\": \"\(criterion)\", \"refit\": \"none\"").graph
    #expect(try distance(graph, plain, samples) > 0.05)
  }

  /// Channels that never vary are constants: the next bias takes them.
  @Test(arguments: ["bias", "statistics", "weights"])
  func constantsAreFolded(refit: String) throws {
    var chain = Chain([1, 3, 6, 6])
    try chain.conv("a", [6, 3, 1, 1]) { weight, bias in
      for channel in [1, 3, 4] {
        bias[channel] = 0.7
        for i in 0..<3 { weight[channel * 3 + i] = 0 }
      }
    }
    try chain.conv("b", [4, 6, 3, 3], relu: false)
    let graph = try chain.finish()
    let samples = try chain.samples(12)
    // Without samples, what is constant shows in the weights.
    for given in [samples, nil] {
      let small = try pruned(graph, given, "\"criterion\": \"l1\", \"refit\": \"\(refit)\", \"damping\": 1e-7").graph
      #expect(try distance(graph, small, samples) < 2e-4)
    }
    #expect(try distance(graph, pruned(graph, samples, "\"criterion\": \"l1\", \"refit\": \"none\"").graph, samples) > 0.05)
  }

  @Test func modesImproveOnEachOther() throws {
    var chain = Chain([1, 3, 8, 8])
    try chain.conv("a", [16, 3, 3, 3], pad: 1)
    try chain.conv("b", [12, 16, 3, 3], pad: 1)
    try chain.conv("c", [6, 12, 1, 1], relu: false)
    let graph = try chain.finish()
    let samples = try chain.samples(24)
    func error(_ mode: String) throws -> Double {
      let small = try pruned(graph, samples, "\"criterion\": \"l2\", \"ratio\": 0.4, \"refit\": \"\(mode)\"").graph
      var sum = 0.0
      for sample in samples.tensors {
        let (a, b) = (try Interpreter(graph).run(sample)[0].doubles(), try Interpreter(small).run(sample)[0].doubles())
        sum += zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      return sum
    }
    let none = try error("none"), bias = try error("bias"), scale = try error("scale"), weights = try error("weights")
    #expect(weights < scale && scale < bias && bias < none)
  }

  /// The last layer of a branch makes up for what the shortcut has lost.
  @Test func branchesReconstructTheSum() throws {
    var chain = Chain([2, 3, 5, 5])
    let stem = try chain.conv("stem", [6, 3, 1, 1])
    try chain.conv("a", [8, 6, 3, 3], pad: 1)
    let branch = try chain.conv("b", [6, 8, 1, 1], relu: false)
    chain.last = chain.graph.append(.add, "sum", [stem, branch])
    let graph = try chain.finish()
    let samples = try chain.samples(3)
    var changed = graph
    let layers = try Layer.all(in: graph)
    changed[layers[0].weight].constant = Weight(try chain.noise.tensor([6, 3, 1, 1]))
    let step = StepContext(
      options: Options(values: [:]), layers: [], path: "test", evaluator: InterpreterEvaluator(), samples: samples,
      progress: ProgressReporter(nil), ledger: Ledger())
    let targets = try OriginalTargets(graph, step)
    let moments = try #require(try targets.moments(layers[2], in: changed)).all
    // E[Y₁ − Y₁′ + Y₂] by channel, where Y₁ + Y₂ is the original's sum.
    var means = [Double](repeating: 0, count: 6), count = 0.0
    for sample in samples.tensors {
      let sum = try Interpreter(graph).run(sample)[0].doubles()
      let shortcut = try Interpreter(changed).run(sample, observing: [stem])[1].doubles()
      for (index, value) in zip(sum, shortcut).map({ $0 - $1 }).enumerated() { means[index / 25 % 6] += value }
      count += 50
    }
    #expect(zip(moments.outputMeans, means).allSatisfy { abs($0 - $1 / count) < 1e-5 })
  }

  /// What a channel contributes, from the Gram matrix, against its contribution computed alone.
  @Test(arguments: [true, false])
  func contributionsAreThoseOfSingleChannels(centred: Bool) throws {
    var chain = Chain([1, 4, 5, 5])
    try chain.conv("a", [3, 4, 3, 3], relu: false, pad: 1)
    let graph = try chain.finish()
    let samples = try chain.samples(2)
    let step = StepContext(
      options: Options(values: [:]), layers: [], path: "test", evaluator: InterpreterEvaluator(), samples: samples,
      progress: ProgressReporter(nil), ledger: Ledger())
    let targets = try OriginalTargets(graph, step)
    let layer = try Layer.all(in: graph)[0]
    let moments = try #require(try targets.moments(layer, in: graph)).all
    let matrix = LayerMatrix(layer, try graph.decodedWeight(layer))
    var found = ContributionMoments(count: 3)
    // Channel 2 of the four belongs to another group.
    try found.add(moments, matrix, channels: [0, 1, nil, 2], centred: centred, multiply: targets.multiply)
    func contribution(_ channel: Int) throws -> [Double] {
      var alone = graph
      var weight = matrix.elements
      for index in weight.indices where index / 9 % 4 != channel { weight[index] = 0 }
      alone[layer.weight].constant = Weight(try Tensor([3, 4, 3, 3], weight))
      alone.nodes[0].inputs[2] = nil
      return centre(try samples.tensors.flatMap { try Interpreter(alone).run($0)[0].doubles() })
    }
    /// By output channel of 25 elements.
    func centre(_ values: [Double]) -> [Double] {
      guard centred else { return values }
      var sums = [0.0, 0, 0]
      for (index, value) in values.enumerated() { sums[index / 25 % 3] += value }
      return values.enumerated().map { $0.element - sums[$0.offset / 25 % 3] * 3 / Double(values.count) }
    }
    let parts = try [0, 1, 3].map(contribution), other = try contribution(2)
    let y = centre(try samples.tensors.flatMap { try Interpreter(graph).run($0)[0].doubles() })
    func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let energy = product(y, y)
    for i in 0..<3 {
      for j in 0..<3 { #expect(abs(found.gram[i * 3 + j] - product(parts[i], parts[j]) / energy) < 1e-5) }
      #expect(abs(found.targets[i] - (product(parts[i], y) - product(parts[i], other)) / energy) < 1e-5)
    }
  }
}
