import Graph
import Tensors

/// The squared error of a graph's outputs over their variance, over some samples.
struct OutputDamage {
  private let step: StepContext
  private let wanted: [(sample: Int, tensors: [Tensor])]

  /// - original: the network whose outputs are right.
  init(_ original: Graph, samples indices: [Int], _ step: StepContext) throws {
    self.step = step
    let samples = try step.calibration()
    let runner = GraphRunner(original, evaluator: step.evaluator)
    wanted = try indices.map { ($0, try runner.run(samples.sample($0)).outputs) }
  }

  func measure(_ graph: Graph) throws -> Double {
    let samples = try step.calibration()
    let runner = GraphRunner(graph, evaluator: step.evaluator)
    var (error, power, sum, count) = (0.0, 0.0, 0.0, 0.0)
    for (index, tensors) in wanted {
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
