import Graph
import Passes
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct FoldIntoConsumerTests {
  /// A graph whose input goes through an activation and a batch normalization, on to what `build` makes of that.
  private func graph(
    _ type: [Dim], channels: Int, seed: UInt64, variance: ClosedRange<Float> = 0.5...2,
    _ build: (inout Graph, inout Random, ValueID) throws -> [ValueID]
  ) throws -> Graph {
    var random = Random(seed)
    var graph = Graph(name: "g")
    let x = graph.addInput("x", ValueType(.f32, type))
    let leaky = graph.append(.leakyRelu, "leaky", [x], ["alpha": .float(0.25)])
    let statistics = try ["scale", "bias", "mean"].map { graph.addConstant($0, try random.tensor([channels])) }
    let spread = graph.addConstant("variance", try random.tensor([channels], in: variance))
    let normalized = graph.append(.batchNormalization, "bn", [leaky] + statistics + [spread])
    graph.outputs = try build(&graph, &random, normalized)
    return graph
  }

  /// The operators that are left, where the meaning is kept.
  ///
  /// Weights, statistics and samples are of at most 1, factors of at most √2, shifts of at most 1 + √2: a term is at most 4, and so is what it
  /// adds to the bias; each is rounded once where the weight is made. The sums are the interpreter's, in double precision.
  private func simplified(_ graph: Graph, _ sample: [Int], terms: Int) throws -> [Operator] {
    var simple = graph
    try Pipeline.simplify(&simple)
    var random = Random(77)
    let input = try random.tensor(sample)
    let (before, after) = (try Interpreter(graph).run([input]), try Interpreter(simple).run([input]))
    #expect(before.count == after.count)
    for (a, b) in zip(before, after) { #expect(a.distance(to: b) <= Double(terms + 4) * 8 * 0x1p-24) }
    return simple.nodes.map(\.op)
  }

  private let image: [Dim] = [.symbol("N"), 6, 5, 8]

  @Test(arguments: [1, 2, 3, 6], [false, true])
  func intoConvolutions(groups: Int, hasBias: Bool) throws {
    for kernel in [[1, 1], [1, 2], [3, 3]] {
      let graph = try graph(image, channels: 6, seed: 1) { graph, random, x in
        let w = graph.addConstant("w", try random.tensor([12, 6 / groups] + kernel))
        let bias: [ValueID?] = hasBias ? [graph.addConstant("b", try random.tensor([12]))] : []
        let y = graph.append(
          .conv, "conv", [x, w] + bias, ["group": .int(groups), "strides": .ints([1, 2]), "pads": .ints([0, 0, 0, 0])])
        return [graph.append(.sigmoid, "y", [y])]
      }
      #expect(try simplified(graph, [2, 6, 5, 8], terms: 6 / groups * kernel[0] * kernel[1]) == [.leakyRelu, .conv])
    }
  }

  @Test(arguments: [0, 1], [false, true])
  func intoProducts(transB: Int, isFlattened: Bool) throws {
    let graph = try graph(isFlattened ? [.symbol("N"), 6, 2, 3] : [.symbol("N"), 6], channels: 6, seed: 2) { graph, random, x in
      let depth = isFlattened ? 36 : 6
      let flat = isFlattened ? graph.append(.flatten, "flat", [x]) : x
      let w = graph.addConstant("w", try random.tensor(transB == 1 ? [5, depth] : [depth, 5]))
      let c = graph.addConstant("c", try random.tensor([5]))
      return [graph.append(.gemm, "y", [flat, w, c], ["transB": .int(transB), "alpha": .float(0.5), "beta": .float(2)])]
    }
    let ops = try simplified(graph, isFlattened ? [3, 6, 2, 3] : [3, 6], terms: 36)
    #expect(ops == (isFlattened ? [.leakyRelu, .flatten, .gemm] : [.leakyRelu, .gemm]))
  }

  /// One behind the other, as blocks of a network are.
  @Test func aChainFoldsWhole() throws {
    let graph = try graph(image, channels: 6, seed: 3) { graph, random, x in
      let y = graph.append(.conv, "conv", [x, graph.addConstant("w", try random.tensor([4, 6, 1, 1]))])
      let bounded = graph.append(.tanh, "tanh", [y])
      let statistics = try (0..<3).map { graph.addConstant("s\($0)", try random.tensor([4])) }
      let spread = graph.addConstant("s3", try random.tensor([4], in: 0.5...2))
      let normalized = graph.append(.batchNormalization, "bn2", [bounded] + statistics + [spread])
      return [graph.append(.conv, "y", [normalized, graph.addConstant("w2", try random.tensor([3, 4, 2, 2]))])]
    }
    // An error of the first layer, of slope 1 through Tanh, reaches the second by at most 16 weights times √2.
    #expect(try simplified(graph, [1, 6, 5, 8], terms: 16 + 16 * 2 * 10) == [.leakyRelu, .conv, .conv])
  }

  @Test func padsKeepItOut() throws {
    let padded: [[String: Attribute]] = [
      ["pads": .ints([0, 1, 0, 1])], ["pads": .ints([0, 0, 1, 0])], ["auto_pad": .string("SAME_UPPER")],
    ]
    for attributes in padded {
      let graph = try graph(image, channels: 6, seed: 4) { graph, random, x in
        [graph.append(.conv, "y", [x, graph.addConstant("w", try random.tensor([3, 6, 2, 3]))], attributes)]
      }
      #expect(try simplified(graph, [1, 6, 5, 8], terms: 36) == [.leakyRelu, .batchNormalization, .conv])
    }
    // VALID is no padding, whatever stands in `pads`.
    let valid = try graph(image, channels: 6, seed: 4) { graph, random, x in
      [graph.append(.conv, "y", [x, graph.addConstant("w", try random.tensor([3, 6, 2, 3]))], ["auto_pad": .string("VALID")])]
    }
    #expect(try simplified(valid, [1, 6, 5, 8], terms: 36) == [.leakyRelu, .conv])
  }

  @Test func otherReadersKeepItOut() throws {
    let output = try graph(image, channels: 6, seed: 5) { graph, random, x in
      [graph.append(.conv, "y", [x, graph.addConstant("w", try random.tensor([3, 6, 1, 1]))]), x]
    }
    #expect(try simplified(output, [1, 6, 5, 8], terms: 6).contains(.batchNormalization))
    let twice = try graph(image, channels: 6, seed: 6) { graph, random, x in
      let y = graph.append(.conv, "conv", [x, graph.addConstant("w", try random.tensor([6, 6, 1, 1]))])
      return [graph.append(.add, "y", [y, x])]
    }
    #expect(try simplified(twice, [1, 6, 5, 8], terms: 6).contains(.batchNormalization))
    let sharedWeight = try graph(image, channels: 6, seed: 7) { graph, random, x in
      let w = graph.addConstant("w", try random.tensor([6, 6, 1, 1]))
      return [graph.append(.conv, "y", [graph.append(.conv, "conv", [x, w]), w])]
    }
    #expect(try simplified(sharedWeight, [1, 6, 5, 8], terms: 300).contains(.batchNormalization))
    let flatOutput = try graph([.symbol("N"), 6, 2, 3], channels: 6, seed: 8) { graph, random, x in
      let flat = graph.append(.flatten, "flat", [x])
      return [graph.append(.gemm, "y", [flat, graph.addConstant("w", try random.tensor([36, 5]))]), flat]
    }
    #expect(try simplified(flatOutput, [1, 6, 2, 3], terms: 36).contains(.batchNormalization))
  }

  /// What a weight cannot say stays: compressed elements, and products that no f32 holds.
  @Test func weightsThatCannotTakeIt() throws {
    let codes = try Tensor(.s8, [2, 6, 1, 1], (0..<12).map { Int8($0) })
    let affine = Weight.Elements.affine(codes: codes, try AffineQuantization(scales: [0.125], zeroPoints: [0], axis: nil))
    let compressed = try graph(image, channels: 6, seed: 9) { graph, _, x in
      let w = graph.addValue("w", constant: try Weight(shape: [2, 6, 1, 1], elements: affine, arrangement: .dense))
      return [graph.append(.conv, "y", [x, w])]
    }
    #expect(try simplified(compressed, [1, 6, 5, 8], terms: 6).contains(.batchNormalization))
    var huge = try graph(image, channels: 6, seed: 10, variance: 1e-8...1e-8) { graph, _, x in
      let w = graph.addConstant("w", try Tensor([1, 6, 1, 1], [Float](repeating: 1e37, count: 6)))
      return [graph.append(.conv, "y", [x, w])]
    }
    try Pipeline.simplify(&huge)
    #expect(huge.nodes.map(\.op) == [.leakyRelu, .batchNormalization, .conv])
  }
}
