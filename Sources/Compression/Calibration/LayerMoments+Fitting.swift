/// What fitting a layer to its moments needs besides them.
extension LayerMoments {
  /// What rounding leaves of the variance of a group's inputs that do not vary: 2⁻²⁰ of their mean square; 1 where they are all zero.
  func roundingNoise(_ group: Int, _ gram: [Double]) -> Double {
    var power = 0.0
    for mean in inputMeans[group * width..<(group + 1) * width] { power += mean * mean }
    power /= Double(width)
    return power > 0 || gram.contains { $0 != 0 } ? power * 0x1p-20 : 1
  }

  /// What damping is multiplied by. Few images say little about many directions; positions of one image count for some, not for all that
  /// they are.
  var scarcity: Double {
    let perImage = min(Double(rows) / Double(max(images, 1)), 16)
    return max(0.1, Double(width) / (Double(images) * perImage))
  }

  /// The bias with which the layer's mean output is the targets': E[y] − Ŵ·E[x].
  /// - targets: the moments whose means of y count; nil: these.
  func bias(_ matrix: LayerMatrix, targets: LayerMoments? = nil) -> [Float] {
    let inputs = inputMeans, outputs = (targets ?? self).outputMeans
    return (0..<matrix.rows).map { row in
      let group = row / matrix.rowsPerGroup
      var sum = outputs[row]
      for column in 0..<matrix.width { sum -= Double(matrix.elements[row * matrix.width + column]) * inputs[group * matrix.width + column] }
      return Float(sum)
    }
  }
}
