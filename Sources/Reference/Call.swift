import Graph
import Tensors

/// One node about to be computed: its inputs as tensors, and its output types inferred from them.
package struct Call {
  package let node: Node
  /// The inputs by position; nil where one is left out.
  package let inputs: [Tensor?]
  /// The node seen alone, every extent fixed: what shape inference reads, so that both resolve axes and ranges alike.
  package let context: InferenceContext
  package let outputs: [ValueType]

  /// - Throws: what the verifier and shape inference throw.
  package init(_ original: Node, _ inputs: [Tensor?]) throws {
    var graph = Graph()
    var node = original
    var known: [ValueID: [Dim]] = [:]
    node.inputs = try inputs.enumerated().map { position, tensor in
      guard let tensor else { return nil }
      let id = graph.addInput("\(position)", ValueType(tensor.dtype, tensor.shape.map(Dim.fixed)))
      if tensor.dtype == .s64 || tensor.dtype == .s32, tensor.count <= Graph.maximumKnownElements {
        known[id] = try tensor.ints().map(Dim.fixed)
      }
      return id
    }
    node.outputs = original.outputs.indices.map { graph.addValue("out\($0)") }
    graph.nodes = [node]
    do {
      try Verifier.checkStructure(graph)
      context = InferenceContext(graph: graph, node: node, shapeValues: known)
      outputs = try Schema.of(node.op).infer(context)
      for (index, type) in outputs.enumerated() { try Graph.checkExtents(type, of: "output \(index)", node: original.name) }
    } catch var failure as Failure {
      failure.node = original.name
      throw failure
    }
    guard outputs.count == node.outputs.count, outputs.allSatisfy({ $0.shape?.fixed != nil }) else {
      throw Failure(.shapeMismatch, "the outputs' shapes are not known", node: original.name)
    }
    self.node = node
    self.inputs = inputs
  }

  /// The input at `position`, which inference has found to be there.
  package func input(_ position: Int) throws -> Tensor {
    guard inputs.indices.contains(position), let tensor = inputs[position] else {
      throw Failure(.malformedFile, "\(node.op.rawValue) needs input \(position)", node: node.name)
    }
    return tensor
  }

  /// The input at `position`, nil where it is left out.
  package func optional(_ position: Int) -> Tensor? { inputs.indices.contains(position) ? inputs[position] : nil }

  package func shape(_ output: Int = 0) -> [Int] { outputs[output].shape?.fixed ?? [] }
  package var dtype: DType { outputs[0].dtype }

  /// The only output, from elements in double precision, each rounded once; integers where it is of an integer type.
  package func rounded(_ elements: [Double]) throws -> [Tensor] {
    if dtype.isFloat { return [try Tensor(dtype, shape(), rounding: elements)] }
    return [try Tensor(dtype, shape(), wrapping: elements.map { Int(exactly: $0) ?? 0 })]
  }
}
