import Tensors

/// A kernel [outputs, inputs, height, width] in the frequency domain, as few coefficients of windows that all input channels share (CNNPack;
/// Wang et al. 2016): each filter is a multiple of a cluster's centre, where that describes it better than any frequency does, and a sparse
/// residual of cosine coefficients. The largest of all these numbers are kept.
package struct FrequencyCoding {
  package let outputs: Int
  package let inputs: Int
  package let taps: Int
  /// Filters that are shared: those of the frequencies, then the centres, [atoms, taps], each of norm 1.
  package let atoms: [Double]
  /// Of each filter (outputs × inputs): coefficients of the atoms, [filters, atoms].
  let coefficients: [Double]
  /// The places of coefficients that are not zero, the largest magnitude first.
  let order: [Int]
  private let energy: Double
  private let scale: PowerOfTwo
  /// In the frequency domain.
  private let centres: [Double]

  package var atomCount: Int { atoms.count / max(taps, 1) }
  /// Coefficients that are not zero.
  package var count: Int { order.count }

  /// - centres: clusters; 0: none.
  /// - Throws: `notFinite`, or `invalidArgument` where the elements do not fill the extents.
  package init(_ kernel: [Double], extents: [Int], centres: Int, seed: UInt64 = 0) throws {
    guard extents.count == 4, extents.allSatisfy({ $0 > 0 }), try Tensor.checkedByteCount(.f64, extents) == kernel.count * 8 else {
      throw Failure(.invalidArgument, "\(kernel.count) elements are not a kernel of \(extents)")
    }
    let scale = try PowerOfTwo(scaling: kernel, rows: extents[0], columns: kernel.count / extents[0])
    (outputs, inputs, taps) = (extents[0], extents[1], extents[2] * extents[3])
    let basis = CosineBasis(height: extents[2], width: extents[3])
    let taps = taps, filters = outputs * inputs, frequencies = basis.transform(scale.scaled(kernel))
    let clusters = try FilterCentres(frequencies, length: taps, count: centres, rounds: 12, seed: seed)
    let width = taps + clusters.count
    var coefficients = [Double](repeating: 0, count: filters * width)
    for filter in 0..<filters {
      let start = filter * taps, place = filter * width
      var rest = Array(frequencies[start..<start + taps])
      let (centre, gain) = FilterCentres.nearest(frequencies, start, clusters.centres, taps)
      if gain.magnitude > rest.reduce(0, { max($0, $1.magnitude) }) {
        coefficients[place + taps + centre] = gain
        for i in 0..<taps { rest[i] -= gain * clusters.centres[centre * taps + i] }
      }
      for i in 0..<taps { coefficients[place + i] = rest[i] }
    }
    // A centre's window: its frequencies put together.
    self.centres = clusters.centres
    let windows =
      clusters.count > 0
      ? product(
        clusters.centres, byTransposed: transposed(basis.windows, rows: taps, columns: taps), rows: clusters.count, columns: taps,
        depth: taps) : []
    atoms = basis.windows + windows
    order = coefficients.indices.filter { coefficients[$0] != 0 }.sorted {
      coefficients[$0].magnitude == coefficients[$1].magnitude ? $0 < $1 : coefficients[$0].magnitude > coefficients[$1].magnitude
    }
    energy = frequencies.reduce(0) { $0 + $1 * $1 }
    self.coefficients = scale.restored(coefficients)
    self.scale = scale
  }

  /// The share of the kernel's squares that is kept with the `count` largest coefficients, for several counts.
  package func energies(_ counts: [Int]) -> [Double] {
    guard energy > 0 else { return counts.map { _ in 1 } }
    let width = atomCount, scaled = scale.scaled(coefficients)
    var ranks = [Int](repeating: .max, count: coefficients.count)
    for (rank, place) in order.enumerated() { ranks[place] = rank }
    return counts.map { count in
      var lost = 0.0
      for filter in 0..<outputs * inputs {
        let place = filter * width
        let missing = (taps..<width).first { ranks[place + $0] >= count && scaled[place + $0] != 0 }
        for i in 0..<taps {
          var rest = ranks[place + i] >= count ? scaled[place + i] : 0
          if let missing { rest += scaled[place + missing] * centres[(missing - taps) * taps + i] }
          lost += rest * rest
        }
      }
      return min(max(1 - lost / energy, 0), 1)
    }
  }

  /// The atoms that the `count` largest coefficients are of, at least one.
  package func usedAtoms(_ count: Int) -> [Int] {
    let used = Set(order.prefix(max(count, 0)).map { $0 % atomCount }).sorted()
    return used.isEmpty ? [0] : used
  }

  /// The product's matrix with the `count` largest coefficients, [outputs, inputs · atoms], of the atoms that are left.
  /// - soft: whether every coefficient is drawn to zero by what the largest one left out is (Wang et al.); else they stay.
  package func sparse(_ count: Int, soft: Bool) -> (atoms: [Int], matrix: [Double]) {
    let kept = order.prefix(max(count, 0)), width = atomCount
    let cut = soft && kept.count < order.count ? coefficients[order[kept.count]].magnitude : 0
    let atoms = usedAtoms(count)
    var places = [Int](repeating: 0, count: width)
    for (place, atom) in atoms.enumerated() { places[atom] = place }
    var matrix = [Double](repeating: 0, count: outputs * inputs * atoms.count)
    for place in kept {
      let value = coefficients[place], (filter, atom) = (place / width, place % width)
      matrix[filter * atoms.count + places[atom]] = value < 0 ? min(value + cut, 0) : max(value - cut, 0)
    }
    return (atoms, matrix)
  }
}
