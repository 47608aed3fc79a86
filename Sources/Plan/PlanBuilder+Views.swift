import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  // MARK: What is known of a value

  func define(_ id: ValueID, _ view: View) { states[id, default: State()].views.append(view) }

  func define(_ id: ValueID, _ codes: Codes) { states[id, default: State()].codes.append(codes) }

  /// The codes of a value that has them; nil for one that exists only as it is.
  func codes(_ id: ValueID) -> Codes? { states[id]?.codes.first }

  /// The value's elements as they are, in whatever order they lie; dequantized if they exist only as codes.
  func plain(_ id: ValueID) throws -> View {
    if let view = states[id]?.views.first { return view }
    if let weight = graph[id].constant {
      let view = try constant(weight.decoded())
      define(id, view)
      return view
    }
    guard let codes = codes(id) else {
      throw Failure(.internal, "'\(graph[id].name)' is read before it is made", node: node.name)
    }
    let view = try graph[id].type?.dtype == .f32 ? dequantized(codes) : integers(codes, as: dtype(id))
    define(id, view)
    return view
  }

  /// A view of constant elements, which the plan keeps alive.
  func constant(_ tensor: Tensor) throws -> View {
    let buffer = addBuffer(.constant(UInt(bitPattern: memory.constant(tensor))), byteCount: tensor.byteCount)
    return View(buffer: buffer, dtype: tensor.dtype, shape: tensor.shape)
  }

  // MARK: Layouts

  /// The value in the logical order, dense.
  func rowMajor(_ id: ValueID) throws -> View { try arranged(id, strides: View.rowMajor) { $0.isRowMajor } }

  /// The value [N, C, spatial…] with channels innermost; `pixelStride` of the result is there.
  func pixels(_ id: ValueID) throws -> View { try arranged(id, strides: View.pixels) { $0.pixelStride != nil } }

  /// The value [N, C, spatial…] with the pixels of a channel side by side; `planes` of the result is there.
  func planes(_ id: ValueID) throws -> View { try arranged(id, strides: View.rowMajor) { $0.planes != nil } }

  /// The value in the layout that the node being lowered was given, or in any.
  func wanted(_ id: ValueID) throws -> View {
    guard let label = labels[nodeIndex], graph[id].constant == nil, hasTwoLayouts(id) else { return try plain(id) }
    return try label ? planes(id) : pixels(id)
  }

  private func arranged(_ id: ValueID, strides: ([Int]) -> [Int], accepts: (View) -> Bool) throws -> View {
    if let view = states[id]?.views.first(where: accepts) { return view }
    let view = try plain(id)
    if accepts(view) { return view }
    let copy = try copied(view, strides: strides(view.shape))
    define(id, copy)
    return copy
  }

  /// The codes with channels innermost.
  func pixelCodes(_ id: ValueID) throws -> Codes? { try arrangedCodes(id, strides: View.pixels) { $0.pixelStride != nil } }

  /// The codes in the logical order, dense.
  func rowMajorCodes(_ id: ValueID) throws -> Codes? { try arrangedCodes(id, strides: View.rowMajor) { $0.isRowMajor } }

  private func arrangedCodes(_ id: ValueID, strides: ([Int]) -> [Int], accepts: (View) -> Bool) throws -> Codes? {
    guard let all = states[id]?.codes, let first = all.first else { return nil }
    if let codes = all.first(where: { accepts($0.view) }) { return codes }
    let copy = Codes(view: try copied(first.view, strides: strides(first.view.shape)), parameters: first.parameters)
    define(id, copy)
    return copy
  }

  /// The view itself where it is row-major, else a copy that is.
  func rowMajor(_ view: View) throws -> View { view.isRowMajor ? view : try copied(view, strides: View.rowMajor(view.shape)) }

  /// A view whose elements lie densely in some order: itself or a row-major copy.
  func dense(_ view: View) throws -> View { view.isDense ? view : try copied(view, strides: View.rowMajor(view.shape)) }

  // MARK: Memory

  /// New memory in the arena.
  func allocate(_ dtype: DType, _ shape: [Int], strides: [Int]? = nil) -> View {
    let view = View(buffer: buffers.count, dtype: dtype, shape: shape, strides: strides)
    _ = addBuffer(.arena, byteCount: view.byteCount)
    return view
  }

  func copied(_ view: View, strides: [Int]) throws -> View {
    let copy = allocate(view.dtype, view.shape, strides: strides)
    try emitCopy(from: view, to: copy)
    return copy
  }

  /// Copies between views of one shape: by the transposing kernel where the two differ in what is innermost.
  func emitCopy(from source: View, to target: View) throws {
    guard source != target, source.count > 0 else { return }
    let bytes = source.dtype.byteCount
    // Neighbours in the target's memory order join best.
    let order = target.memoryOrder
    let extents = order.map { target.shape[$0] }
    let (out, into) = (order.map { target.strides[$0] }, order.map { source.strides[$0] })
    guard let joined = coalesce(extents, [out, into]) else { throw unsupported("a copy of more than six dimensions") }
    let (o, i) = (joined.strides[0], joined.strides[1])
    let outer = (0..<3).allSatisfy { joined.extents[$0] == 1 }
    if outer, o[5] == 1, i[4] == 1, joined.extents[4] > 1, i[5] >= joined.extents[4], o[4] >= joined.extents[5] {
      try emit(
        TransposeDescriptor(
          elementBytes: bytes, batch: joined.extents[3], rows: joined.extents[5], columns: joined.extents[4], inputRowStride: i[5],
          inputBatchStride: i[3], outputRowStride: o[4], outputBatchStride: o[3]), [target, source])
      return
    }
    guard let descriptor = CopyDescriptor(elementBytes: bytes, extents: extents, outputStrides: out, inputStrides: into) else {
      throw unsupported("a copy of more than six dimensions")
    }
    try emit(descriptor, [target, source])
  }
}
