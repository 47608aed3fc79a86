import Graph
import Tensors

/// `prune.branches`: takes whole residual branches out of a network, where what is added to has the shape of what is added.
package struct PruneBranches: CompressionMethod {
  package init() {}

  package let name = "prune.branches"
  package let summary = "Removes whole residual branches: of x + f(x) stays x."
  package let options = [
    OptionSchema("ratio", .number(0...1), default: 0.25, "the share of the branches that goes, rounded to nearest"),
    OptionSchema(
      "criterion", .choice(["l2", "energy"]), default: "l2",
      "which branch matters least: by the size of its last layer's weights, or of what it adds over the samples"),
  ]

  package func needsCalibration(_ options: Options) -> Bool { (try? options.string("criterion")) == "energy" }

  package func apply(to graph: inout Graph, _ step: StepContext) throws {
    let selected = Set(step.layers.map(\.node))
    let layers = Set(try Layer.all(in: graph).map(\.node))
    let branches = ResidualBranch.all(in: graph).filter { branch in
      let own = branch.nodes.intersection(layers)
      return !own.isEmpty && own.isSubset(of: selected)
    }
    guard !branches.isEmpty else {
      throw Failure(.recipe, "\(step.path): the selected layers form no residual branch that adds to a value of its own shape")
    }
    let ratio = try step.options.number("ratio")
    let count = Int((Double(branches.count) * ratio).rounded())
    let scores = try step.options.string("criterion") == "energy" ? energies(branches, graph, step) : sizes(branches, graph, layers)
    let order = branches.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    let chosen = order.prefix(count).sorted().map { branches[$0] }
    step.ledger.note(
      "\(step.path): \(count) of \(branches.count) residual branches removed: \(chosen.map { graph.nodes[$0.sum].name }.joined(separator: ", "))"
    )
    try graph.remove(chosen)
  }

  /// Roots of mean squares of the last layer's filters: what a branch makes of inputs of size 1.
  private func sizes(_ branches: [ResidualBranch], _ graph: Graph, _ layers: Set<Int>) throws -> [Double] {
    try branches.map { branch in
      guard let last = branch.nodes.intersection(layers).max(), let weight = graph.nodes[last].layerWeight(graph) else { return 0 }
      let norms = try graph.norms(weight.id, axis: weight.axis, power: 2)
      return (norms.reduce(0) { $0 + $1 * $1 } / Double(max(norms.count, 1))).squareRoot()
    }
  }

  /// ‖f(x)‖² / ‖x‖², over some samples.
  private func energies(_ branches: [ResidualBranch], _ graph: Graph, _ step: StepContext) throws -> [Double] {
    let runner = GraphRunner(graph, observing: branches.flatMap { [$0.shortcut, $0.result] }, evaluator: step.evaluator)
    let samples = try step.calibration()
    var sums = [Double](repeating: 0, count: 2 * branches.count)
    let count = min(samples.count, 32)
    for index in 0..<count {
      try step.progress("measuring branches", index, of: count)
      for (place, tensor) in try runner.run(samples.sample(index)).observed.enumerated() {
        for value in tensor.floats() { sums[place] += Double(value) * Double(value) }
      }
    }
    guard sums.allSatisfy(\.isFinite) else { throw Failure(.notFinite, "a residual branch is NaN or infinite on the samples") }
    return branches.indices.map { sums[2 * $0 + 1] / max(sums[2 * $0], .leastNormalMagnitude) }
  }
}
