import Graph
import Tensors

/// Makes a pruned layer do what the original did, as far as its inputs (those of the pruned network) allow.
struct ReconstructLayer {
  private let layer: Layer
  private let moments: LayerMoments
  private let centred: Bool
  private let layout: ZeroPattern.Columns
  /// For each group what is added to the diagonal, and what solves; nil where nothing varies that could be solved for.
  private var groups: [(ridge: Double, regression: SparseRegression?)] = []

  /// - damping: of the Gram matrix's mean diagonal, added to its diagonal; draws the weights to those before.
  /// - centred: whether the bias follows.
  init(_ layer: Layer, _ moments: LayerMoments, damping: Double, centred: Bool, multiply: MatrixProducts) throws {
    self.layer = layer
    self.moments = moments
    self.centred = centred
    let taps = layer.op == .conv ? max(layer.shape[2...].reduce(1, *), 1) : 1
    layout = .init(channels: moments.width / taps, taps: taps)
    for group in 0..<moments.groups {
      var gram = moments.gram(group: group, centred: centred)
      let damping = damping * moments.scarcity
      let ridge = max(RidgeRegression.ridge(gram, size: moments.width, damping: damping), moments.roundingNoise(group, gram))
      for i in 0..<moments.width { gram[i * moments.width + i] += ridge }
      groups.append((ridge, try SparseRegression(gram: gram, size: moments.width, multiply: multiply)))
    }
  }

  /// The new matrix for a share of zeros.
  ///
  /// - before: the layer's matrix as it is.
  /// - targets: the moments whose products with y are to be met; nil: the layer's own.
  /// - keepZeros: whether what is zero stays zero.
  func prune(
    _ before: LayerMatrix, targets: LayerMoments? = nil, pattern: ZeroPattern, share: Double, keepZeros: Bool,
    effort: SparseRegression.Effort = .full, check: () throws -> Void
  ) throws -> LayerMatrix {
    var result = before
    let width = moments.width, perGroup = moments.outputs
    for (group, solver) in groups.enumerated() {
      let range = group * perGroup * width..<(group + 1) * perGroup * width
      let start = Array(before.elements[range])
      let values: [Float]
      if let regression = solver.regression {
        let cross = (targets ?? moments).cross(group: group, centred: centred)
        values = try regression.solve(
          targets: zip(cross, start).map { $0 + solver.ridge * Double($1) }, start: start,
          allowed: start.map { keepZeros && $0 == 0 ? 0 : 1 }, pattern: pattern, layout, share: share, effort: effort, check: check
        ).values
      } else {
        values = try pattern.applied(to: start, rows: perGroup, layout, share: share)
      }
      result.elements.replaceSubrange(range, with: values)
    }
    return result
  }

  /// Gives the outputs the variance of the targets.
  func restore(_ matrix: inout LayerMatrix, targets: LayerMoments? = nil, _ restoration: VarianceRestoration) throws {
    guard centred, !restoration.isNone else { return }
    let width = moments.width, perGroup = moments.outputs, wanted = (targets ?? moments).outputVariances
    for (group, solver) in groups.enumerated() {
      guard let regression = solver.regression else { continue }
      let first = group * perGroup
      let forms = try regression.forms(Array(matrix.elements[first * width..<(first + perGroup) * width]))
      for row in 0..<perGroup {
        let range = (first + row) * width..<(first + row + 1) * width
        let power = matrix.elements[range].reduce(0) { $0 + Double($1) * Double($1) }
        let factor = restoration.factor(made: forms[row] - solver.ridge * power, wanted: wanted[first + row])
        for index in range { matrix.elements[index] *= Float(factor) }
      }
    }
  }

  /// The bias with which the layer's mean output is the original's.
  func bias(_ matrix: LayerMatrix, targets: LayerMoments? = nil) -> [Float] { moments.bias(matrix, targets: targets) }
}

extension Graph {
  /// Whether the layer's sums are W·x + b with a b that may be given anew.
  func canSetBias(_ layer: Layer) -> Bool {
    let node = nodes[layer.node]
    guard node.op != .matMul else { return false }
    guard let id = node.input(2) else { return true }
    let channels = layer.shape[layer.outputAxis]
    guard let old = self[id].constant, old.dtype == .f32 else { return false }
    return old.count == channels || (old.count == 1 && node.op == .gemm)
  }

  /// Gives the layer a bias of its own; another layer may share the one before.
  mutating func setBias(_ layer: Layer, _ bias: [Float]) throws {
    let name = freshName((nodes[layer.node].input(2).map { self[$0].name } ?? layer.name + "/bias") + "/refitted")
    let id = addConstant(name, try Tensor([bias.count], bias))
    while nodes[layer.node].inputs.count < 3 { nodes[layer.node].inputs.append(nil) }
    nodes[layer.node].inputs[2] = id
  }
}
