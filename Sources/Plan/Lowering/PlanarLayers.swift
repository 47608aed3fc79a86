import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Whether the node being lowered was chosen to run on planar tensors.
  var isPlanar: Bool { labels[nodeIndex] ?? false }

  /// A depthwise convolution on planar tensors; false where its lines are too long for that.
  func lowerPlanarDepthwise(
    _ conv: ConvShape, _ x: ValueID, _ w: ValueID, _ out: ValueID, _ bias: [Float], _ activation: Activation
  ) throws -> Bool {
    if try fuseDepthwise(conv, x, w, out, bias, activation) { return true }
    let geometry = conv.geometry(input: 1, output: 1)
    guard let strip = PlanarStrip(geometry), let weight = graph[w].constant else { return false }
    let input = try planes(x)
    let output = try planarDestination(out)
    guard let from = input.planes, let to = output.planes else { throw unsupported("no planar layout") }
    let weights = try packed(w, "planar") { UnsafeRawPointer(try memory.constant(weight.decoded().floats())) }
    let descriptor = DepthwisePlanarF32Descriptor(
      geometry: geometry, strip: strip, channels: conv.channels, input: from, output: to,
      weights: weights.assumingMemoryBound(to: Float.self), bias: try memory.constant(bias), epilogue: Epilogue(activation))
    try emit(descriptor, [output, input], macs: conv.macs, fusing: names(activation))
    define(out, output)
    return true
  }

  /// A pool on planar tensors; false where its lines are too long for that.
  func emitPlanarPool(_ window: WindowGeometry, _ kind: PoolKind, _ countsPadding: Bool, _ x: ValueID, _ out: ValueID) throws -> Bool {
    let extents = try shape(x)
    let geometry = Geometry(window, batch: extents[0], inputPixelStride: 1, outputPixelStride: 1)
    guard let strip = PlanarStrip(geometry) else { return false }
    let input = try planes(x)
    let output = try planarDestination(out)
    guard let from = input.planes, let to = output.planes else { throw unsupported("no planar layout") }
    let descriptor = PoolPlanarF32Descriptor(
      geometry: geometry, strip: strip, channels: extents[1], input: from, output: to, kind: kind, countsPadding: countsPadding)
    try emit(descriptor, [output, input])
    define(out, output)
    return true
  }
}
