import Graph
import Tensors

/// What a network costs as a function of its layers' ranks.
struct RankCosts {
  /// What does not depend on them.
  let fixed: Double
  let cost: (Int, FactorCandidate?) -> Double

  func total(_ chosen: [FactorCandidate?]) -> Double { chosen.enumerated().reduce(fixed) { $0 + cost($1.offset, $1.element) } }

  /// Multiply-accumulates, those of the other layers included.
  static func macs(_ entries: [RankEntry], _ graph: Graph, _ step: StepContext, sample: [Tensor]?) throws -> RankCosts {
    guard let shapes = LayerCost.inputShapes(graph, sample), case let macs = LayerCost.macs(graph, inputShapes: shapes), !macs.isEmpty
    else {
      throw Failure(.recipe, "\(step.path).target_macs: the model's input shapes are not known; pass samples")
    }
    let names = Set(entries.map(\.layer.name))
    let others = macs.reduce(0.0) { names.contains($1.key) ? $0 : $0 + Double($1.value) }
    return RankCosts(fixed: others) { Double(entries[$0].macs($1)) }
  }

  /// Stored bytes of weights, those of the other layers included.
  static func bytes(_ entries: [RankEntry], _ graph: Graph) throws -> RankCosts {
    let own = Set(entries.map(\.layer.weight))
    let others = Set(try Layer.all(in: graph, transformed: true).map(\.weight)).subtracting(own)
    return RankCosts(fixed: others.reduce(0.0) { $0 + Double(graph[$1].constant?.storedByteCount ?? 0) }) { Double(entries[$0].bytes($1)) }
  }
}
