import KernelContract

extension ConvCosts {
  /// `sparse_f32` with `stored` weights, on planar tensors.
  func sparse(_ packing: SparsePacking) -> Double {
    let form = packing.form
    let rates = table.sparse
    let (height, width) = (geometry.outputHeight, geometry.outputWidth)
    let tiles = Double(
      form.spansLines ? blocks(width, of: 8) * blocks(height, of: form.tileVectors) : blocks(height * width, of: form.tilePixels))
    let vectors = Double(form.spansLines ? height * blocks(width, of: 8) : blocks(height * width, of: 8))
    let work = Double(packing.stored) * (vectors * rates.vector + tiles * rates.weight)
    let panel = geometry.strideX == 1 ? rates.panel : rates.strided
    let panels = Double(form.groups * form.groupInChannels * form.strips) * tiles * Double(form.stripFloats) / 8 * panel
    let rows = Double(form.groups * form.groupOutChannels * form.stripBlocks) * tiles * rates.row
    return Double(geometry.batch) * (work + panels + rows) + once(rates.weights, 6 * Double(packing.stored))
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
