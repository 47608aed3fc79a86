import Tensors

/// Centres of clusters of vectors that are alike but for a factor: unit vectors on which most of the vectors' energy lies (k-means with
/// gains; k = the number of centres).
struct FilterCentres {
  /// [count, length]
  let centres: [Double]
  let count: Int
  let length: Int

  /// - vectors: [n, length]
  /// - rounds: at most.
  init(_ vectors: [Double], length: Int, count: Int, rounds: Int, seed: UInt64) throws {
    self.length = length
    let all = vectors.count / max(length, 1)
    var random = SplitMix64(seed: seed)
    // Some sixty-five thousand vectors say where the centres are.
    let sample = all <= 1 << 16 ? Array(0..<all) : (0..<1 << 16).map { _ in random.below(all) }
    var found: [Double] = []
    // Each next one is what the centres so far describe worst, of a few that are drawn.
    while found.count < count * length, !sample.isEmpty {
      var worst: (vector: Int, rest: Double)?
      for _ in 0..<32 {
        let vector = sample[random.below(sample.count)] * length
        let energy = vectors[vector..<vector + length].reduce(0) { $0 + $1 * $1 }
        let gain = Self.nearest(vectors, vector, found, length).gain
        let rest = energy - gain * gain
        if worst.map({ rest > $0.rest }) ?? true { worst = (vector, rest) }
      }
      guard let worst, worst.rest > 0 else { break }
      let norm = vectors[worst.vector..<worst.vector + length].reduce(0) { $0 + $1 * $1 }.squareRoot()
      found += vectors[worst.vector..<worst.vector + length].map { $0 / norm }
    }
    let clusters = found.count / max(length, 1)
    for _ in 0..<rounds where clusters > 0 {
      var squares = [Double](repeating: 0, count: clusters * length * length)
      for index in sample {
        let (centre, gain) = Self.nearest(vectors, index * length, found, length)
        guard gain != 0 else { continue }
        for i in 0..<length {
          let (x, row) = (vectors[index * length + i], (centre * length + i) * length)
          for j in 0...i { squares[row + j] += x * vectors[index * length + j] }
        }
      }
      let before = found
      for centre in 0..<clusters {
        let part = Array(squares[centre * length * length..<(centre + 1) * length * length])
        guard part.contains(where: { $0 != 0 }) else { continue }
        let direction = try SymmetricEigen(part, size: length).vectors.prefix(length)
        found.replaceSubrange(centre * length..<(centre + 1) * length, with: direction)
      }
      if found == before { break }
    }
    centres = found
    self.count = clusters
  }

  /// The centre with the largest part of a vector, and that part.
  static func nearest(_ vectors: [Double], _ start: Int, _ centres: [Double], _ length: Int) -> (centre: Int, gain: Double) {
    var best = (centre: 0, gain: 0.0)
    for centre in 0..<centres.count / max(length, 1) {
      var gain = 0.0
      for i in 0..<length { gain += vectors[start + i] * centres[centre * length + i] }
      if gain.magnitude > best.gain.magnitude { best = (centre, gain) }
    }
    return best
  }
}
