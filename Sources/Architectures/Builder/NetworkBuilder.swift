import Graph
import Tensors

/// Puts a network together layer by layer, in two steps: first every node and the shape of every weight, then the numbers, so that a
/// network that is too large is refused before memory is taken for it.
struct NetworkBuilder {
  /// One gigabyte of weights; VGG-16 has half of that.
  static let maximumParameters = 1 << 28

  private var graph: Graph
  private var pending: [(id: ValueID, shape: [Int], fill: RandomFill)] = []
  private var scalars: [String: ValueID] = [:]
  private var parameters = 0

  init(name: String) { graph = Graph(name: name) }

  mutating func input(channels: Int, side: Int) -> Feature {
    let id = graph.addInput("input", ValueType(.f32, [.symbol("N"), .fixed(channels), .fixed(side), .fixed(side)]))
    return Feature(id: id, channels: channels, height: side, width: side)
  }

  /// Appends a node with one output, both named `name`.
  mutating func append(_ op: Operator, _ name: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:]) -> ValueID {
    graph.append(op, name, inputs, attributes)
  }

  /// Appends a node with an output for each of `outputs`.
  mutating func append(
    _ op: Operator, _ name: String, _ inputs: [ValueID?], _ attributes: [String: Attribute], outputs: [String]
  ) -> [ValueID] {
    let ids = outputs.map { graph.addValue($0) }
    graph.nodes.append(Node(op, name: name, inputs: inputs, outputs: ids, attributes: Attributes(attributes)))
    return ids
  }

  /// A trained constant, filled when the network is finished.
  /// - Throws: `invalidArgument` where the network has too many.
  mutating func weight(_ name: String, _ shape: [Int], _ fill: RandomFill) throws -> ValueID {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent > 0, !overflow, product <= NetworkBuilder.maximumParameters else { throw tooLarge() }
      count = product
    }
    parameters += count
    guard parameters <= NetworkBuilder.maximumParameters else { throw tooLarge() }
    let id = graph.addValue(name, ValueType(.f32, shape.map(Dim.fixed)))
    pending.append((id, shape, fill))
    return id
  }

  private func tooLarge() -> Failure {
    Failure(
      .invalidArgument,
      "\(graph.name) would have more than \(NetworkBuilder.maximumParameters) parameters with these options; choose smaller ones")
  }

  /// A constant number, one for each name.
  mutating func scalar(_ name: String, _ value: Float) throws -> ValueID {
    if let known = scalars[name] { return known }
    let id = graph.addConstant(name, try Tensor([], [value]))
    scalars[name] = id
    return id
  }

  /// A constant list of whole numbers.
  mutating func integers(_ name: String, _ values: [Int]) throws -> ValueID {
    graph.addConstant(name, try Tensor(.s64, [values.count], values.map { Int64($0) }))
  }

  /// The graph whose output is `scores`, under the name "output".
  consuming func finish(_ scores: Feature, seed: UInt64) throws -> Graph {
    for (stream, weight) in pending.enumerated() {
      graph[weight.id].constant = Weight(try weight.fill.tensor(weight.shape, seed: seed, stream: stream))
    }
    graph[scores.id].name = "output"
    graph.outputs = [scores.id]
    try graph.inferTypes()
    return graph
  }
}
