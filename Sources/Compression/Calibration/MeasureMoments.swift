import Graph
import Tensors

extension LayerMoments {
  /// The moments of what `layer` reads in `graph`, with what the same layer makes in `reference` as targets.
  ///
  /// - reference: the network as it was; a node of the layer's name is in both.
  /// - chosen: the samples to look at; nil: all.
  /// - own: the share of the targets that is what the layer makes in `graph` as it stands: with 0 the layer makes up for all that went wrong
  ///   before it, which few samples do not tell exactly; with 1 for nothing.
  /// - candidate: `graph` with the layer changed; then targets that the layer's activation cuts off become what the candidate makes, as far as
  ///   that is cut off too, and only the moments with the targets are gathered.
  /// - Returns: nil for layers that have no such matrix (see `init`), or whose input is constant.
  /// - Throws: `notFinite` naming the value that is NaN or infinite.
  package static func measure(
    _ layer: Layer, in graph: Graph, reference: Graph, _ step: StepContext, multiply: MatrixProducts, among chosen: [Int]? = nil,
    own: Float = 0, candidate: Graph? = nil
  ) throws -> LayerMoments? {
    let samples = try step.calibration()
    let indices = chosen ?? Array(0..<samples.count)
    let input = try graph.nodes[layer.node].requiredInput(0)
    guard graph[input].constant == nil,
      let original = try Layer.all(in: reference).first(where: { $0.name == layer.name }),
      let moments = try LayerMoments(layer, in: graph, samples: indices.count, multiply: multiply, onlyCrosses: candidate != nil)
    else { return nil }
    let range = try ActiveRange(graph.nodes[layer.node])
    let targets = GraphRunner(try reference.slice(makingSumsOf: original), evaluator: step.evaluator)
    func alone(_ graph: Graph) throws -> GraphRunner { GraphRunner(try graph.isolate(sumsOf: layer), evaluator: step.evaluator) }
    let present = own == 0 ? nil : try alone(graph), found = try candidate.map(alone)
    // A graph without nodes has nothing to run.
    let position = graph.inputs.firstIndex(of: input)
    let inputs = GraphRunner(graph.slice(making: input), evaluator: step.evaluator)
    for (done, index) in indices.enumerated() {
      try step.progress("calibration: \(layer.name)", done, of: indices.count)
      let sample = try samples.sample(index)
      let seen = try position.map { [sample[$0]] } ?? inputs.run(sample).outputs
      guard let x = seen.first, var y = try targets.run(sample).outputs.first else { continue }
      if let present, let made = try present.run([x]).outputs.first { y = try blend(y, made, own) }
      if let found, let range, let made = try found.run([x]).outputs.first { y = try range.targets(y, nearest: made) }
      try moments.add(x, targets: y)
    }
    try moments.check(graph[input].name)
    return moments.rows > 0 ? moments : nil
  }

  private static func blend(_ a: Tensor, _ b: Tensor, _ share: Float) throws -> Tensor {
    guard a.shape == b.shape, a.dtype == .f32, b.dtype == .f32 else {
      throw Failure(.internal, "sums of \(a.shape) and \(b.shape) do not mix")
    }
    return try Tensor(.f32, a.shape) { bytes in
      let (x, y, out) = (a.elements(as: Float.self), b.elements(as: Float.self), bytes.bindMemory(to: Float.self))
      for index in 0..<x.count { out[index] = x[index] + share * (y[index] - x[index]) }
    }
  }
}
