import Graph
import Tensors

/// A layer that ranks are chosen for.
struct RankEntry {
  let layer: Layer
  let factorization: any Factorization
  let geometry: FactorGeometry
  /// As it is.
  let macs: Int
  let bytes: Int
  /// Candidates that compute less than the layer, ascending in energy; ranks from 16 on are multiples of 8, as the kernels' blocks are.
  let able: [FactorCandidate]

  init(_ layer: Layer, _ factorization: any Factorization, _ geometry: FactorGeometry, bytes: Int) {
    self.layer = layer
    self.factorization = factorization
    self.geometry = geometry
    self.bytes = bytes
    // A rule of one stage: the layer itself.
    let extents = layer.op == .conv ? layer.shape : [layer.shape[layer.outputAxis], layer.shape[layer.inputAxis]]
    let whole = geometry.macs([FactorShape(extents, groups: layer.groups, axes: Array(0..<max(extents.count - 2, 0)))])
    macs = whole
    able = factorization.candidates.filter { candidate in
      candidate.ranks.allSatisfy { $0 < 16 || $0 % 8 == 0 } && geometry.macs(candidate.forms) < whole
    }
  }

  func macs(_ candidate: FactorCandidate?) -> Int { candidate.map { geometry.macs($0.forms) } ?? macs }
  func bytes(_ candidate: FactorCandidate?) -> Int { candidate?.bytes ?? bytes }

  /// What was refused and why, for the report.
  func refusal(_ method: String, _ candidate: FactorCandidate?, _ reason: String, _ times: (Double, Double)? = nil) -> Report.Refusal {
    Report.Refusal(
      layer: layer.name, what: candidate.map { "\(method): rank \($0.rankText)" } ?? method, reason: reason,
      milliseconds: Report.Change(before: times?.0, after: times?.1))
  }
}
