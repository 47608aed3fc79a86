import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// A batch normalization that found nothing to fold into: one multiply-add a channel.
  func lowerBatchNormalization() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    try requireFloat(x)
    let channels = try shape(x)[1]
    let scaling = try scaling(normalization: nodeIndex, channels: channels)
    let input = try pixels(x)
    let output = try pixelDestination(out, .f32)
    guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no pixel layout") }
    let descriptor = ScaleShiftF32Descriptor(
      rowCount: channels == 0 ? 0 : input.count / channels, channels: channels, outputStride: outStride, inputStride: inStride,
      scale: try memory.constant(scaling.factors), shift: try memory.constant(scaling.shifts))
    try emit(descriptor, [output, input], inPlace: [1])
    define(out, output)
  }

  func lowerLRN() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    try requireFloat(x)
    let input = try pixels(x)
    let output = try pixelDestination(out, .f32)
    guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no pixel layout") }
    let channels = input.shape[1]
    let descriptor = LRNF32Descriptor(
      pixels: channels == 0 ? 0 : input.count / channels, channels: channels, outputStride: outStride, inputStride: inStride,
      size: try node.attributes.int("size", default: 1), alpha: try node.attributes.float("alpha", default: 0.0001),
      beta: try node.attributes.float("beta", default: 0.75), bias: try node.attributes.float("bias", default: 1))
    try emit(descriptor, [output, input])
    define(out, output)
  }

  /// Softmax in the order in which the input lies, if densely.
  func lowerSoftmax() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    try requireFloat(x)
    let shape = try shape(x)
    let axis = try context.axis(default: -1, rank: shape.count)
    let input = try dense(plain(x))
    let output = try destination(out, .f32, strides: input.denseStrides) { $0.isDense && $0.hasStrides(input.strides) }
    let order = input.memoryOrder
    guard let place = order.firstIndex(of: axis) else { throw unsupported("no axis \(axis)") }
    let descriptor = SoftmaxF32Descriptor(
      outer: order[..<place].reduce(1) { $0 * shape[$1] }, extent: shape[axis], inner: order[(place + 1)...].reduce(1) { $0 * shape[$1] })
    try emit(descriptor, [output, input], inPlace: [1])
    define(out, output)
  }

  /// Fills the result with the value and copies the inside; edges and reflections are taken from the input axis by axis.
  func lowerPad() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    let extents = try shape(x)
    let mode = try node.attributes.string("mode", default: "constant")
    let axes = try context.ints(3).map { try context.normalized($0, rank: extents.count) } ?? Array(extents.indices)
    guard let pads = try context.ints(1), pads.count == 2 * axes.count else { throw unsupported("the pads must be constant") }
    var before = [Int](repeating: 0, count: extents.count)
    var after = before
    for (position, axis) in axes.enumerated() { (before[axis], after[axis]) = (pads[position], pads[position + axes.count]) }
    var view = try plain(x)
    for axis in extents.indices {
      let (front, back) = (min(before[axis], 0), min(after[axis], 0))
      if front != 0 || back != 0 { view = view.sliced(axis: axis, start: -front, count: view.shape[axis] + front + back) }
    }
    before = before.map { max($0, 0) }
    after = after.map { max($0, 0) }
    if mode == "constant" { return define(out, try padded(view, before, after, out)) }
    for axis in extents.indices where before[axis] + after[axis] > 0 { view = try extended(view, axis, before[axis], after[axis], mode) }
    define(out, view)
  }

  private func padded(_ view: View, _ before: [Int], _ after: [Int], _ out: ValueID) throws -> View {
    let value = try node.input(2) == nil ? nil : graph.constant(node, 2)
    if node.input(2) != nil, value == nil { throw unsupported("the padding value must be constant") }
    var bits: UInt64 = 0
    if let value {
      withUnsafeMutableBytes(of: &bits) {
        $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: value.bytes.prefix(min(8, value.dtype.byteCount))))
      }
    }
    let whole = try destination(out, view.dtype, strides: View.dense(shape(out), order: view.memoryOrder)) { CommonRows([$0]) != nil }
    guard let common = CommonRows([whole]) else { throw unsupported("no common layout") }
    let fill = FillDescriptor(elementBytes: view.dtype.byteCount, rows: common.rows, outputStride: common.strides[0], bits: bits)
    try emit(fill, [whole])
    var inside = whole
    for axis in view.shape.indices { inside = inside.sliced(axis: axis, start: before[axis], count: view.shape[axis]) }
    try emitCopy(from: view, to: inside)
    return whole
  }

  /// One axis longer at both ends, by its edge or by its reflection without the edge.
  private func extended(_ view: View, _ axis: Int, _ before: Int, _ after: Int, _ mode: String) throws -> View {
    let extent = view.shape[axis]
    var shape = view.shape
    shape[axis] += before + after
    let whole = allocate(view.dtype, shape, strides: View.dense(shape, order: view.memoryOrder))
    try emitCopy(from: view, to: whole.sliced(axis: axis, start: before, count: extent))
    func piece(_ start: Int, _ count: Int) -> View {
      if mode == "edge" {
        var edge = view.sliced(axis: axis, start: min(start, extent - 1), count: 1)
        edge.shape[axis] = count
        edge.strides[axis] = 0
        return edge
      }
      return view.sliced(axis: axis, start: start, count: count, step: -1)
    }
    if before > 0 { try emitCopy(from: piece(mode == "edge" ? 0 : before, before), to: whole.sliced(axis: axis, start: 0, count: before)) }
    if after > 0 {
      try emitCopy(
        from: piece(mode == "edge" ? extent - 1 : extent - 2, after), to: whole.sliced(axis: axis, start: before + extent, count: after))
    }
    return whole
  }
}
