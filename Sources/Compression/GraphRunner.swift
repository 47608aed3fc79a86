import Graph
import Tensors

/// Runs a graph on samples through the evaluator, readying it anew only when the shapes of a sample change.
final class GraphRunner {
  let graph: Graph
  private let observing: [ValueID]
  private let evaluator: any Evaluator
  private var ready: (shapes: [[Int]], graph: any PreparedGraph)?

  init(_ graph: Graph, observing: [ValueID] = [], evaluator: any Evaluator) {
    self.graph = graph
    self.observing = observing
    self.evaluator = evaluator
  }

  func prepared(for sample: [Tensor]) throws -> any PreparedGraph {
    guard sample.count == graph.inputs.count else {
      throw Failure(.invalidArgument, "a sample has \(sample.count) tensors; the model has \(graph.inputs.count) inputs")
    }
    let shapes = sample.map(\.shape)
    if let ready, ready.shapes == shapes { return ready.graph }
    // The old one goes first: two at once would double the memory.
    ready = nil
    let fresh = try evaluator.prepare(graph, observing: observing, like: sample)
    ready = (shapes, fresh)
    return fresh
  }

  /// The graph's outputs and the observed values for one sample.
  func run(_ sample: [Tensor]) throws -> (outputs: [Tensor], observed: [Tensor]) {
    let results = try prepared(for: sample).run(sample)
    guard results.count == graph.outputs.count + observing.count else {
      throw Failure(.internal, "the evaluator returned \(results.count) tensors instead of \(graph.outputs.count + observing.count)")
    }
    return (Array(results.prefix(graph.outputs.count)), Array(results.dropFirst(graph.outputs.count)))
  }
}
