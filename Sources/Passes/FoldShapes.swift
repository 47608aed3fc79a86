import Graph
import Tensors

extension Pass {
  /// Gives Reshape a constant target where at most one extent that the input does not have at the same place is unknown:
  /// `[N, 512]` becomes `[0, 512]` or `[−1, 512]`.
  package static let foldShapes = Pass("fold-shapes") { rewriter in
    var graph = rewriter.graph
    let known = try graph.inferTypesAndElements()
    for index in graph.nodes.indices where rewriter.isFree(index) {
      let node = rewriter.node(index)
      guard node.op == .reshape, let id = node.input(1), graph[id].constant == nil, let elements = known[id],
        let input = graph[node.inputs[0] ?? id].type?.shape
      else { continue }
      let copiesZero = try node.attributes.int("allowzero", default: 0) == 0
      guard let target = constantTarget(elements, input: input, copiesZero: copiesZero) else { continue }
      let constant = try rewriter.addConstant("\(node.name).shape", integers: target)
      rewriter.edit(index) {
        $0.inputs[1] = constant
        $0.attributes["allowzero"] = nil
      }
    }
  }

  private static func constantTarget(_ elements: [Dim], input: [Dim], copiesZero: Bool) -> [Int]? {
    var target: [Int] = []
    for (position, element) in elements.enumerated() {
      switch element {
      case .fixed(let value):
        // A 0 that means an empty extent cannot stand beside a −1.
        guard value != 0 || copiesZero else { return nil }
        target.append(value)
      case .symbolic: target.append(position < input.count && input[position] == element ? 0 : -1)
      }
    }
    return target.count { $0 == -1 } <= 1 ? target : nil
  }
}
