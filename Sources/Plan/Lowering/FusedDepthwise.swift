import Graph
import KernelContract
import Tensors

/// A depthwise convolution that the sparse convolution behind it makes for itself.
struct FusedDepthwise {
  let node: Int
  let descriptor: SparseDepthwise
  let input: View
  let operators: [String]
  let macs: Int
  /// What the two are estimated to take one by one.
  let apart: Double
}

extension PlanBuilder {
  /// Runs the body as if the node at `index` were being lowered.
  func looking<Result>(at index: Int, _ body: () throws -> Result) rethrows -> Result {
    let own = (node, nodeIndex)
    (node, nodeIndex) = (graph.nodes[index], index)
    defer { (node, nodeIndex) = own }
    return try body()
  }

  /// What the depthwise convolution being looked at and the sparse one of single pixels that alone reads it take on planar tensors, as one
  /// step and as two; nil where they cannot be one.
  func fusedDepthwiseCosts(_ conv: ConvShape) throws -> (fused: Double, apart: Double)? {
    guard let out = node.outputs.first, let next = uses.soleConsumer(of: out), graph.nodes[next].op == .conv,
      graph.nodes[next].input(0) == out, conv.isDepthwise, try dtype(out) == .f32, kernels.contains(where: { $0.family == .sparseF32 })
    else { return nil }
    let geometry = imageCosts(conv).geometry
    guard SparseDepthwise.accepts(geometry) else { return nil }
    return try looking(at: next) { () -> (Double, Double)? in
      guard let w = node.input(1), let weight = graph[w].constant, weight.dtype == .f32 else { return nil }
      let product = try convShape()
      let costs = imageCosts(product)
      guard product.groups == 1, costs.geometry.isPointwise, try mayBeSparse(product, w) else { return nil }
      let apart = try costs.sparse(sparsePacking(product, w)) + imageCosts(conv).planarDepthwise()
      return (try costs.sparse(fusedPacking(product, w), behind: geometry), apart)
    }
  }

  /// Keeps the depthwise convolution being lowered for the sparse one behind it, where that is chosen; false where it is not.
  func fuseDepthwise(
    _ conv: ConvShape, _ x: ValueID, _ w: ValueID, _ out: ValueID, _ bias: [Float], _ activation: Activation
  ) throws -> Bool {
    guard let next = uses.soleConsumer(of: out), labels[next] ?? false, let costs = try fusedDepthwiseCosts(conv),
      options.sparse == .always || costs.fused < costs.apart, let weight = graph[w].constant
    else { return false }
    let input = try planes(x)
    let weights = try packed(w, "planar") { UnsafeRawPointer(try memory.constant(weight.decoded().floats())) }
    let descriptor = SparseDepthwise(
      geometry: conv.geometry(input: 1, output: 1), channels: conv.channels, weights: weights.assumingMemoryBound(to: Float.self),
      bias: try memory.constant(bias), epilogue: Epilogue(activation))
    fusedDepthwise[out] = FusedDepthwise(
      node: nodeIndex, descriptor: descriptor, input: input, operators: [node.op.rawValue] + names(activation), macs: conv.macs,
      apart: costs.apart)
    return true
  }

  /// How the weights of the convolution being lowered are packed behind a depthwise one.
  func fusedPacking(_ conv: ConvShape, _ w: ValueID) throws -> SparsePacking {
    if let known = fusedPackings[nodeIndex] { return known }
    let geometry = conv.geometry(input: 1, output: 1)
    let tile = SparseForm.fused(height: geometry.outputHeight, width: geometry.outputWidth)
    let packing = try sparsePacking(conv, w, tileVectors: tile.tileVectors, spansLines: tile.spansLines)
    fusedPackings[nodeIndex] = packing
    return packing
  }
}
