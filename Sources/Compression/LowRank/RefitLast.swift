import Graph
import Tensors

/// Fits the last layer of a chain, and its bias, to what the factorized layer makes in the original network: least squares on the second
/// moments of what the layers before it hand on.
package struct RefitLast {
  /// Of the moments' mean diagonal, times what samples are short of; draws weights to those before.
  package let damping: Double
  /// Whether what the activation behind the layer cuts off need not be met.
  package let isNonlinear: Bool
  /// How often targets are adapted to what is cut off.
  private static let rounds = 2

  package init(damping: Double, isNonlinear: Bool = true) {
    self.damping = damping
    self.isNonlinear = isNonlinear
  }

  /// The chain as it was where there are no samples, or the layer's sums are not W·x + b.
  package func apply(_ factored: FactoredLayer, at site: FactorSite) throws -> FactoredLayer {
    guard let targets = site.targets, try site.graph.hasPlainSums(site.layer), var last = factored.stages.last,
      site.layer.op == .matMul || site.graph.canSetBias(site.layer)
    else { return factored }
    var graph = site.graph
    try graph.replace(site.layer, by: factored.stages, bias: factored.bias)
    guard let layer = try Layer.all(in: graph).first(where: { $0.name == site.layer.name }),
      let moments = try targets.moments(layer, in: graph)?.fitted.parts[0]
    else { return factored }
    let before = LayerMatrix(layer, try graph.decodedWeight(layer)), centred = graph.canSetBias(layer)
    let solvers = (0..<moments.groups).map { group -> (factor: Cholesky?, ridge: Double) in
      var gram = moments.gram(group: group, centred: centred)
      let least = RidgeRegression.ridge(gram, size: moments.width, damping: damping * moments.scarcity)
      let ridge = max(least, moments.roundingNoise(group, gram))
      for i in 0..<moments.width { gram[i * moments.width + i] += ridge }
      return (Cholesky(gram, size: moments.width), ridge)
    }
    func solve(_ targets: LayerMoments) -> LayerMatrix {
      var matrix = before
      for (group, solver) in solvers.enumerated() {
        let count = moments.outputs * moments.width, range = group * count..<(group + 1) * count
        let solved = RidgeRegression.solve(
          solver.factor, cross: targets.cross(group: group, centred: centred), prior: before.elements[range].map(Double.init),
          ridge: solver.ridge)
        matrix.elements.replaceSubrange(range, with: solved.map(Float.init))
      }
      return matrix
    }
    var (matrix, wanted) = (solve(moments), moments)
    if isNonlinear, try ActiveRange(graph.nodes[layer.node]) != nil {
      for _ in 0..<Self.rounds {
        var candidate = graph
        candidate[layer.weight].constant = Weight(try matrix.tensor(layer.shape))
        if centred { try candidate.setBias(layer, moments.bias(matrix, targets: wanted)) }
        guard let adapted = try targets.moments(layer, in: graph, candidate: candidate)?.fitted.parts[0] else { break }
        wanted = adapted
        matrix = solve(adapted)
      }
    }
    // A stage is outputs × inputs, however the node stores it.
    last.weight = Weight(try Tensor(last.form.shape, matrix.elements))
    return FactoredLayer(factored.stages.dropLast() + [last], bias: centred ? moments.bias(matrix, targets: wanted) : factored.bias)
  }
}
