import Graph
import Tensors

extension Reconstruction {
  /// Shares of zeros at which a layer's damage is measured.
  private static let levels = [0.3, 0.5, 0.7, 0.85, 0.95]
  /// Samples on which it is measured.
  private static let scanSamples = 40

  /// A share for each layer, together `sparsity` of all their weights.
  func allocate(_ sparsity: Double, over layers: [Layer], of original: Graph) throws -> [Double] {
    let samples = try step.calibration()
    // Damage is measured on samples that the layer was not fitted to: a wide layer fits few samples perfectly.
    let all = Array(0..<samples.count), divides = samples.count >= 8
    let fitted = divides ? all.filter { $0 % 3 != 2 } : all
    let judged = Array((divides ? all.filter { $0 % 3 == 2 } : all).prefix(Self.scanSamples))
    let runner = GraphRunner(original, evaluator: step.evaluator)
    let outputs = try judged.map { (sample: $0, tensors: try runner.run(samples.sample($0)).outputs) }
    var curves: [AllocateZeros.Curve] = []
    for (index, layer) in layers.enumerated() {
      try step.progress("sensitivity", index, of: layers.count)
      var curve = AllocateZeros.Curve(elements: layer.shape.reduce(1, *), points: [])
      if let solver = try solver(layer, in: original, reference: original, among: fitted) {
        for level in Self.levels {
          var graph = original
          try prune(layer, in: &graph, solver, share: level)
          curve.points.append((level, try damage(graph, outputs)))
        }
      } else {
        for level in Self.levels {
          var graph = original
          try pruneByMagnitude(layer, in: &graph, share: level)
          curve.points.append((level, try damage(graph, outputs)))
        }
      }
      curves.append(curve)
    }
    return AllocateZeros.shares(curves, share: sparsity)
  }

  /// The squared error of the graph's outputs over their variance, over some samples.
  private func damage(_ graph: Graph, _ outputs: [(sample: Int, tensors: [Tensor])]) throws -> Double {
    let samples = try step.calibration()
    let runner = GraphRunner(graph, evaluator: step.evaluator)
    var (error, power, sum, count) = (0.0, 0.0, 0.0, 0.0)
    for (index, tensors) in outputs {
      for (a, b) in zip(tensors, try runner.run(samples.sample(index)).outputs) where a.dtype == .f32 && a.count == b.count {
        let (x, y) = (a.elements(as: Float.self), b.elements(as: Float.self))
        for position in 0..<x.count {
          let difference = Double(x[position]) - Double(y[position])
          error += difference * difference
          power += Double(x[position]) * Double(x[position])
          sum += Double(x[position])
          count += 1
        }
        withExtendedLifetime((a, b)) {}
      }
    }
    let variance = power - sum * sum / max(count, 1)
    // Not a number counts as all lost.
    return error.isFinite && variance > 0 ? error / variance : 1
  }
}
