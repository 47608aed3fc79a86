import Graph
import Tensors

extension Pass {
  /// Finds HardSigmoid in clip(x + 3, 0, 6) / 6 and HardSwish in x · HardSigmoid(x), in every order exporters write them.
  package static let recognizeHardSwish = Pass.each("recognize-hard-swish") { rewriter, index in
    if let factors = try sixth(rewriter, index) {
      // (x · clip(x + 3)) / 6
      if let product = rewriter.producer(of: factors), rewriter.node(product).op == .mul, rewriter.soleConsumer(of: factors) == index {
        for position in 0..<2 {
          guard let clip = rewriter.node(product).input(position), let x = rewriter.node(product).input(1 - position),
            try clippedSource(rewriter, clip) == x
          else { continue }
          become(.hardSwish, of: x, [:], &rewriter, index)
          return
        }
      }
      // clip(x + 3) / 6
      if let x = try clippedSource(rewriter, factors) {
        become(.hardSigmoid, of: x, ["alpha": .float(1.0 / 6), "beta": .float(0.5)], &rewriter, index)
        return
      }
    }
    // x · HardSigmoid(x)
    guard rewriter.node(index).op == .mul else { return }
    for position in 0..<2 {
      guard let x = rewriter.node(index).input(1 - position),
        let gate = rewriter.producer(of: rewriter.node(index).input(position)), rewriter.node(gate).op == .hardSigmoid,
        rewriter.node(gate).input(0) == x
      else { continue }
      let alpha = Double(try rewriter.node(gate).attributes.float("alpha", default: 0.2))
      let beta = try rewriter.node(gate).attributes.float("beta", default: 0.5)
      // Some exporters write the sixth with few digits.
      guard (alpha * 6 - 1).magnitude < 1e-5, beta == 0.5 else { continue }
      become(.hardSwish, of: x, [:], &rewriter, index)
      return
    }
  }

  private static func become(
    _ op: Operator, of x: ValueID, _ attributes: [String: Attribute], _ rewriter: inout Rewriter, _ index: Int
  ) {
    rewriter.edit(index) { $0 = Node(op, name: $0.name, inputs: [x], outputs: $0.outputs, attributes: Attributes(attributes)) }
  }

  /// What node `index` divides by 6.
  private static func sixth(_ rewriter: Rewriter, _ index: Int) throws -> ValueID? {
    let node = rewriter.node(index)
    switch node.op {
    case .div: return try rewriter.scalar(index, 1) == 6 ? node.input(0) : nil
    case .mul:
      for position in 0..<2 {
        if let factor = try rewriter.scalar(index, position), (factor * 6 - 1).magnitude < 1e-5 { return node.input(1 - position) }
      }
      return nil
    default: return nil
    }
  }

  /// x, where `id` is clip(x + 3, 0, 6) and nothing but its reader needs it.
  private static func clippedSource(_ rewriter: Rewriter, _ id: ValueID) throws -> ValueID? {
    guard let clip = rewriter.producer(of: id), rewriter.node(clip).op == .clip, try rewriter.scalar(clip, 1) == 0,
      try rewriter.scalar(clip, 2) == 6, let sum = rewriter.producer(of: rewriter.node(clip).input(0)), rewriter.node(sum).op == .add,
      try Activation(rewriter.node(sum).attributes) == .none
    else { return nil }
    for position in 0..<2 where try rewriter.scalar(sum, position) == 3 {
      // The scalar must not have stretched the shape.
      let x = rewriter.node(sum).input(1 - position)
      return rewriter.type(x) == rewriter.type(id) ? x : nil
    }
    return nil
  }
}
