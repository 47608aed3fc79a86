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

  /// A convolution of single pixels with one vector an image, where that is estimated to pay; false where it is not.
  func lowerSparseVector(
    _ conv: ConvShape, _ x: ValueID, _ w: ValueID, _ out: ValueID, _ bias: [Float], _ activation: Activation
  ) throws -> Bool {
    guard conv.groups == 1, conv.window.isPointwise, conv.window.outputs.allSatisfy({ $0 == 1 }) else { return false }
    let product = Product(
      rows: conv.batch, columns: conv.outputs, depth: conv.channels, scale: 1, bias: bias, strides: conv.packing.oihw, outputAxis: 0,
      activation: activation)
    let input = try pixels(x)
    guard let choice = try sparseVectorChoice(product, w) else { return false }
    let output = try pixelDestination(out, .f32)
    try emitSparseVector(product, input, w, output, choice)
    define(out, output)
    return true
  }

  /// A product of each row with the stored weights alone.
  func emitSparseVector(_ product: Product, _ input: View, _ w: ValueID, _ output: View, _ choice: Choice) throws {
    guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no matrix layout") }
    if picksFromRegisters {
      return try emitSparseBlocks(product, input, (stride: inStride, w: w), output, (stride: outStride, choice: choice))
    }
    let packing = try withFloats(w) {
      SparseVectorPacking(rows: product.columns, depth: product.depth, $0, product.strides)
    }
    let weights = try packed(w, "sparse vector \(product.strides) \(product.scale)") {
      let bytes = try memory.constant(byteCount: packing.byteCount)
      try withFloats(w, scale: product.scale) { packing.pack($0, product.strides, into: bytes) }
      return UnsafeRawPointer(bytes)
    }
    var descriptor = SparseVectorF32Descriptor(
      packing: packing, vectors: product.rows, weights: weights, bias: try memory.constant(product.bias),
      epilogue: Epilogue(product.activation))
    (descriptor.inputStride, descriptor.outputStride) = (inStride, outStride)
    try emit(
      descriptor, [output, input], macs: saturatingProduct([product.rows, packing.stored]), fusing: names(product.activation),
      choice: choice)
  }

  /// Whether the processor picks elements of a vector out of registers, many at once.
  var picksFromRegisters: Bool { kernels.first { $0.family == .sparseBlocksF32 }.map { $0.tile.columns > 1 } ?? false }

  private func emitSparseBlocks(
    _ product: Product, _ input: View, _ from: (stride: Int, w: ValueID), _ output: View, _ to: (stride: Int, choice: Choice)
  ) throws {
    let packing = try withFloats(from.w) {
      SparseBlocksPacking(rows: product.columns, depth: product.depth, $0, product.strides, isFar: networkBytes > machine.level3Bytes)
    }
    let weights = try packed(from.w, "sparse blocks \(product.strides) \(product.scale)") {
      let bytes = try memory.constant(byteCount: packing.byteCount)
      try withFloats(from.w, scale: product.scale) { packing.pack($0, product.strides, into: bytes) }
      return UnsafeRawPointer(bytes)
    }
    var descriptor = SparseBlocksF32Descriptor(
      packing: packing, vectors: product.rows, weights: weights, bias: try memory.constant(product.bias),
      epilogue: Epilogue(product.activation))
    (descriptor.inputStride, descriptor.outputStride) = (from.stride, to.stride)
    try emit(
      descriptor, [output, input], macs: saturatingProduct([product.rows, packing.stored]), fusing: names(product.activation),
      choice: to.choice)
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
