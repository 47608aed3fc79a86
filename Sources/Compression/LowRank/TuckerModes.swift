import Tensors

/// The channel modes of a kernel [outputs, inputs, taps]: their principal directions, and how the energy lies on pairs of them (HOSVD; De
/// Lathauwer et al. 2000).
package struct TuckerModes {
  package let outputs: Int
  package let inputs: Int
  package let taps: Int
  /// [outputs, inputs, taps], row-major, scaled.
  let kernel: [Double]
  let scale: PowerOfTwo
  /// [inputs, outputs, taps]
  let turned: [Double]
  /// Of the scaled kernel · kernelᵀ along each mode: values are squared singular values of the unfolding, rows the directions.
  package let outputMode: SymmetricEigen
  package let inputMode: SymmetricEigen

  /// - Throws: `notFinite`, or `invalidArgument` where the elements are not outputs × inputs × taps.
  package init(_ kernel: [Double], outputs: Int, inputs: Int, taps: Int) throws {
    guard outputs > 0, inputs > 0, taps > 0, try Tensor.checkedByteCount(.f64, outputs, inputs, taps) == kernel.count * 8 else {
      throw Failure(.invalidArgument, "\(kernel.count) elements are not a kernel of \(outputs) × \(inputs) × \(taps)")
    }
    (self.outputs, self.inputs, self.taps) = (outputs, inputs, taps)
    scale = try PowerOfTwo(scaling: kernel, rows: outputs, columns: inputs * taps)
    let kernel = scale.scaled(kernel)
    self.kernel = kernel
    turned = Self.swapped(kernel, outputs, inputs, taps)
    outputMode = try SymmetricEigen(gram(kernel, rows: outputs, depth: inputs * taps), size: outputs)
    inputMode = try SymmetricEigen(gram(turned, rows: inputs, depth: outputs * taps), size: inputs)
  }

  /// [a, b, taps] → [b, a, taps]
  static func swapped(_ x: [Double], _ a: Int, _ b: Int, _ taps: Int) -> [Double] {
    var out = [Double](repeating: 0, count: x.count)
    for i in 0..<a { for j in 0..<b { for t in 0..<taps { out[(j * a + i) * taps + t] = x[(i * b + j) * taps + t] } } }
    return out
  }

  /// basis · x along the first axis: [rank, count] and [count, rest] → [rank, rest].
  static func project(_ x: [Double], _ basis: [Double], rank: Int, count: Int) -> [Double] {
    let rest = x.count / max(count, 1)
    return product(basis, byTransposed: transposed(x, rows: count, columns: rest), rows: rank, columns: rest, depth: count)
  }

  /// The share of the energy on the first `i` input and `o` output directions, at [o · (inputs + 1) + i]: what a truncated HOSVD keeps.
  package func energies() -> [Double] {
    let half = Self.project(kernel, outputMode.vectors, rank: outputs, count: outputs)
    let core = Self.project(Self.swapped(half, outputs, inputs, taps), inputMode.vectors, rank: inputs, count: inputs)
    var sums = [Double](repeating: 0, count: (outputs + 1) * (inputs + 1))
    for o in 0..<outputs {
      for i in 0..<inputs {
        let place = (i * outputs + o) * taps
        let energy = core[place..<place + taps].reduce(0) { $0 + $1 * $1 }
        let (row, before) = ((o + 1) * (inputs + 1), o * (inputs + 1))
        sums[row + i + 1] = energy + sums[row + i] + sums[before + i + 1] - sums[before + i]
      }
    }
    let all = sums[sums.count - 1]
    return all > 0 ? sums.map { min(max($0 / all, 0), 1) } : sums.map { _ in 1 }
  }
}
