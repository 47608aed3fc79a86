import Graph
import Tensors

extension Graph {
  /// Puts a QuantizeLinear → DequantizeLinear pair behind each value and lets every reader take the dequantized twin, except the
  /// nodes of `floatReaders` at their first input, and except the caller: an output of the graph stays as it is.
  /// `inFixedPoint`: every sum of products reaches its codes in integers alone.
  mutating func insertQuantizers(
    _ values: [(id: ValueID, parameters: AffineParameters)], floatReaders: Set<Int>, inFixedPoint: Bool
  ) throws {
    var names = FreshNames(self)
    // New nodes by the node they follow; −1: before all others.
    var following: [Int: [Node]] = [:]
    let uses = uses()
    for (id, parameters) in values {
      let readers = uses.consumers(of: id).filter { reader in
        nodes[reader].inputs.indices.contains { nodes[reader].inputs[$0] == id && !($0 == 0 && floatReaders.contains(reader)) }
      }
      guard !readers.isEmpty else { continue }
      let stem = self[id].name
      let type = self[id].type
      let scale = addConstant(names.make(stem + "/scale"), try Tensor([], [parameters.scale]))
      let zeroPoint = addConstant(names.make(stem + "/zero_point"), try Tensor(.u8, [], [UInt8(truncatingIfNeeded: parameters.zeroPoint)]))
      let codes = addValue(names.make(stem + "/codes"), type.map { ValueType(.u8, $0.shape) })
      let twin = addValue(names.make(stem + "/dequantized"), type)
      let nodeNames = (names.make(stem + "/quantize"), names.make(stem + "/dequantize"))
      following[uses.producer(of: id) ?? -1, default: []] += [
        Node(
          .quantizeLinear, name: nodeNames.0, inputs: [id, scale, zeroPoint], outputs: [codes],
          attributes: Attributes(inFixedPoint ? ["requantization": .string("fixed_point")] : [:])),
        Node(.dequantizeLinear, name: nodeNames.1, inputs: [codes, scale, zeroPoint], outputs: [twin]),
      ]
      for reader in readers {
        for position in nodes[reader].inputs.indices
        where nodes[reader].inputs[position] == id && !(position == 0 && floatReaders.contains(reader)) {
          nodes[reader].inputs[position] = twin
        }
      }
    }
    var ordered = following[-1] ?? []
    for (index, node) in nodes.enumerated() {
      ordered.append(node)
      ordered += following[index] ?? []
    }
    nodes = ordered
  }
}

/// Makes names that no value and no node of a graph has, in constant time each.
struct FreshNames {
  private var taken: Set<String>

  init(_ graph: Graph) { taken = Set(graph.values.map(\.name)).union(graph.nodes.map(\.name)) }

  mutating func make(_ stem: String) -> String {
    var name = stem
    var number = 1
    while !taken.insert(name).inserted {
      name = "\(stem)_\(number)"
      number += 1
    }
    return name
  }
}
