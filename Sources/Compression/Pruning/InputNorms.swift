import Graph
import Tensors

/// The 2-norms of what each layer's input channels carry over the calibration samples.
enum InputNorms {
  /// For each layer the norm of each of its input channels.
  /// - Throws: `notFinite` naming the value that is NaN or infinite.
  static func measure(_ graph: Graph, _ layers: [Layer], _ step: StepContext) throws -> [[Float]] {
    let samples = try step.calibration()
    let inputs = try layers.map { try graph.nodes[$0.node].requiredInput(0) }
    let runner = GraphRunner(graph, observing: inputs, evaluator: step.evaluator)
    var sums = [[Double]](repeating: [], count: layers.count)
    for index in 0..<samples.count {
      try step.progress("calibration", index, of: samples.count)
      let observed = try runner.run(samples.sample(index)).observed
      for (position, layer) in layers.enumerated() {
        try add(observed[position], to: &sums[position], layer, name: graph[inputs[position]].name)
      }
    }
    return sums.map { $0.map { Float(min($0.squareRoot(), Double(Float.greatestFiniteMagnitude))) } }
  }

  private static func add(_ tensor: Tensor, to sums: inout [Double], _ layer: Layer, name: String) throws {
    let channels = layer.shape[layer.inputAxis] * layer.groups
    // Channels are dimension 1 of a convolution's input (N, C, …) and the last one of a matrix.
    let axis = layer.op == .conv ? 1 : tensor.shape.count - 1
    guard tensor.dtype == .f32, tensor.shape.indices.contains(axis), tensor.shape[axis] == channels else {
      throw Failure(.shapeMismatch, "'\(name)' has the shape \(tensor.shape), which does not have \(channels) channels", node: layer.name)
    }
    if sums.isEmpty { sums = [Double](repeating: 0, count: channels) }
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    let values = tensor.elements(as: Float.self)
    for row in 0..<(inner == 0 ? 0 : values.count / inner) {
      var sum = 0.0
      for value in values[row * inner..<(row + 1) * inner] { sum += Double(value) * Double(value) }
      sums[row % channels] += sum
    }
    guard sums.allSatisfy(\.isFinite) else {
      throw Failure(.notFinite, "the value '\(name)' is NaN or infinite on a calibration sample", node: layer.name)
    }
  }
}
