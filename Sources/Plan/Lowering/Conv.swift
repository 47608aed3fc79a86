import Graph
import KernelContract
import Tensors

/// A convolution's numbers, the same for every form it is run in.
struct ConvShape {
  let window: WindowGeometry
  let batch: Int
  let groups: Int
  let groupIn: Int
  let groupOut: Int

  var channels: Int { groups * groupIn }
  var outputs: Int { groups * groupOut }
  var taps: Int { window.kernel.reduce(1, *) }
  var isDepthwise: Bool { groups > 1 && groupIn == 1 && groupOut == 1 }
  var packing: GemmPacking {
    GemmPacking(groups: groups, groupOutChannels: groupOut, groupInChannels: groupIn, taps: taps)
  }

  /// Multiply-accumulates, those with padding counted in.
  var macs: Int { saturatingProduct([batch, outputs, groupIn, taps] + window.outputs) }

  func geometry(input: Int, output: Int) -> Geometry { Geometry(window, batch: batch, inputPixelStride: input, outputPixelStride: output) }
}

/// The product, or the largest number where it overflows: a hostile model may claim any amount of work.
func saturatingProduct(_ factors: [Int]) -> Int {
  var product = 1
  for factor in factors {
    let (next, overflow) = product.multipliedReportingOverflow(by: factor)
    if overflow { return factors.contains(0) ? 0 : Int.max }
    product = next
  }
  return product
}

extension Geometry {
  init(_ window: WindowGeometry, batch: Int, inputPixelStride: Int, outputPixelStride: Int) {
    let (y, x) = (window.vertical, window.horizontal)
    self.init(
      batch: batch, inputHeight: y.input, inputWidth: x.input, inputPixelStride: inputPixelStride, outputHeight: y.output,
      outputWidth: x.output, outputPixelStride: outputPixelStride)
    (kernelHeight, kernelWidth) = (y.kernel, x.kernel)
    (strideY, strideX) = (y.stride, x.stride)
    (dilationY, dilationX) = (y.dilation, x.dilation)
    (padTop, padLeft, padBottom, padRight) = (y.padBegin, x.padBegin, y.padEnd, x.padEnd)
  }
}

extension PlanBuilder {
  /// The numbers of the convolution being lowered.
  func convShape() throws -> ConvShape {
    let (input, kernel) = (try shape(node.requiredInput(0)), try shape(node.requiredInput(1)))
    let groups = try node.attributes.int("group", default: 1)
    return ConvShape(
      window: try WindowGeometry(node, in: graph), batch: input[0], groups: groups, groupIn: kernel[1], groupOut: kernel[0] / groups)
  }

  func lowerConv() throws {
    let (x, w, out) = (try node.requiredInput(0), try node.requiredInput(1), node.outputs[0])
    guard let weight = graph[w].constant else { throw unsupported("the weights must be constant") }
    let conv = try convShape()
    let bias = try bias(2, count: conv.outputs)
    let activation = try Activation(node.attributes)
    if codes(x) != nil, let integers = IntegerWeights(weight, outputAxis: 0),
      try lowerIntegerConv(conv, x, w, out, integers, bias, activation)
    {
      return
    }
    try requireFloat(x)
    if conv.isDepthwise {
      if isPlanar, try lowerPlanarDepthwise(conv, x, w, out, bias, activation) { return }
      try lowerDepthwise(conv, x, w, out, bias, activation)
    } else if isPlanar {
      try lowerSparseConv(conv, x, w, out, bias, activation)
    } else if try !lowerSparseVector(conv, x, w, out, bias, activation) {
      try lowerDenseConv(conv, x, w, out, bias, activation)
    }
  }

  /// Refuses element types that no kernel computes with.
  func requireFloat(_ id: ValueID) throws {
    let dtype = try dtype(id)
    guard dtype == .f32 else { throw unsupported("computing with \(dtype.name) is not supported, only with f32 and 8-bit codes") }
  }

  private func lowerDepthwise(
    _ conv: ConvShape, _ x: ValueID, _ w: ValueID, _ out: ValueID, _ bias: [Float], _ activation: Activation
  ) throws {
    let input = try pixels(x)
    let norm = try followingNormalization(out, activation)
    let target = norm?.output ?? out
    let output = try pixelDestination(target, .f32)
    guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no pixel layout") }
    let packing = DepthwisePacking(channels: conv.channels, taps: conv.taps)
    let weights = try packed(w, "depthwise") {
      guard let floats = try graph[w].constant?.decoded().floats() else { throw unsupported("the weights must be constant") }
      let target = try memory.constant(byteCount: 4 * packing.weightCount)
      floats.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { packing.pack(f32: base, into: target.bindMemory(to: Float.self, capacity: packing.weightCount)) }
      }
      return UnsafeRawPointer(target)
    }
    let descriptor = DepthwiseF32Descriptor(
      geometry: conv.geometry(input: inStride, output: outStride), channels: conv.channels,
      weights: weights.assumingMemoryBound(to: Float.self), bias: try packedColumns(bias, fill: 0, packing), epilogue: Epilogue(activation),
      affine: try norm.map { try packedScaling($0.scaling, packing) })
    try emit(descriptor, [output, input], macs: conv.macs, fusing: names(activation) + (norm == nil ? [] : ["BatchNormalization"]))
    if let norm { fused.insert(norm.node) }
    define(target, output)
  }

  private func lowerDenseConv(
    _ conv: ConvShape, _ x: ValueID, _ w: ValueID, _ out: ValueID, _ bias: [Float], _ activation: Activation
  ) throws {
    let direct = directImage(x, conv)
    let planes = direct == nil ? pointwiseImage(x, conv) : nil
    let join = activation == .none ? try residual(of: out) : nil
    let writesPlanes = join == nil && endsInPlanes(out)
    let copiesRows = direct != nil || (conv.taps > 1 && conv.groupIn < 32)
    let turned = turnedTime(conv, input: planes != nil, output: writesPlanes)
    let ways = denseWays(conv, w, bias, fromPlanes: direct != nil).map {
      $0.way.isProduct ? $0 : (way: $0.way, candidate: $0.candidate.taking(turned))
    }
    let (index, dense) = try Candidate.choose(ways.map(\.candidate))
    let (way, choice) = (ways[index].way, dense.adding(sparseLoser(conv, under: dense.nanoseconds)))
    let image = way.isProduct ? direct ?? planes : nil
    let input = try image ?? pixels(x)
    guard let inStride = image != nil ? 0 : input.pixelStride else { throw unsupported("no pixel layout") }
    var norm: (node: Int, output: ValueID, scaling: ChannelScaling)?
    if case .product = way, join == nil { norm = try followingNormalization(out, activation) }
    let target = join?.output ?? norm?.output ?? out
    let toPlanes = way.isProduct && writesPlanes
    let output = toPlanes ? try rowMajorDestination(target, .f32) : try pixelDestination(target, .f32)
    guard let outStride = toPlanes ? 0 : output.pixelStride else { throw unsupported("no pixel layout") }
    let geometry = conv.geometry(input: inStride, output: outStride)
    let epilogue = Epilogue(join?.activation ?? activation)
    let views = [output, input] + (join.map { [$0.view] } ?? [])
    let fusing = (join == nil ? [] : ["Add"]) + names(join?.activation ?? activation) + (norm == nil ? [] : ["BatchNormalization"])
    switch way {
    case .winograd(let tile):
      let descriptor = try winograd(
        conv, w, tile: tile, geometry: geometry, bias: try packedColumns(bias, fill: 0, conv.packing), epilogue: epilogue,
        residualPixelStride: join?.view.pixelStride)
      try emit(descriptor, views, macs: conv.macs, inPlace: [2], fusing: fusing, choice: choice)
    case .strassen:
      let descriptor = try strassen(conv, w, geometry: geometry, bias: bias, epilogue: epilogue, residualStride: join?.view.pixelStride)
      try emit(descriptor, views, macs: conv.macs, fusing: fusing, choice: choice)
    case .product:
      let blocks =
        planes != nil ? planesGrid(conv, geometry) : convGrid(conv, geometry, copiesRows: copiesRows, threads: options.threads)
      let descriptor = GemmF32Descriptor(
        geometry: geometry, groups: conv.groups, groupInChannels: conv.groupIn, groupOutChannels: conv.groupOut,
        weights: try packedWeights(w, conv.packing, conv.packing.oihw), bias: try packedColumns(bias, fill: 0, conv.packing),
        epilogue: epilogue, affine: try norm.map { try packedScaling($0.scaling, conv.packing) },
        residualPixelStride: join?.view.pixelStride, inputIsNCHW: image != nil, outputIsNCHW: toPlanes, rowBlock: blocks.rows,
        panelBlock: blocks.panels)
      try emit(descriptor, views, macs: conv.macs, inPlace: [2], fusing: fusing, choice: choice)
    }
    if let join { fused.insert(join.node) }
    if let norm { fused.insert(norm.node) }
    define(target, output)
  }

  /// The ways to run a dense convolution, as estimated for one image: an image's result must not depend on the batch that it is in.
  func denseWays(_ conv: ConvShape, _ w: ValueID, _ bias: [Float], fromPlanes: Bool) -> [(way: ConvWay, candidate: Candidate)] {
    var oneImage = conv.geometry(input: fromPlanes ? 0 : conv.channels, output: conv.outputs)
    oneImage.batch = min(1, conv.batch)
    let copiesRows = fromPlanes || (conv.taps > 1 && conv.groupIn < 32)
    let grid = convGrid(conv, oneImage, copiesRows: copiesRows, threads: 1)
    return denseWays(conv, w, bias, oneImage, grid, copiesRows: copiesRows, fromPlanes: fromPlanes)
  }

  private func convGrid(_ conv: ConvShape, _ geometry: Geometry, copiesRows: Bool, threads: Int) -> ProductBlocks {
    ProductBlocks(
      geometry, conv.packing, elementBytes: 4, copiesRows: copiesRows, copiesLines: copiesRows, tileRows: tileRows(.gemmF32),
      machine: machine, threads: threads)
  }

  /// The image as the caller gave it, where the product can read it without a layout change: few channels, no groups.
  private func directImage(_ x: ValueID, _ conv: ConvShape) -> View? {
    guard let view = states[x]?.views.first, conv.groups == 1, conv.groupIn > 1, conv.groupIn <= 4, view.shape.count == 4,
      view.isRowMajor, view.pixelStride == nil
    else { return nil }
    return view
  }

  /// An addition that is the only reader of `id` and whose other operand is there already: the product can add it itself.
  func residual(of id: ValueID) throws -> (node: Int, output: ValueID, view: View, activation: Activation)? {
    guard let (index, other) = try addition(to: id), states[other] != nil else { return nil }
    let add = graph.nodes[index]
    return (index, add.outputs[0], try isPlanar ? planes(other) : pixels(other), try Activation(add.attributes))
  }

  /// An addition that is the only reader of `id` and can be done by what makes it, and its other operand.
  func addition(to id: ValueID) throws -> (node: Int, other: ValueID)? {
    guard let index = uses.soleConsumer(of: id), graph.nodes[index].op == .add else { return nil }
    let add = graph.nodes[index]
    guard let left = add.input(0), let right = add.input(1) else { return nil }
    let other = left == id ? right : left
    guard other != id, graph[other].constant == nil, try dtype(other) == .f32, try shape(other) == shape(id),
      try shape(add.outputs[0]) == shape(id), quantizer(of: add.outputs[0]) == nil
    else { return nil }
    return (index, other)
  }

  /// What a step's list of operators says of a fused activation.
  func names(_ activation: Activation) -> [String] {
    switch activation {
    case .none: []
    case .relu: ["Relu"]
    case .clip: ["Clip"]
    case .leakyRelu: ["LeakyRelu"]
    case .hardSigmoid: ["HardSigmoid"]
    case .hardSwish: ["HardSwish"]
    case .sigmoid: ["Sigmoid"]
    case .tanh: ["Tanh"]
    }
  }
}
