import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Defines `out` as another view of `source`'s elements or codes.
  func move(_ source: ValueID, to out: ValueID, _ change: (View) throws -> View) rethrows {
    if let codes = codes(source) {
      define(out, Codes(view: try change(codes.view), parameters: codes.parameters))
    } else if let view = states[source]?.views.first {
      define(out, try change(view))
    }
  }

  /// As `move`, for a source that may be a constant.
  private func moveAny(_ source: ValueID, to out: ValueID, _ change: (View) throws -> View) throws {
    if codes(source) == nil { _ = try plain(source) }
    try move(source, to: out, change)
  }

  /// Reshape, Flatten, Squeeze, Unsqueeze, Identity: a change of view, of a row-major copy where strides cannot say it.
  func lowerReshape() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    let target = try shape(out)
    guard target.reduce(1, *) == (try shape(x)).reduce(1, *) else {
      throw Failure(.shapeMismatch, "\(try shape(x)) cannot be reshaped to \(target)", node: node.name)
    }
    if let codes = codes(x) {
      if let view = codes.view.reshaped(target) { return define(out, Codes(view: view, parameters: codes.parameters)) }
      let view = try rowMajorCodes(x)?.view.reshaped(target) ?? codes.view
      return define(out, Codes(view: view, parameters: codes.parameters))
    }
    _ = try plain(x)
    for view in states[x]?.views ?? [] {
      if let changed = view.reshaped(target) { return define(out, changed) }
    }
    guard let changed = try rowMajor(x).reshaped(target) else { throw unsupported("no row-major layout") }
    define(out, changed)
  }

  func lowerTranspose() throws {
    let x = try node.requiredInput(0)
    let permutation = try context.permutation(rank: shape(x).count)
    try moveAny(x, to: node.outputs[0]) { $0.transposed(permutation) }
  }

  func lowerSlice() throws {
    let ranges = try context.sliceRanges()
    try moveAny(node.requiredInput(0), to: node.outputs[0]) { view in
      var view = view
      for (axis, known) in ranges.enumerated() {
        guard let known else { continue }
        guard let range = known else { throw unsupported("what is taken of axis \(axis) must be constant") }
        view = view.sliced(axis: axis, start: range.start, count: range.count, step: range.count > 1 ? range.step : 1)
      }
      return view
    }
  }

  func lowerSplit() throws {
    let x = try node.requiredInput(0)
    let axis = try context.axis(default: 0, rank: shape(x).count)
    guard let sizes = try context.splitSizes(axis: axis).fixed else { throw unsupported("the sizes must be constant") }
    var start = 0
    for (out, size) in zip(node.outputs, sizes) {
      try moveAny(x, to: out) { $0.sliced(axis: axis, start: start, count: size) }
      start += size
    }
  }

  func lowerExpand() throws {
    let target = try shape(node.outputs[0])
    try moveAny(node.requiredInput(0), to: node.outputs[0]) { $0.broadcast(to: target) }
  }

  func lowerGather() throws {
    let (x, indices, out) = (try node.requiredInput(0), try node.requiredInput(1), node.outputs[0])
    let extents = try shape(x)
    let axis = try context.axis(default: 0, rank: extents.count)
    let target = try shape(out)
    if let constant = try graph.constant(node, 1)?.ints() ?? known[indices]?.fixed {
      let positions = constant.map { $0 < 0 ? $0 + extents[axis] : $0 }
      guard positions.allSatisfy({ $0 >= 0 && $0 < extents[axis] }) else {
        throw Failure(.shapeMismatch, "an index is outside axis \(axis)", node: node.name)
      }
      let step = positions.count > 1 ? positions[1] - positions[0] : 1
      let regular = step != 0 && positions.indices.allSatisfy { positions[$0] == positions[0] &+ $0 &* step }
      if regular, let first = positions.first {
        var changed = true
        try moveAny(x, to: out) { view in
          let part = view.sliced(axis: axis, start: first, count: positions.count, step: step)
          if let view = part.reshaped(target) { return view }
          changed = false
          return part
        }
        if changed { return }
        states[out] = nil
      }
    }
    let index = try rowMajor(indices)
    guard index.dtype == .s64 || index.dtype == .s32 else { throw unsupported("indices must be s64 or s32") }
    let stored = codes(x)
    let input = try rowMajorCodes(x)?.view ?? rowMajor(x)
    let output = try rowMajorDestination(out, input.dtype, codes: stored?.parameters)
    let descriptor = GatherDescriptor(
      outer: extents[..<axis].reduce(1, *), extent: extents[axis], innerBytes: extents[(axis + 1)...].reduce(input.dtype.byteCount, *),
      indexCount: index.count, narrowIndices: index.dtype == .s32)
    try emit(descriptor, [output, input, index])
    define(out, output, stored?.parameters)
  }

  func lowerChannelShuffle() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    let groups = try node.attributes.int("groups", default: 1)
    let codes = try pixelCodes(x)
    let input = try codes?.view ?? pixels(x)
    guard input.dtype.byteCount == 1 || input.dtype.byteCount == 4 else { throw unsupported("elements of \(input.dtype.name)") }
    let output = try pixelDestination(out, input.dtype, codes: codes?.parameters)
    guard let inStride = input.pixelStride, let outStride = output.pixelStride, groups > 0 else { throw unsupported("no pixel layout") }
    let channels = input.shape[1]
    let descriptor = ChannelShuffleDescriptor(
      elementBytes: input.dtype.byteCount, pixels: channels == 0 ? 0 : input.count / channels, groups: groups, groupSize: channels / groups,
      outputStride: outStride, inputStride: inStride)
    try emit(descriptor, [output, input])
    define(out, output, codes?.parameters)
  }

  // MARK: Shapes and types

  func lowerShape() throws {
    let extents = try shape(node.requiredInput(0))[context.shapeRange()]
    define(node.outputs[0], try constant(Tensor(.s64, [extents.count], Array(extents))))
  }

  /// One element, seen everywhere.
  func lowerConstantOfShape() throws {
    let value = try node.attributes.tensor("value") ?? Tensor([1], [0])
    let single = try constant(value.reshaped([]))
    define(node.outputs[0], single.broadcast(to: try shape(node.outputs[0])))
  }

  func lowerCast() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    let (from, to) = (try dtype(x), try dtype(out))
    if from == to { return try moveAny(x, to: out) { $0 } }
    if to == .f32, from == .u8 || from == .s8 || from == .bool {
      // As a dequantization with scale 1; bool is stored as 0 and 1.
      if from == .bool {
        var view = try plain(x)
        view.dtype = .u8
        return define(out, Codes(view: view, parameters: .integers))
      }
      guard let codes = try integerCodes(x) else { throw unsupported("no codes") }
      return define(out, Codes(view: codes.view, parameters: CodeParameters(scale: 1, zeroPoint: from == .s8 ? 128 : 0)))
    }
    guard let tensor = try graph.constant(node, 0), to == .f32 else {
      throw unsupported("\(from.name) to \(to.name) is not supported at run time")
    }
    define(out, try constant(Tensor(tensor.shape, tensor.floats())))
  }
}
