import KernelContract

extension ConvCosts {
  /// `sparse_f32` on planar tensors; with a depthwise convolution in front that it makes for itself, that one's geometry.
  func sparse(_ packing: SparsePacking, behind depthwise: Geometry? = nil) -> Double {
    var work = SparseWork(packing, geometry)
    var made = 0.0
    if let depthwise {
      let form = packing.form
      let (rates, columns) = (table.sparse, blocks(geometry.outputWidth, of: 8))
      let tiles = Double(
        form.spansLines
          ? columns * blocks(geometry.outputHeight, of: form.tileVectors)
          : columns * blocks(geometry.outputHeight * geometry.outputWidth, of: form.tilePixels))
      let taps = Double(depthwise.taps) * (depthwise.strideX == 1 ? rates.fusedTap : rates.fusedStridedTap)
      made =
        Double(conv.channels * blocks(form.bands, of: SparseForm.sharedBands))
        * (Double(geometry.outputHeight * columns) * taps + tiles * rates.fusedColumn)
      (work.panel, work.strided) = (0, 0)
    }
    return Double(geometry.batch) * (work.nanoseconds(table.sparse) + made) + once(table.sparse.weights, packing.weightBytes)
  }

  /// `sparse_winograd_f32` with tiles of `tile` × `tile` pixels, on planar tensors; points are the packing's groups.
  func sparseWinograd(_ packing: SparsePacking, tile: Int) -> Double {
    let form = packing.form
    let rates = table.sparse
    let block = SparseWinogradF32Descriptor.block(geometry, tile: tile, tileVectors: form.tileVectors)
    let (down, across) = (blocks(geometry.outputHeight, of: tile), blocks(geometry.outputWidth, of: tile))
    let passes = Double(blocks(down, of: block.lines) * blocks(across, of: block.columns))
    let vectors = passes * Double(blocks(block.lines * block.columns, of: 8))
    let work = Double(packing.stored) * (vectors * rates.vector + passes * rates.weight)
    let rows = Double(form.groups * form.groupOutChannels * form.stripBlocks) * passes * rates.row
    // Eight tiles are transformed together, those at the end of a line as if they were eight.
    let eights = Double(down * blocks(across, of: block.columns) * blocks(block.columns, of: 8))
    let transforms = eights * (Double(conv.channels) * rates.tilesIn[tile / 4] + Double(conv.outputs) * rates.tilesOut[tile / 4])
    return Double(geometry.batch) * (work + rows + transforms) + once(rates.weights, 6 * Double(packing.stored)) + images
  }

  /// `depthwise_f32`, with channels innermost.
  func depthwise() -> Double { Double(geometry.outputPixels) * Double(conv.channels * conv.taps) * table.sparse.depthwise + images }

  /// `depthwise_planar_f32`.
  func planarDepthwise() -> Double {
    let columns = blocks(geometry.outputWidth, of: 8)
    if DepthwisePlanarF32Descriptor.isDirect(geometry) {
      let tap = geometry.strideX == 1 ? table.sparse.planeTap : table.sparse.planeStridedTap
      return Double(geometry.batch * geometry.outputHeight * columns) * Double(conv.channels * conv.taps) * tap + images
    }
    let copied = Double(geometry.batch) * Double(geometry.inputHeight) * Double(geometry.inputWidth) * Double(conv.channels)
    let width = Double(roundUp(geometry.outputWidth, to: 8)) / Double(max(1, geometry.outputWidth))
    return Double(geometry.outputPixels) * width * Double(conv.channels * conv.taps) * table.sparse.planarTap
      + copied * table.sparse.planarFloat + Double(geometry.batch * conv.channels) * table.sparse.planarChannel + images
  }
}
