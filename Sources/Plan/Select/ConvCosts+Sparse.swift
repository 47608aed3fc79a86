import KernelContract

extension ConvCosts {
  /// `sparse_f32` with `stored` weights, on planar tensors.
  func sparse(_ packing: SparsePacking) -> Double {
    Double(geometry.batch) * SparseWork(packing, geometry).nanoseconds(table.sparse)
      + once(table.sparse.weights, 6 * Double(packing.stored))
  }

  /// `depthwise_f32`, with channels innermost.
  func depthwise() -> Double { Double(geometry.outputPixels) * Double(conv.channels * conv.taps) * table.sparse.depthwise + images }

  /// `depthwise_planar_f32`.
  func planarDepthwise() -> Double {
    let copied = Double(geometry.batch) * Double(geometry.inputHeight) * Double(geometry.inputWidth) * Double(conv.channels)
    let width = Double(roundUp(geometry.outputWidth, to: 8)) / Double(max(1, geometry.outputWidth))
    return Double(geometry.outputPixels) * width * Double(conv.channels * conv.taps) * table.sparse.planarTap
      + copied * table.sparse.planarFloat + images
  }
}
