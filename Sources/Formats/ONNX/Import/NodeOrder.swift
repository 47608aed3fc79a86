import Tensors

/// An order of an ONNX graph's nodes in which every value is made before it is read: the file's own where it is one.
struct NodeOrder {
  private(set) var indices: [Int] = []

  /// - Parameter available: the names that are there before any node: inputs and initializers.
  /// - Throws: `malformedFile` naming the value that is made twice or by nothing, or the nodes that form a cycle.
  init(_ graph: Onnx_GraphProto, available: Set<String>) throws {
    var maker: [String: Int] = [:]
    for (index, node) in graph.node.enumerated() {
      for output in node.output where !output.isEmpty {
        guard !available.contains(output), maker.updateValue(index, forKey: output) == nil else {
          throw Failure(.malformedFile, "the value '\(output)' is made twice", node: NodeOrder.name(graph, index))
        }
      }
    }
    func makers(of index: Int) throws -> [Int] {
      var result: [Int] = []
      for input in graph.node[index].input where !input.isEmpty && !available.contains(input) {
        guard let found = maker[input] else {
          throw Failure(.malformedFile, "the value '\(input)' is read and nothing makes it", node: NodeOrder.name(graph, index))
        }
        result.append(found)
      }
      return result
    }
    // Depth first with a stack of our own, since a hostile chain of nodes may be as long as the file.
    enum State { case new, open, done }
    var states = [State](repeating: .new, count: graph.node.count)
    for root in graph.node.indices where states[root] == .new {
      var stack = [(node: root, makers: try makers(of: root), next: 0)]
      states[root] = .open
      while let top = stack.last {
        guard top.next < top.makers.count else {
          states[top.node] = .done
          indices.append(top.node)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let maker = top.makers[top.next]
        switch states[maker] {
        case .done: continue
        case .new:
          states[maker] = .open
          stack.append((maker, try makers(of: maker), 0))
        case .open:
          let cycle = stack.drop { $0.node != maker }.map { "'\(NodeOrder.name(graph, $0.node))'" }
          let shown = cycle.prefix(8).joined(separator: ", ") + (cycle.count > 8 ? " and \(cycle.count - 8) more" : "")
          throw Failure(.malformedFile, "these nodes form a cycle: \(shown)", node: NodeOrder.name(graph, maker))
        }
      }
    }
  }

  private static func name(_ graph: Onnx_GraphProto, _ index: Int) -> String {
    graph.node[index].name.isEmpty ? "\(graph.node[index].opType)_\(index)" : graph.node[index].name
  }
}
