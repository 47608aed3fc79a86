import Compression
import Graph
import Tensors

extension Model {
  /// The model as JSON: inputs, outputs, nodes with parameters, MACs and bytes, and the sums. MACs are those of one sample.
  package func description() -> String {
    let macs = LayerCost.inputShapes(graph, nil).map { LayerCost.macs(graph, inputShapes: $0) } ?? [:]
    let uses = graph.uses()
    let nodes = graph.nodes.map { describe($0, uses: uses, macs: macs[$0.name]) }
    let constants = graph.values.indices.filter { id in
      let readers = uses.consumers(of: ValueID(id))
      return readers.isEmpty || readers.contains { graph.nodes[$0].trains(ValueID(id)) }
    }.compactMap { graph.values[$0].constant }.filter { $0.dtype.isFloat }
    let knowsAllCosts = graph.nodes.allSatisfy { !$0.isLayer(in: graph) || macs[$0.name] != nil }
    return JSONValue.object([
      .init("name", .string(graph.name)),
      .init("inputs", .array(graph.inputs.map(describe))),
      .init("outputs", .array(graph.outputs.map(describe))),
      .init("parameters", .number(Double(constants.reduce(0) { $0 + $1.count }))),
      .init("macs", knowsAllCosts ? .number(Double(macs.values.reduce(0, +))) : .null),
      .init("bytes", .number(Double(constants.reduce(0) { $0 + $1.storedByteCount }))),
      .init("float_bytes", .number(Double(constants.reduce(0) { $0 + 4 * $1.count }))),
      .init("zeros", zeroShare(constants)),
      .init("nodes", .array(nodes)),
      .init("metadata", .object(graph.metadata.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
    ]).text()
  }

  private func describe(_ id: ValueID) -> JSONValue {
    let value = graph[id]
    return [
      "name": .string(value.name), "dtype": value.type.map { .string($0.dtype.name) } ?? .null,
      "shape": value.type?.shape.map { .array($0.map(\.json)) } ?? .null,
    ]
  }

  private func describe(_ node: Node, uses: Uses, macs: Int?) -> JSONValue {
    func names(_ ids: [ValueID]) -> JSONValue { .strings(ids.map { graph[$0].name }) }
    let inputs = node.inputs.compactMap { $0 }
    let constants = inputs.compactMap { graph[$0].constant }
    // A constant read by several nodes counts under the first.
    let own = inputs.filter { id in
      graph[id].constant != nil && node.trains(id) && uses.consumers[id.index].first.map { graph.nodes[$0].name == node.name } ?? false
    }
    let weights = Set(own).compactMap { graph[$0].constant }.filter { $0.dtype.isFloat }
    let type = node.outputs.first.flatMap { graph[$0].type }
    return JSONValue.object([
      .init("name", .string(node.name)),
      .init("op", .string(node.op.rawValue)),
      .init("inputs", names(inputs.filter { graph[$0].constant == nil })),
      .init("outputs", names(node.outputs)),
      .init("shape", type?.shape.map { .array($0.map(\.json)) } ?? .null),
      .init("weights", .strings(constants.filter { $0.dtype.isFloat && $0.count > 1 }.map(\.summary))),
      .init("parameters", .number(Double(weights.reduce(0) { $0 + $1.count }))),
      .init("macs", macs.map { .number(Double($0)) } ?? .null),
      .init("bytes", .number(Double(weights.reduce(0) { $0 + $1.storedByteCount }))),
      .init("zeros", zeroShare(weights)),
    ])
  }

  /// The share of the elements that are zero, of weights and not of biases; null where there are none.
  private func zeroShare(_ constants: [Weight]) -> JSONValue {
    let weights = constants.filter { $0.shape.count > 1 }
    let count = weights.reduce(0) { $0 + $1.count }
    return count == 0 ? .null : .number(Double(weights.reduce(0) { $0 + $1.zeroCount }) / Double(count))
  }
}

extension Dim {
  /// A number, or the text of a symbolic extent.
  fileprivate var json: JSONValue { value.map { .number(Double($0)) } ?? .string(description) }
}

extension Node {
  /// Whether training changes the node's constant `id`: not the scales of quantizers, the bounds of Clip, or the statistics that a batch
  /// normalization gathers.
  fileprivate func trains(_ id: ValueID) -> Bool {
    switch op {
    case .quantizeLinear, .dequantizeLinear, .clip: false
    case .batchNormalization: inputs.prefix(3).contains(id)
    default: true
    }
  }

  /// Whether it multiplies by a trained matrix or filter.
  fileprivate func isLayer(in graph: Graph) -> Bool {
    guard op == .conv || op == .winogradConv || op == .gemm || op == .matMul, let id = input(1) else { return false }
    return graph[id].constant != nil
  }
}
