import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Memory for a value that is about to be made: where its placement wants it if `accepts` likes the view, else new memory
  /// with `strides`.
  ///
  /// - Parameter codes: for u8 codes that stand for the value, their parameters.
  func destination(
    _ id: ValueID, _ dtype: DType, codes: CodeParameters? = nil, strides: [Int], accepts: (View) -> Bool
  ) throws -> View {
    let shape = try shape(id)
    if let view = try placed(id, dtype, codes, strides: strides), view.shape == shape, accepts(view) { return view }
    return allocate(dtype, shape, strides: strides)
  }

  /// Memory with channels innermost.
  func pixelDestination(_ id: ValueID, _ dtype: DType, codes: CodeParameters? = nil) throws -> View {
    if dtype == .f32, placements[id] == nil, let padded = try paddedPixels(id) { return padded }
    return try destination(id, dtype, codes: codes, strides: View.pixels(shape(id))) { $0.pixelStride != nil }
  }

  /// Memory with the pixels of a channel side by side.
  func planarDestination(_ id: ValueID) throws -> View {
    if placements[id] == nil, let padded = try paddedPlanes(id) { return padded }
    return try destination(id, .f32, strides: View.rowMajor(shape(id))) { $0.planes != nil }
  }

  /// New memory with pixels a cache line farther apart than their channels: for a value that only depthwise convolutions read, where pixels
  /// would else lie a multiple of 1 KiB apart and those of a window would share a few sets of the first-level cache.
  private func paddedPixels(_ id: ValueID) throws -> View? {
    let shape = try shape(id)
    guard shape.count == 4, shape[1] > 0, shape[1] % 256 == 0, shape[2] * shape[3] > 1, !uses.isOutput(id) else { return nil }
    let readers = uses.consumers(of: id)
    let areDepthwise = try readers.allSatisfy { index in
      let node = graph.nodes[index]
      return try node.op == .conv && node.input(0) == id && node.attributes.int("group", default: 1) == shape[1]
    }
    guard areDepthwise, !readers.isEmpty else { return nil }
    let wide = [shape[0], shape[1] + 16, shape[2], shape[3]]
    let buffer = addBuffer(.arena, byteCount: try Tensor.checkedByteCount(.f32, wide))
    return View(buffer: buffer, dtype: .f32, shape: shape, strides: View.pixels(wide))
  }

  /// New memory with channels a cache line farther apart than their pixels: for a value that only planar convolutions read, where channels would
  /// else lie a multiple of 256 bytes apart. A tile writes a few lines of the cache to each of its channels, and these would share a few sets.
  private func paddedPlanes(_ id: ValueID) throws -> View? {
    let shape = try shape(id)
    guard shape.count == 4, shape[1] > 1, shape[2] * shape[3] >= 1024, shape[2] * shape[3] % 64 == 0, !uses.isOutput(id) else { return nil }
    let readers = uses.consumers(of: id)
    guard !readers.isEmpty,
      readers.allSatisfy({ labels[$0] ?? false && graph.nodes[$0].op == .conv && graph.nodes[$0].input(0) == id })
    else { return nil }
    let stride = shape[2] * shape[3] + 16
    let buffer = addBuffer(.arena, byteCount: try Tensor.checkedByteCount(.f32, [shape[0], shape[1], stride]))
    return View(buffer: buffer, dtype: .f32, shape: shape, strides: [shape[1] * stride, stride, shape[3], 1])
  }

  /// Dense memory in the logical order.
  func rowMajorDestination(_ id: ValueID, _ dtype: DType, codes: CodeParameters? = nil) throws -> View {
    try destination(id, dtype, codes: codes, strides: View.rowMajor(shape(id))) { $0.isRowMajor }
  }

  /// The view that the value's placement gives it; nil where there is none or it does not fit.
  ///
  /// Placements are followed through at most `depth` values, so that a hostile graph's chain cannot exhaust the stack.
  private func placed(_ id: ValueID, _ dtype: DType, _ codes: CodeParameters?, strides: [Int], depth: Int = 64) throws -> View? {
    guard depth > 0 else { return nil }
    switch placements[id] {
    case nil: return nil
    case .output(let index):
      guard graph[id].type?.dtype == dtype else { return nil }
      return View(buffer: outputBuffer(index, try Tensor.checkedByteCount(dtype, shape(id))), dtype: dtype, shape: try shape(id))
    case .same(let other): return try placed(other, dtype, codes, strides: strides, depth: depth - 1)
    case .quantized(let other, let index):
      guard let codes, let own = try? CodeParameters(quantizing: graph.nodes[index], in: graph), own == codes else { return nil }
      return try placed(other, dtype, .integers, strides: strides, depth: depth - 1)
    case .dequantized(let other, let index):
      guard codes != nil, let own = try? CodeParameters(quantizing: graph.nodes[index], in: graph) else { return nil }
      return try placed(other, dtype, own, strides: strides, depth: depth - 1)
    case .reshape(let other):
      // The other's memory is in its own logical order, or the reshape could not be a change of view.
      guard let view = try placed(other, dtype, codes, strides: View.rowMajor(shape(other)), depth: depth - 1) else { return nil }
      return view.isRowMajor ? view.reshaped(try shape(id)) : nil
    case .slice(let whole, let axis, let start):
      guard let target = try reservation(whole, dtype, codes, depth: depth - 1) else { return nil }
      let extent = try shape(id)[axis]
      return target.sliced(axis: axis, start: start, count: extent)
    }
  }

  /// The memory of a concatenation's result, made when its first operand asks; nil for operands of another type or quantization.
  private func reservation(_ id: ValueID, _ dtype: DType, _ codes: CodeParameters?, depth: Int) throws -> View? {
    let parameters = codes ?? .integers
    if let target = reserved[id] { return target.view.dtype == dtype && target.parameters == parameters ? target.view : nil }
    if let codes, let wanted = quantizer(of: id), wanted != codes { return nil }
    let shape = try shape(id)
    // Concatenations nest: the whole may itself be a part of a larger one.
    let strides = concatStrides(id, shape)
    let nested = try placed(id, dtype, codes, strides: strides, depth: depth)
    let usable = nested.flatMap {
      $0.shape == shape && $0.memoryOrder == View(buffer: 0, dtype: dtype, shape: shape, strides: strides).memoryOrder ? $0 : nil
    }
    let view = usable ?? allocate(dtype, shape, strides: strides)
    reserved[id] = Codes(view: view, parameters: parameters)
    return view
  }

  /// The order in which a concatenation's result is wanted: as its operands' producers write.
  func concatStrides(_ id: ValueID, _ shape: [Int]) -> [Int] {
    if let producer = uses.producer(of: id), let label = labels[producer] { return label ? View.rowMajor(shape) : View.pixels(shape) }
    guard shape.count != 4 else { return View.pixels(shape) }
    guard shape.count == 3, let producer = uses.producer(of: id) else { return View.rowMajor(shape) }
    let windows: Set<Operator> = [.conv, .winogradConv, .maxPool, .averagePool]
    let images = graph.nodes[producer].inputs.contains {
      $0.flatMap(uses.producer(of:)).map { windows.contains(graph.nodes[$0].op) } ?? false
    }
    return images ? View.pixels(shape) : View.rowMajor(shape)
  }

  func outputBuffer(_ index: Int, _ byteCount: Int) -> Int {
    buffers.firstIndex { $0.kind == .output(index) } ?? addBuffer(.output(index), byteCount: byteCount)
  }

  /// How the one reader of a value quantizes it: then its producer may write codes at once. Nil where it is read otherwise too.
  func quantizer(of id: ValueID) -> CodeParameters? {
    guard let consumer = uses.soleConsumer(of: id), graph.nodes[consumer].op == .quantizeLinear else { return nil }
    return try? CodeParameters(quantizing: graph.nodes[consumer], in: graph)
  }

  /// Whether the one reader of a value wants integer arithmetic up to its codes.
  func isQuantizedInFixedPoint(_ id: ValueID) throws -> Bool {
    guard let consumer = uses.soleConsumer(of: id), graph.nodes[consumer].op == .quantizeLinear else { return false }
    return try graph.nodes[consumer].quantizesInFixedPoint()
  }
}

extension CodeParameters {
  /// The parameters of a QuantizeLinear or DequantizeLinear node, moved to u8 (s8 codes are stored with 128 added).
  /// - Throws: `unsupported` unless scale and zero point are constants of one element and the codes are u8 or s8.
  init(quantizing node: Node, in graph: Graph) throws {
    let quantizes = node.op == .quantizeLinear
    guard let id = quantizes ? node.outputs.first : node.input(0), let dtype = graph[id].type?.dtype, dtype == .u8 || dtype == .s8,
      let scale = try graph.constant(node, 1), scale.dtype == .f32, scale.count == 1
    else {
      throw Failure(
        .unsupported, "\(node.op.rawValue): activations are quantized to u8 or s8 with one constant scale", node: node.name)
    }
    var zeroPoint = dtype == .s8 ? 128 : 0
    if node.input(2) != nil {
      guard let constant = try graph.constant(node, 2), constant.count == 1, let value = try constant.ints().first else {
        throw Failure(.unsupported, "\(node.op.rawValue): the zero point must be one constant", node: node.name)
      }
      zeroPoint += value
    }
    guard (0...255).contains(zeroPoint), let first = scale.floats().first, first.isFinite, first > 0 else {
      throw Failure(.unsupported, "\(node.op.rawValue): the scale must be finite and above zero", node: node.name)
    }
    self.init(scale: first, zeroPoint: Int32(zeroPoint))
  }
}
