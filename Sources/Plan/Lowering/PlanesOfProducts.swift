import Graph
import KernelContract

extension PlanBuilder {
  /// The operand of a 1 × 1 convolution where it lies in planes only and nothing else reads it: the product takes it as it is.
  func pointwiseImage(_ x: ValueID, _ conv: ConvShape) -> View? {
    guard let views = states[x]?.views, let view = views.first, view.shape.count == 4, view.isRowMajor, conv.groups == 1,
      views.allSatisfy({ $0.pixelStride == nil }), uses.soleConsumer(of: x) != nil,
      conv.geometry(input: 0, output: 0).isPointwise
    else { return nil }
    return view
  }

  /// Whether a convolution's result is wanted in planes only: the graph's output, in the caller's memory, which nothing else reads.
  func endsInPlanes(_ id: ValueID) -> Bool {
    guard case .output = placements[id], let shape = graph[id].type?.shape?.fixed, shape.count == 4 else { return false }
    return hasTwoLayouts(id) && uses.consumers(of: id).isEmpty
  }

  /// Nanoseconds of the changes of layout that a product between planes does without, above those it makes on the way; of one image, and as
  /// if it were not cached, so that neither its neighbours nor the batch decide.
  func turnedTime(_ conv: ConvShape, input: Bool, output: Bool) -> Double {
    let g = conv.geometry(input: 0, output: 0)
    let floats =
      (input ? Double(g.inputHeight) * Double(g.inputWidth) * Double(conv.channels) : 0)
      + (output ? Double(g.outputHeight) * Double(g.outputWidth) * Double(conv.outputs) : 0)
    return 0.08 * floats
  }

  /// The task grid of a product that packs its rows from planes: rows and their copies are in the second-level cache together.
  func planesGrid(_ conv: ConvShape, _ geometry: Geometry) -> ProductBlocks {
    ProductBlocks(
      ProductBlocks.Shape(
        rows: geometry.outputPixels, columns: conv.outputs, depth: conv.channels, elementBytes: 4, rowBytes: 24 * conv.channels,
        copiesRows: false, tileRows: tileRows(.gemmF32)),
      machine: machine, threads: options.threads)
  }
}
