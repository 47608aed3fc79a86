import Graph
import Tensors

/// What a method sees of the layers of a step, and how what it makes of them comes to stand in the network.
struct FactorSites {
  let step: StepContext
  let method: String
  /// By layer.
  let geometries: [String: FactorGeometry]
  let multiply: MatrixProducts
  /// What the layers shall make; nil without samples, or where they are not to be used.
  let targets: OriginalTargets?

  func site(_ layer: Layer, in graph: Graph) throws -> FactorSite {
    try targets?.settle(before: layer.node, in: graph)
    return FactorSite(
      layer: layer, graph: graph, step: step, geometry: geometries[layer.name] ?? FactorGeometry(), multiply: multiply, targets: targets)
  }

  /// Replaces the chosen layers (nil: left as it is), in the network's order, each fitted to what those before have become.
  /// - Returns: the names of each layer's chain.
  @discardableResult
  func replace(_ entries: [RankEntry], by chosen: [FactorCandidate?], in graph: inout Graph) throws -> [(layer: String, chain: [String])] {
    var replaced: [(layer: String, chain: [String])] = []
    for (index, entry) in entries.enumerated() {
      guard let candidate = chosen[index], let layer = try Layer.all(in: graph).first(where: { $0.name == entry.layer.name }) else {
        continue
      }
      try step.progress("\(method): \(layer.name)", index, of: entries.count)
      let factored = try entry.factorization.factor(candidate, at: site(layer, in: graph))
      try check(factored, layer)
      replaced.append((layer.name, try graph.replace(layer, by: factored.stages, bias: factored.bias)))
    }
    return replaced
  }

  private func check(_ factored: FactoredLayer, _ layer: Layer) throws {
    let finite = try factored.stages.allSatisfy { try $0.weight.decoded().floats().allSatisfy(\.isFinite) }
    guard finite, factored.bias?.allSatisfy(\.isFinite) ?? true else {
      throw Failure(
        .notFinite, "\(method) gave factors that are not finite: the weights or the samples hold too large numbers", node: layer.name)
    }
  }
}
