import Graph
import Tensors

/// The means of what each layer's input channels carry over the calibration samples, by layer name.
enum InputMeans {
  static func measure(_ graph: Graph, _ layers: [Layer], _ step: StepContext) throws -> [String: [Double]] {
    var values: [ValueID] = []
    var axes: [Int?] = []
    var positions: [String: Int] = [:]
    for layer in layers {
      let input = try graph.nodes[layer.node].requiredInput(0)
      guard graph[input].constant == nil else { continue }
      positions[layer.name] = values.firstIndex(of: input) ?? values.count
      if positions[layer.name] == values.count {
        values.append(input)
        axes.append(layer.op == .conv ? 1 : ActivationStatistics.lastAxis)
      }
    }
    let statistics = try ActivationStatistics(graph, values, channels: axes, moments: [], step)
    return positions.mapValues { statistics.means[$0] }
  }
}
