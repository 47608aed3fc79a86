import Graph
import Passes
import Tensors

/// How much each layer computes: multiply-accumulates of one sample.
package enum LayerCost {
  /// Shapes of a typical input: those of `sample` with a symbolic first extent set to 1, or those that the graph declares.
  package static func inputShapes(_ graph: Graph, _ sample: [Tensor]?) -> [[Int]]? {
    var shapes: [[Int]] = []
    for (position, id) in graph.inputs.enumerated() {
      let given = sample.flatMap { $0.indices.contains(position) ? $0[position].shape : nil }
      guard let declared = graph[id].type?.shape ?? given?.map(Dim.fixed) else { return nil }
      guard given == nil || given?.count == declared.count else { return nil }
      var shape: [Int] = []
      for (axis, dim) in declared.enumerated() {
        if let value = dim.value {
          shape.append(value)
        } else if axis == 0 {
          shape.append(1)
        } else if let given {
          shape.append(given[axis])
        } else {
          return nil
        }
      }
      shapes.append(shape)
    }
    return shapes
  }

  /// Of all layers together, the largest number there is where they are more; nil where none is known.
  package static func total(_ macs: [String: Int]) -> Int? {
    guard !macs.isEmpty else { return nil }
    return macs.values.reduce(0) { sum, count in
      let (total, overflow) = sum.addingReportingOverflow(count)
      return overflow ? Int.max : total
    }
  }

  /// By layer name; a layer whose output shape is not known is left out.
  package static func macs(_ graph: Graph, inputShapes: [[Int]]) -> [String: Int] {
    guard let fixed = try? Pipeline.specialize(graph, inputShapes: inputShapes), let layers = try? Layer.all(in: fixed, transformed: true)
    else { return [:] }
    var result: [String: Int] = [:]
    for layer in layers {
      guard let output = fixed.nodes[layer.node].outputs.first, let shape = fixed[output].type?.shape?.fixed else { continue }
      // Each output element sums one product for each weight element of its output channel.
      let channels = max(layer.shape[layer.outputAxis], 1)
      var factors = shape + [layer.shape.reduce(1, *) / channels]
      if layer.op == .winogradConv, let tile = try? WinogradTile(fixed.nodes[layer.node].attributes) {
        // One for each coefficient and tile.
        for axis in 2..<shape.count { factors[axis] = tile.tiles(over: shape[axis]) }
      }
      var total = 1
      var overflow = false
      for factor in factors {
        let (product, over) = total.multipliedReportingOverflow(by: factor)
        (total, overflow) = (product, overflow || over)
      }
      if !overflow { result[layer.name] = total }
    }
    return result
  }
}
