import Tensors

/// A kernel [outputs, inputs, taps] as `rank` filters for each input channel and a pointwise product of what they make (network decoupling;
/// Guo, Li, Lin and Chen 2018): for every input channel, the singular value decomposition of [outputs × taps].
package struct DecoupledFilters {
  package let outputs: Int
  package let inputs: Int
  package let taps: Int
  /// Of every input channel.
  package let parts: [SVD]

  /// - Throws: `notFinite`, or `invalidArgument` where the elements are not outputs × inputs × taps.
  package init(_ kernel: [Double], outputs: Int, inputs: Int, taps: Int) throws {
    guard outputs > 0, inputs > 0, taps > 0, try Tensor.checkedByteCount(.f64, outputs, inputs, taps) == kernel.count * 8 else {
      throw Failure(.invalidArgument, "\(kernel.count) elements are not a kernel of \(outputs) × \(inputs) × \(taps)")
    }
    (self.outputs, self.inputs, self.taps) = (outputs, inputs, taps)
    parts = try (0..<inputs).map { channel in
      var matrix = [Double](repeating: 0, count: outputs * taps)
      for n in 0..<outputs { for t in 0..<taps { matrix[n * taps + t] = kernel[(n * inputs + channel) * taps + t] } }
      return try SVD(matrix, rows: outputs, columns: taps)
    }
  }

  /// The largest rank there is: beyond, filters are zeros.
  package var largest: Int { min(outputs, taps) }

  /// Squares of singular values by rank, summed over the channels.
  package var energies: [Double] { (0..<largest).map { rank in parts.reduce(0) { $0 + $1.values[rank] * $1.values[rank] } } }

  /// Filters [inputs · rank, taps], orthonormal for each channel, and the product [outputs, inputs · rank].
  package func factors(rank: Int) -> (depthwise: [Double], pointwise: [Double]) {
    let rank = min(max(rank, 1), largest)
    var point = [Double](repeating: 0, count: outputs * inputs * rank)
    for (channel, part) in parts.enumerated() {
      for n in 0..<outputs {
        for r in 0..<rank { point[(n * inputs + channel) * rank + r] = part.left[n * largest + r] * part.values[r] }
      }
    }
    return (parts.flatMap { $0.right.prefix(rank * taps) }, point)
  }
}
