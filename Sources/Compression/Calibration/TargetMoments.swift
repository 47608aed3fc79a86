/// The moments of a layer from all samples, from two thirds of them, and from the rest, which says how well what is fitted to the others
/// holds. Each sample is gathered once.
package struct TargetMoments {
  /// Below this many samples there is no such part.
  static let fewestSamples = 6
  package let fitted: MomentSum
  package let held: MomentSum?
  package var all: MomentSum { MomentSum(parts: fitted.parts + (held?.parts ?? [])) }

  init(fitted: LayerMoments, held: LayerMoments?) {
    self.fitted = MomentSum(parts: [fitted])
    self.held = held.flatMap { $0.rows > 0 ? MomentSum(parts: [$0]) : nil }
  }
}

/// Moments of one layer that were gathered in parts.
package struct MomentSum {
  package let parts: [LayerMoments]

  package var groups: Int { parts[0].groups }
  package var width: Int { parts[0].width }
  package var outputs: Int { parts[0].outputs }
  package var rows: Int { parts.reduce(0) { $0 + $1.rows } }

  /// The mean over all rows of what each part has the mean of.
  private func mean(_ read: (LayerMoments) -> [Double]) -> [Double] {
    let total = Double(max(rows, 1))
    return parts.dropFirst().reduce(read(parts[0]).map { $0 * Double(parts[0].rows) / total }) { sum, part in
      zip(sum, read(part)).map { $0 + $1 * Double(part.rows) / total }
    }
  }

  package var inputMeans: [Double] { mean(\.inputMeans) }
  package var outputMeans: [Double] { mean(\.outputMeans) }
  package var outputVariances: [Double] {
    let squares = mean { zip($0.outputVariances, $0.outputMeans).map { $0 + $1 * $1 } }
    return zip(squares, outputMeans).map { max($0 - $1 * $1, 0) }
  }

  /// As `LayerMoments.gram`.
  package func gram(group: Int, centred: Bool) -> [Double] {
    var gram = mean { $0.gram(group: group, centred: false) }
    guard centred else { return gram }
    let means = inputMeans[group * width..<(group + 1) * width].map { $0 }
    for i in 0..<width { for j in 0..<width { gram[i * width + j] -= means[i] * means[j] } }
    return gram
  }

  /// As `LayerMoments.cross`.
  package func cross(group: Int, centred: Bool) -> [Double] {
    var cross = mean { $0.cross(group: group, centred: false) }
    guard centred else { return cross }
    let means = inputMeans[group * width..<(group + 1) * width].map { $0 }
    let wanted = outputMeans[group * outputs..<(group + 1) * outputs].map { $0 }
    for row in 0..<outputs { for i in 0..<width { cross[row * width + i] -= wanted[row] * means[i] } }
    return cross
  }
}
