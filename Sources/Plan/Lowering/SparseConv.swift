import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// A convolution on planar tensors that leaves out the zeros of its weights.
  func lowerSparseConv(
    _ conv: ConvShape, _ x: ValueID, _ w: ValueID, _ out: ValueID, _ bias: [Float], _ activation: Activation
  ) throws {
    let front = fusedDepthwise[x]
    let input = try front?.input ?? planes(x)
    let join = activation == .none ? try residual(of: out) : nil
    let target = join?.output ?? out
    let output = try planarDestination(target)
    guard let from = input.planes, let to = output.planes else { throw unsupported("no planar layout") }
    let geometry = conv.geometry(input: 1, output: 1)
    let packing = try front == nil ? sparsePacking(conv, w) : fusedPacking(conv, w)
    let weights = try packed(w, "sparse \(nodeIndex)") {
      let bytes = try memory.constant(byteCount: packing.byteCount)
      try withFloats(w) { packing.pack($0, conv.packing.oihw, into: bytes) }
      return UnsafeRawPointer(bytes)
    }
    var descriptor = SparseF32Descriptor(
      geometry: geometry, packing: packing, weights: weights, bias: try memory.constant(bias),
      epilogue: Epilogue(join?.activation ?? activation), hasResidual: join != nil, depthwise: front?.descriptor)
    if front != nil { descriptor.bandBlock = descriptor.fewestBandBlocks(threads: options.threads) }
    (descriptor.inputChannelStride, descriptor.inputImageStride) = (from.channelStride, from.imageStride)
    (descriptor.outputChannelStride, descriptor.outputImageStride) = (to.channelStride, to.imageStride)
    if let join, let added = join.view.planes {
      (descriptor.residualChannelStride, descriptor.residualImageStride) = (added.channelStride, added.imageStride)
    }
    let fusing = (join == nil ? [] : ["Add"]) + names(join?.activation ?? activation)
    let views = [output, input] + (join.map { [$0.view] } ?? [])
    let (macs, overflow) = saturatingProduct([conv.batch, packing.stored] + conv.window.outputs).addingReportingOverflow(front?.macs ?? 0)
    try emit(
      descriptor, views, macs: overflow ? Int.max : macs, inPlace: [2], fusing: fusing, choice: sparseChoice(conv, w, bias, behind: front),
      behind: front)
    if let join { fused.insert(join.node) }
    define(target, output)
  }

  /// Runs the body with the weights as floats, `scale` times what they are.
  func withFloats<Result>(_ w: ValueID, scale: Float = 1, _ body: (UnsafePointer<Float>) throws -> Result) throws -> Result {
    guard let weight = graph[w].constant else { throw unsupported("the weights must be constant") }
    let decoded = try weight.decoded()
    if decoded.dtype == .f32, scale == 1, let base = decoded.elements(as: Float.self).baseAddress {
      return try withExtendedLifetime(decoded) { try body(base) }
    }
    let floats = scale == 1 ? decoded.floats() : decoded.floats().map { $0 * scale }
    return try floats.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { throw unsupported("the weights are empty") }
      return try body(base)
    }
  }
}
