import KernelContract

/// What a sparse convolution of one image does, counted: a rate each (`SparseRates`) makes an estimate of it.
package struct SparseWork: Sendable {
  /// Stored weights times vectors of eight pixels, and times tiles.
  package var vectors: Double
  package var weights: Double
  /// Vectors of the panels, of neighbouring pixels or of every other one.
  package var panel: Double
  package var strided: Double
  /// Rows of sums, once a tile and block.
  package var rows: Double

  package init(_ packing: SparsePacking, _ geometry: Geometry) {
    let form = packing.form
    let (height, width) = (geometry.outputHeight, geometry.outputWidth)
    let tiles = Double(
      form.spansLines ? blocks(width, of: 8) * blocks(height, of: form.tileVectors) : blocks(height * width, of: form.tilePixels))
    let columns = Double(form.spansLines ? height * blocks(width, of: 8) : blocks(height * width, of: 8))
    vectors = Double(packing.stored) * columns
    weights = Double(packing.stored) * tiles
    let copied = Double(form.groups * form.groupInChannels * form.strips) * tiles * Double(form.stripFloats) / 8
    (panel, strided) = geometry.strideX == 1 ? (copied, 0) : (0, copied)
    rows = Double(form.groups * form.groupOutChannels * form.stripBlocks) * tiles
  }

  func nanoseconds(_ rates: SparseRates) -> Double {
    vectors * rates.vector + weights * rates.weight + panel * rates.panel + strided * rates.strided + rows * rates.row
  }
}
