import Graph
import Tensors

extension Reconstruction {
  /// Shares of zeros at which a layer's damage is measured.
  private static let levels = [0.3, 0.5, 0.7, 0.85, 0.95]
  /// Samples on which it is measured.
  private static let scanSamples = 40

  /// A share for each layer, together `sparsity` of all their weights.
  func allocate(_ sparsity: Double, over layers: [Layer], of original: Graph) throws -> [Double] {
    let samples = try step.calibration()
    let (fitted, judging) = OutputDamage.divide(samples.count, judges: Self.scanSamples)
    let damage = try OutputDamage(original, samples: judging, step)
    let targets = try OriginalTargets(original, step, among: fitted, mixing: min(mixing, 1), holding: false)
    var curves: [AllocateZeros.Curve] = []
    for (index, layer) in layers.enumerated() {
      try step.progress("sensitivity", index, of: layers.count)
      var curve = AllocateZeros.Curve(elements: layer.shape.reduce(1, *), points: [])
      try targets.settle(before: layer.node, in: original)
      try damage.settle(before: layer.node)
      if let solver = try solver(layer, in: original, targets, own: 0) {
        for level in Self.levels {
          var graph = original
          try prune(layer, in: &graph, solver, share: level, effort: .rough)
          curve.points.append((level, try damage.measure(graph)))
        }
      } else {
        for level in Self.levels {
          var graph = original
          try pruneByMagnitude(layer, in: &graph, share: level)
          curve.points.append((level, try damage.measure(graph)))
        }
      }
      curves.append(curve)
    }
    return AllocateZeros.shares(curves, share: sparsity)
  }
}
