import Graph
import Passes
import Tensors

/// Over how many positions a layer slides: what multiply-accumulates follow from.
package struct FactorGeometry: Sendable {
  /// Along each spatial axis (none for a product): positions of the layer's input and of its output, for one sample.
  package var inputs: [Int]
  package var outputs: [Int]
  /// Rows of a product; images of a convolution.
  package var rows: Int

  package init(inputs: [Int] = [], outputs: [Int] = [], rows: Int = 1) {
    self.inputs = inputs
    self.outputs = outputs
    self.rows = rows
  }

  /// Multiply-accumulates of a chain of layers; the largest number there is where they are more.
  package func macs(_ stages: [FactorShape]) -> Int {
    var positions = inputs
    return stages.reduce(0) { sum, stage in
      for axis in stage.axes where positions.indices.contains(axis) { positions[axis] = outputs[axis] }
      let factors = positions + [rows] + stage.shape
      let product = factors.reduce((1, false)) { total, factor in
        let (value, overflow) = total.0.multipliedReportingOverflow(by: factor)
        return (value, overflow || total.1)
      }
      let macs = stage.density < 1 ? Int(Double(product.0) * max(stage.density, 0)) : product.0
      let (total, overflow) = sum.addingReportingOverflow(macs)
      return product.1 || overflow ? Int.max : total
    }
  }

  /// By layer name. Where shapes are not known, that of one output position.
  package static func all(_ layers: [Layer], in graph: Graph, sample: [Tensor]?) throws -> [String: FactorGeometry] {
    let fixed = LayerCost.inputShapes(graph, sample).flatMap { try? Pipeline.specialize(graph, inputShapes: $0) }
    let nodes = Dictionary(fixed?.nodes.map { ($0.name, $0) } ?? [], uniquingKeysWith: { first, _ in first })
    var result: [String: FactorGeometry] = [:]
    for layer in layers {
      if let fixed, let node = nodes[layer.name], let input = node.input(0), let output = node.outputs.first,
        let from = fixed[input].type?.shape?.fixed, let to = fixed[output].type?.shape?.fixed, !to.isEmpty,
        node.op == layer.op || node.op == .gemm
      {
        if layer.op == .conv, from.count > 2, to.count == from.count {
          result[layer.name] = FactorGeometry(inputs: Array(from.dropFirst(2)), outputs: Array(to.dropFirst(2)), rows: from[0])
          continue
        } else if layer.op != .conv {
          result[layer.name] = FactorGeometry(rows: to.dropLast().reduce(1, *))
          continue
        }
      }
      guard layer.op == .conv else {
        result[layer.name] = FactorGeometry()
        continue
      }
      let window = try WindowAttributes(graph.nodes[layer.node].attributes, kernel: Array(layer.shape.dropFirst(2)))
      result[layer.name] = FactorGeometry(inputs: window.strides, outputs: window.strides.map { _ in 1 })
    }
    return result
  }
}
