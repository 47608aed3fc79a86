import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct SampleFrontTests {
  private func step(_ samples: Samples) -> StepContext {
    StepContext(
      options: Options(values: [:]), layers: [], path: "test", evaluator: InterpreterEvaluator(), samples: samples,
      progress: ProgressReporter(nil), ledger: Ledger())
  }

  /// Wherever the samples are, what lies behind is computed as from the beginning, bit by bit: the interpreter does the same sums.
  @Test func valuesDoNotDependOnThePlace() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(4)
    let front = try SampleFront(step(samples), among: [3, 1])
    for place in 0..<graph.nodes.count {
      try front.advance(to: place, of: graph)
      #expect(front.place == place)
      for node in graph.nodes[place...] {
        // An input of the node besides its output: both may be there already.
        let values = [try node.requiredInput(0), node.outputs[0]]
        let runner = front.runner(graph, making: values)
        for (position, sample) in [3, 1].enumerated() {
          guard graph.nodes.firstIndex(where: { $0.outputs == [values[0]] }).map({ $0 >= place }) ?? (place == 0) else { continue }
          let wanted = try Interpreter(graph).run(samples.tensors[sample], observing: values)
          #expect(try runner.run(position).map { $0.floats() } == wanted.suffix(2).map { $0.floats() })
        }
      }
    }
  }

  @Test func whatChangesBehindThePlaceShows() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(2)
    let front = try SampleFront(step(samples))
    try front.advance(to: 2, of: graph)
    var changed = graph
    let layer = try Layer.all(in: graph)[2]
    var noise = Noise(5)
    changed[layer.weight].constant = Weight(try noise.tensor(layer.shape))
    // Values are known by name: a graph may have been numbered anew.
    _ = changed.addConstant("unused", try Tensor([1], [Float(0)]))
    let found = try front.runner(changed, making: changed.outputs).run(1)[0].floats()
    #expect(try found == Interpreter(changed).run(samples.tensors[1])[0].floats())
    #expect(try found != Interpreter(graph).run(samples.tensors[1])[0].floats())
  }

  @Test func staysWhereValuesDoNotFit() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(3)
    // Behind the stem: 8 channels of 64 elements, 2 KiB for each sample.
    let front = try SampleFront(step(samples), budget: 3 * 2048)
    try front.advance(to: 1, of: graph)
    #expect(front.place == 1)
    // The shortcut and what becomes of it: twice as much.
    try front.advance(to: 2, of: graph)
    #expect(front.place == 1)
    try front.advance(to: 5, of: graph)
    #expect(front.place == 5)
    front.rewind()
    #expect(front.place == 0)
  }

  @Test func staleRunnersAndMissingValuesAreErrors() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(1)
    let front = try SampleFront(step(samples))
    let early = front.runner(graph, making: graph.outputs)
    try front.advance(to: 3, of: graph)
    #expect(throws: Failure.self) { try early.run(0) }
    #expect(throws: Failure.self) { try front.runner(graph, making: [graph.nodes[0].outputs[0], graph.inputs[0]]).run(0) }
  }
}
