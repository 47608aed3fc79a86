/// What the kernels were measured to take on one kind of machine, one core, in nanoseconds.
///
/// `swift run -c release KernelBenchmarks --calibrate` measures and prints a table; those of the kinds of machine that were at hand are in
/// `CostTable+Known.swift`. Tables instead of a calibration at run time: a plan, and with it the bits of its results, is then the same in every
/// process on a machine.
package struct CostTable: Sendable {
  /// What a byte costs above the work done with it, when it comes from the last-level cache, or from memory.
  package struct Stream: Sendable {
    var level3: Double
    var memory: Double
  }

  package var name: String
  /// The machine it was measured on, and the rows of the kernels' tile: what tells kinds apart.
  package var level2Bytes: Int
  package var level3Bytes: Int
  package var tileRows: Int
  /// One tile of a product by 16 columns, operands in the second-level cache, at the depths `tileDepths`.
  package var tiles: [Double]
  /// To find the pixel of one row and tap, and to copy one byte of a row.
  package var pointer: Double
  package var copiedByte: Double
  /// To transform 8 channels of 4², 6² and 8² pixels of a Winograd tile, in, and out with a window of 3.
  package var winogradIn: [Double]
  package var winogradOut: [Double]
  /// One float of the sums that Strassen's products are made of, or of the products.
  package var strassenFloat: Double
  /// Weights of a product and of a Winograd convolution, and a layer's images.
  package var weights: Stream
  package var winogradWeights: Stream
  /// A byte of a Winograd convolution's weights from memory where the few tiles that meet it leave nothing else to wait for.
  package var winogradFetch: Double
  package var images: Stream

  /// Products that leave out zeros, and layers on planar tensors.
  package var sparse = SparseRates()

  package static let tileDepths = [16, 32, 64, 128, 256, 512, 1024, 4096]

  /// A tile of any depth: straight lines between the depths measured.
  private func tile(depth: Int) -> Double {
    let depths = CostTable.tileDepths
    let upper = max(1, depths.firstIndex { depth <= $0 } ?? depths.count - 1)
    let (d0, d1, t0, t1) = (Double(depths[upper - 1]), Double(depths[upper]), tiles[upper - 1], tiles[upper])
    return max(0, t0 + (t1 - t0) * (Double(depth) - d0) / (d1 - d0))
  }

  /// `rows` by one panel of 16 columns: the kernels cut rows without waste, but fewer than a third of a tile's wait for the panel.
  func rows(_ rows: Int, depth: Int) -> Double {
    rows == 0 ? 0 : tile(depth: depth) * max(Double(rows) / Double(tileRows), 1 / 3)
  }
}
