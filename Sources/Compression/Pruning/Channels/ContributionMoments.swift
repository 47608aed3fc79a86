import Tensors

/// Second moments of what each channel of a group adds to the outputs of the layers that read it.
///
/// With z_c(o) = Σ W[o, columns of c]·x the contribution of channel c to output o, `gram[c][d]` is the sum over outputs of E[z_c·z_d], and
/// `targets[c]` that of E[z_c·y], y being what the reader shall make. Both come from the reader's Gram matrix alone, over every position
/// and output that it has: nothing is sampled.
package struct ContributionMoments {
  /// Channels of the group.
  package let count: Int
  /// Row-major, count × count.
  package private(set) var gram: [Double]
  package private(set) var targets: [Double]

  package init(count: Int) {
    self.count = count
    gram = [Double](repeating: 0, count: count * count)
    targets = [Double](repeating: 0, count: count)
  }

  /// Adds one reader. Each reader counts alike, whatever the size of its outputs.
  ///
  /// - matrix: the reader's weight; `centred`: whether its bias makes up for means.
  /// - channels: for each input channel of the reader, groups in order, the channel of the group that it carries; nil: of another one, which
  ///   stays: its contribution is taken off the targets.
  package mutating func add(
    _ moments: MomentSum, _ matrix: LayerMatrix, channels: [Int?], centred: Bool, multiply: MatrixProducts
  ) throws {
    let width = moments.width, rows = moments.outputs, inputs = channels.count / max(moments.groups, 1)
    guard inputs > 0, width % inputs == 0, matrix.elements.count == moments.groups * rows * width else { return }
    let taps = width / inputs
    var part = ContributionMoments(count: count)
    var energy = 0.0
    for group in 0..<moments.groups {
      let first = group * rows * width
      let weight = try Tensor(.f32, [width, rows]) { bytes in
        let out = bytes.bindMemory(to: Float.self)
        for row in 0..<rows { for column in 0..<width { out[column * rows + row] = matrix.elements[first + row * width + column] } }
      }
      let product = try multiply.multiply(weight, byTransposed: weight)
      let squares = product.elements(as: Float.self)
      let gram = moments.gram(group: group, centred: centred), cross = moments.cross(group: group, centred: centred)
      for i in 0..<width {
        guard let c = channels[group * inputs + i / taps] else { continue }
        for j in 0..<width {
          let value = Double(squares[i * width + j]) * gram[i * width + j]
          if let d = channels[group * inputs + j / taps] { part.gram[c * count + d] += value } else { part.targets[c] -= value }
        }
        for row in 0..<rows { part.targets[c] += Double(matrix.elements[first + row * width + i]) * cross[row * width + i] }
      }
      withExtendedLifetime(product) {}
      let means = moments.outputMeans, variances = moments.outputVariances
      for row in group * rows..<(group + 1) * rows { energy += variances[row] + (centred ? 0 : means[row] * means[row]) }
    }
    guard energy > 0, energy.isFinite else { return }
    for index in gram.indices { gram[index] += part.gram[index] / energy }
    for index in targets.indices { targets[index] += part.targets[index] / energy }
  }

  package init(gram: [Double], targets: [Double]) {
    count = targets.count
    self.gram = gram
    self.targets = targets
  }
}
