import Graph
import Tensors

extension LayerMoments {
  /// The moments of what `layer` reads in `graph`, with what the same layer makes in `reference` as targets.
  ///
  /// - reference: the network as it was; a node of the layer's name is in both.
  /// - chosen: the samples to look at; nil: all.
  /// - Returns: nil for layers that have no such matrix (see `init`), or whose input is constant.
  /// - Throws: `notFinite` naming the value that is NaN or infinite.
  package static func measure(
    _ layer: Layer, in graph: Graph, reference: Graph, _ step: StepContext, multiply: MatrixProducts, among chosen: [Int]? = nil
  ) throws -> LayerMoments? {
    let samples = try step.calibration()
    let indices = chosen ?? Array(0..<samples.count)
    let input = try graph.nodes[layer.node].requiredInput(0)
    guard graph[input].constant == nil,
      let original = try Layer.all(in: reference).first(where: { $0.name == layer.name }),
      let moments = try LayerMoments(layer, in: graph, samples: indices.count, multiply: multiply)
    else { return nil }
    let targets = GraphRunner(try reference.slice(makingSumsOf: original), evaluator: step.evaluator)
    let position = graph.inputs.firstIndex(of: input)
    let inputs = GraphRunner(graph.slice(making: input), evaluator: step.evaluator)
    for (done, index) in indices.enumerated() {
      try step.progress("calibration: \(layer.name)", done, of: indices.count)
      let sample = try samples.sample(index)
      let wanted = try targets.run(sample).outputs
      // A graph without nodes has nothing to run.
      let seen = try position.map { [sample[$0]] } ?? inputs.run(sample).outputs
      guard let x = seen.first, let y = wanted.first else { continue }
      try moments.add(x, targets: y)
    }
    try moments.check(graph[input].name)
    return moments.rows > 0 ? moments : nil
  }
}
