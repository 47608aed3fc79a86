import Graph
import Tensors

/// Where a value's memory should lie if its producer can write there, found before anything is lowered: inside the result of
/// the concatenation that reads it, or where a reshape or the graph's output wants it.
enum Placement {
  /// The same elements as the other value, of the same shape.
  case same(ValueID)
  /// The same elements as the other value, seen with this value's shape.
  case reshape(ValueID)
  /// A part of the other value along an axis.
  case slice(ValueID, axis: Int, start: Int)
  case output(Int)
  /// The codes that the node at this index, a QuantizeLinear, makes of this value, which nothing else reads.
  case quantized(ValueID, by: Int)
  /// What the node at this index, a DequantizeLinear, makes of these codes.
  case dequantized(ValueID, by: Int)

  /// Every value's placement; a value that several readers would place goes to the last of them.
  static func all(in graph: Graph, uses: Uses) throws -> [ValueID: Placement] {
    var placements: [ValueID: Placement] = [:]
    for (index, id) in graph.outputs.enumerated() where uses.producer(of: id) != nil && placements[id] == nil {
      placements[id] = .output(index)
    }
    for (index, node) in graph.nodes.enumerated().reversed() {
      guard let output = node.outputs.first else { continue }
      func place(_ position: Int, _ placement: Placement) {
        guard let id = node.input(position), uses.producer(of: id) != nil, placements[id] == nil else { return }
        placements[id] = placement
      }
      switch node.op {
      case .concat:
        let shape = try graph.fixedShape(output, of: node)
        let axis = try node.attributes.int("axis", default: 0)
        let normalized = axis < 0 ? axis + shape.count : axis
        guard shape.indices.contains(normalized) else { throw Failure(.shapeMismatch, "the axis \(axis) is not there", node: node.name) }
        var start = 0
        for position in node.inputs.indices {
          guard let id = node.input(position) else { continue }
          place(position, .slice(output, axis: normalized, start: start))
          start += try graph.fixedShape(id, of: node)[normalized]
        }
      case .reshape, .flatten, .squeeze, .unsqueeze: place(0, .reshape(output))
      case .identity: place(0, .same(output))
      case .dequantizeLinear: place(0, .dequantized(output, by: index))
      case .quantizeLinear:
        if let id = node.input(0), uses.soleConsumer(of: id) != nil { place(0, .quantized(output, by: index)) }
      default: break
      }
    }
    return placements
  }
}

extension Graph {
  /// The extents of a value in a specialised graph.
  /// - Throws: `unsupported` where one is not known.
  func fixedShape(_ id: ValueID, of node: Node) throws -> [Int] {
    guard let shape = self[id].type?.shape?.fixed else {
      throw Failure(.unsupported, "the shape of '\(self[id].name)' is not fixed; specialize the graph first", node: node.name)
    }
    return shape
  }
}
