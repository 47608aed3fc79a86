import Graph
import Tensors

/// Makes a pruned layer do what the original did, as far as its inputs (those of the pruned network) allow.
struct ReconstructLayer {
  let layer: Layer
  let moments: LayerMoments
  let multiply: MatrixProducts
  /// Of the Gram matrix's mean diagonal, added to its diagonal; draws the weights to those before.
  let damping: Double

  /// The new matrix for a share of zeros.
  ///
  /// - before: the layer's matrix as it is.
  /// - keepZeros: whether what is zero stays zero.
  func prune(
    _ before: LayerMatrix, pattern: ZeroPattern, share: Double, keepZeros: Bool, centred: Bool, check: () throws -> Void
  ) throws -> LayerMatrix {
    var result = before
    let width = moments.width, perGroup = moments.outputs
    let taps = layer.op == .conv ? layer.shape[2...].reduce(1, *) : 1
    let layout = ZeroPattern.Columns(channels: width / max(taps, 1), taps: max(taps, 1))
    for group in 0..<moments.groups {
      let range = group * perGroup * width..<(group + 1) * perGroup * width
      let start = Array(before.elements[range])
      var gram = moments.gram(group: group, centred: centred)
      let ridge = max(RidgeRegression.ridge(gram, size: width, damping: effectiveDamping), roundingNoise(group))
      for i in 0..<width { gram[i * width + i] += ridge }
      let cross = moments.cross(group: group, centred: centred)
      let targets = zip(cross, start).map { $0 + ridge * Double($1) }
      let allowed = start.map { keepZeros && $0 == 0 ? UInt8(0) : 1 }
      let values: [Float]
      if let regression = try SparseRegression(gram: gram, targets: targets, size: width, multiply: multiply) {
        values = try regression.solve(start: start, allowed: allowed, pattern: pattern, layout, share: share, check: check).values
      } else {
        values = try pattern.applied(to: start, rows: perGroup, layout, share: share)
      }
      result.elements.replaceSubrange(range, with: values)
    }
    return result
  }

  /// What rounding leaves of the variance of inputs that do not vary: 2⁻²⁰ of their mean square; 1 where they are all zero.
  private func roundingNoise(_ group: Int) -> Double {
    var power = 0.0
    for mean in moments.inputMeans[group * moments.width..<(group + 1) * moments.width] { power += mean * mean }
    power /= Double(moments.width)
    let varies = moments.gram(group: group).contains { $0 != 0 }
    return power > 0 || varies ? power * 0x1p-20 : 1
  }

  /// Few images say little about many directions; positions of one image count for some, not for all that they are.
  private var effectiveDamping: Double {
    let perImage = min(Double(moments.rows) / Double(max(moments.images, 1)), 16)
    return damping * max(1, Double(moments.width) / (Double(moments.images) * perImage))
  }

  /// The bias with which the layer's mean output is the original's: E[y] − Ŵ·E[x].
  func bias(_ matrix: LayerMatrix) -> [Float] {
    let inputs = moments.inputMeans, outputs = moments.outputMeans
    return (0..<matrix.rows).map { row in
      let group = row / matrix.rowsPerGroup
      var sum = outputs[row]
      for column in 0..<matrix.width { sum -= Double(matrix.elements[row * matrix.width + column]) * inputs[group * matrix.width + column] }
      return Float(sum)
    }
  }
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
