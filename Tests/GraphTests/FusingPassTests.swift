import Graph
import Passes
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct FusingPassTests {
  private func simplified(_ type: ValueType, _ build: (inout Graph, ValueID) throws -> ValueID) throws -> [String] {
    var graph = Graph(name: "g")
    let x = graph.addInput("x", type)
    graph.outputs = [try build(&graph, x)]
    var simple = graph
    try Pipeline.simplify(&simple)
    // Whatever was rewritten must mean the same; these patterns change roundings only, of numbers of at most 100.
    var random = Random(5)
    let sample = try random.tensor((type.shape ?? []).map { $0.value ?? 2 }, in: -4...4)
    let (before, after) = (try Interpreter(graph).run([sample])[0], try Interpreter(simple).run([sample])[0])
    #expect(before.distance(to: after) <= 100 * 4 * 0x1p-24)
    return body(simple)
  }

  private let image = ValueType(.f32, [.symbol("N"), 6, 5, 5])

  @Test func activations() throws {
    let add = try simplified(image) { graph, x in
      let sum = graph.append(.add, "sum", [x, x])
      let bounds = (graph.addConstant("low", try .scalar(0)), graph.addConstant("high", try .scalar(6)))
      return graph.append(.clip, "y", [sum, bounds.0, bounds.1])
    }
    #expect(
      add == ["%y = Add(%x, %x) {activation=\"Clip\", activation_max=6.0, activation_min=0.0} : f32[N, 6, 5, 5]", "return %y"])
    let shared = try simplified(image) { graph, x in
      let sum = graph.append(.add, "sum", [x, x])
      return graph.append(.add, "y", [graph.append(.relu, "relu", [sum]), sum])
    }
    #expect(shared.count == 4)
    let twice = try simplified(image) { graph, x in
      graph.append(.tanh, "y", [graph.append(.leakyRelu, "leaky", [graph.append(.add, "sum", [x, x])], ["alpha": .float(0.25)])])
    }
    #expect(twice[0].contains("activation=\"LeakyRelu\", activation_alpha=0.25"))
    #expect(twice[1] == "%y = Tanh(%leaky) : f32[N, 6, 5, 5]")
  }

  @Test(arguments: 0..<5) func hardSwishes(_ form: Int) throws {
    let lines = try simplified(image) { graph, x in
      func scalar(_ name: String, _ value: Float) throws -> ValueID { graph.addConstant(name, try .scalar(value)) }
      if form == 0 {
        let gate = graph.append(.hardSigmoid, "gate", [x], ["alpha": .float(0.16666667), "beta": .float(0.5)])
        return graph.append(.mul, "y", [gate, x])
      }
      let sum = graph.append(.add, "sum", form == 1 ? [try scalar("three", 3), x] : [x, try scalar("three", 3)])
      let clip = graph.append(.clip, "clip", [sum, try scalar("zero", 0), try scalar("six", 6)])
      switch form {
      case 1: return graph.append(.div, "y", [graph.append(.mul, "product", [x, clip]), try scalar("sixth", 6)])
      case 2: return graph.append(.mul, "y", [graph.append(.mul, "product", [clip, x]), try scalar("sixth", 1.0 / 6)])
      case 3: return graph.append(.mul, "y", [x, graph.append(.div, "gate", [clip, try scalar("sixth", 6)])])
      default: return graph.append(.div, "y", [clip, try scalar("sixth", 6)])
      }
    }
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix(form == 4 ? "%y = HardSigmoid(%x)" : "%y = HardSwish(%x)"))
  }

  @Test func shuffleOfAnOpenBatch() throws {
    // As a dynamic export writes it: the batch and the plane come from Shape.
    let lines = try simplified(image) { graph, x in
      let shape = graph.append(.shape, "shape", [x])
      func part(_ name: String, _ index: Int) throws -> ValueID {
        let chosen = graph.append(.gather, "\(name).index", [shape, graph.addConstant("\(name).at", try Tensor(.s64, [], [index]))])
        return graph.append(.unsqueeze, name, [chosen, graph.addConstant("\(name).axes", try .integers([0]))])
      }
      let batch = try part("batch", 0)
      let plane = [try part("height", 2), try part("width", 3)]
      let channels = try part("channels", 1)
      let slice = graph.append(.div, "slice", [channels, graph.addConstant("groups", try .integers([3]))])
      let folded = graph.append(.concat, "folded", [batch, graph.addConstant("g", try .integers([3])), slice] + plane, ["axis": .int(0)])
      let open = graph.append(.reshape, "open", [x, folded])
      let turned = graph.append(.transpose, "turned", [open], ["perm": .ints([0, 2, 1, 3, 4])])
      let target = graph.append(.concat, "target", [batch, graph.addConstant("rest", try .integers([-1]))] + plane, ["axis": .int(0)])
      return graph.append(.reshape, "y", [turned, target])
    }
    #expect(lines == ["%y = ChannelShuffle(%x) {groups=3} : f32[N, 6, 5, 5]", "return %y"])
  }

  @Test func otherTransposesAreNoShuffle() throws {
    let lines = try simplified(image) { graph, x in
      let open = graph.append(.reshape, "open", [x, graph.addConstant("a", try .integers([0, 3, 2, 5, 5]))])
      let turned = graph.append(.transpose, "turned", [open], ["perm": .ints([0, 2, 1, 4, 3])])
      return graph.append(.reshape, "y", [turned, graph.addConstant("b", try .integers([0, 6, 5, 5]))])
    }
    #expect(lines.count == 4)
  }

  @Test func matMulAddIsGemm() throws {
    let lines = try simplified(ValueType(.f32, [.symbol("N"), 4])) { graph, x in
      let product = graph.append(.matMul, "product", [x, graph.addConstant("w", try .counting([4, 3]))])
      let sum = graph.append(.add, "sum", [graph.addConstant("b", try .counting([3])), product])
      return graph.append(.relu, "y", [sum])
    }
    #expect(lines == ["%y = Gemm(%x, @w f32[4, 3], @b f32[3]) {activation=\"Relu\"} : f32[N, 3]", "return %y"])
  }

  @Test func paddingFuses() throws {
    let conv = try simplified(image) { graph, x in
      let pads = graph.addConstant("pads", try .integers([0, 0, 1, 0, 0, 0, 2, 1]))
      let padded = graph.append(.pad, "padded", [x, pads])
      return graph.append(.conv, "y", [padded, graph.addConstant("w", try .counting([1, 6, 2, 2]))], ["pads": .ints([0, 1, 0, 0])])
    }
    #expect(conv == ["%y = Conv(%x, @w f32[1, 6, 2, 2]) {pads=[1, 1, 2, 1]} : f32[N, 1, 7, 6]", "return %y"])
    let pool = try simplified(image) { graph, x in
      let pads = graph.addConstant("pads", try .integers([1, 1, 1, 1]))
      let padded = graph.append(.pad, "padded", [x, pads, nil, graph.addConstant("axes", try .integers([2, 3]))])
      return graph.append(.averagePool, "y", [padded], ["kernel_shape": .ints([2, 2])])
    }
    #expect(pool[0].hasPrefix("%y = AveragePool(%x) {count_include_pad=1, kernel_shape=[2, 2], pads=[1, 1, 1, 1]}"))
    let largest = try simplified(image) { graph, x in
      let padded = graph.append(.pad, "padded", [x, graph.addConstant("pads", try .integers([0, 0, 1, 1, 0, 0, 1, 1]))])
      return graph.append(.maxPool, "y", [padded], ["kernel_shape": .ints([2, 2])])
    }
    #expect(largest.count == 3)
  }

  @Test func globalPools() throws {
    let kept = try simplified(image) { graph, x in
      graph.append(.reduceMean, "y", [x, graph.addConstant("axes", try .integers([-1, -2]))])
    }
    #expect(kept == ["%y = GlobalAveragePool(%x) : f32[N, 6, 1, 1]", "return %y"])
    let dropped = try simplified(image) { graph, x in
      graph.append(.reduceMean, "y", [x, graph.addConstant("axes", try .integers([2, 3]))], ["keepdims": .int(0)])
    }
    #expect(dropped[1] == "%y = Squeeze(%y.pooled, [2, 3]) : f32[N, 6]")
    let channels = try simplified(image) { graph, x in
      graph.append(.reduceMean, "y", [x, graph.addConstant("axes", try .integers([1]))])
    }
    #expect(channels.count == 2)
    #expect(channels[0].contains("ReduceMean"))
  }

  @Test func noOpsGo() throws {
    let lines = try simplified(image) { graph, x in
      var value = graph.append(.identity, "identity", [x])
      value = graph.append(.reshape, "same", [value, graph.addConstant("shape", try .integers([0, 6, 5, -1]))])
      value = graph.append(.transpose, "there", [value], ["perm": .ints([1, 2, 3, 0])])
      value = graph.append(.transpose, "back", [value], ["perm": .ints([3, 0, 1, 2])])
      value = graph.append(.concat, "single", [value], ["axis": .int(1)])
      value = graph.append(.cast, "cast", [value], ["to": .int(1)])
      let starts = graph.addConstant("starts", try .integers([0]))
      value = graph.append(.slice, "whole", [value, starts, graph.addConstant("ends", try .integers([Int.max]))])
      value = graph.append(.relu, "relu", [value])
      return graph.append(.identity, "y", [value])
    }
    // The graph's output keeps its name: the maker of the value takes it over.
    #expect(lines == ["%y = Relu(%x) : f32[N, 6, 5, 5]", "return %y"])
    // An input that is returned as it is needs its Identity, and a reversal is no whole slice.
    #expect(try simplified(image) { graph, x in graph.append(.identity, "y", [x]) }.count == 2)
    let reversed = try simplified(image) { graph, x in
      func list(_ name: String, _ value: Int) throws -> ValueID { graph.addConstant(name, try .integers([value])) }
      return graph.append(.slice, "y", [x, try list("a", -1), try list("b", Int.min), try list("c", 2), try list("d", -1)])
    }
    #expect(reversed.count == 2)
  }

  @Test func deadNodesGo() throws {
    var graph = Graph()
    let x = graph.addInput("x", image)
    _ = graph.append(.tanh, "dead", [graph.append(.sigmoid, "deader", [x])])
    graph.outputs = [graph.append(.relu, "y", [x])]
    try Pipeline.simplify(&graph)
    #expect(graph.nodes.map(\.name) == ["y"])
    #expect(graph.values.map(\.name) == ["x", "y"])
  }

  @Test func twoOutputsOfOneValueKeepTheirNames() throws {
    var graph = Graph()
    let x = graph.addInput("x", image)
    let relu = graph.append(.relu, "relu", [x])
    graph.outputs = [graph.append(.identity, "a", [relu]), graph.append(.identity, "b", [relu])]
    try Pipeline.simplify(&graph)
    #expect(graph.outputs.map { graph[$0].name } == ["a", "b"])
    #expect(graph.nodes.count == 2)
  }
}
