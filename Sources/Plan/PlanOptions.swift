/// What a plan is made for.
package struct PlanOptions: Sendable, Hashable {
  /// Threads that will run it: work is cut finely enough for them. The plan runs with any number, to the same bits.
  package var threads: Int

  /// Sums of products are made term by term only: no Winograd convolution, whose rounding errors are larger (and which spreads what is not
  /// a number over a tile).
  package var exact: Bool

  /// Which chains of layers run by bands of lines; the bits are the same.
  package enum Bands: Sendable, Hashable {
    case off
    /// Those that it is estimated to pay for.
    case chosen
    /// All that can, by bands of this many lines.
    case always(lines: Int)
  }
  package var bands: Bands

  /// Which convolutions and products leave out the zeros of their weights.
  package enum Sparse: Sendable, Hashable {
    case off
    /// Those that it is estimated to pay for.
    case chosen
    /// All that can, with zeros or without; and every layer that can runs on planar tensors.
    case always
  }
  package var sparse: Sparse

  package init(threads: Int = 1, exact: Bool = false, bands: Bands = .chosen, sparse: Sparse = .chosen) {
    self.threads = max(1, threads)
    self.sparse = sparse
    self.exact = exact
    self.bands = bands
  }
}
