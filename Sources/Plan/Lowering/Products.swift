import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// alpha · op(A) · op(B) + beta · C, then the activation.
  func lowerGemm() throws {
    let (a, b, out) = (try node.requiredInput(0), try node.requiredInput(1), node.outputs[0])
    let (alpha, beta) = (try node.attributes.float("alpha", default: 1), try node.attributes.float("beta", default: 1))
    let transA = try node.attributes.int("transA", default: 0) != 0
    let transB = try node.attributes.int("transB", default: 0) != 0
    let activation = try Activation(node.attributes)
    let result = try shape(out)
    let depth = try shape(a)[transA ? 0 : 1]
    let columnBias = try gemmBias(beta, columns: result[1])
    // A C that is no row vector is added afterwards; the activation then has to wait for it.
    let waits = columnBias == nil
    let product = Product(
      rows: result[0], columns: result[1], depth: depth, scale: alpha, bias: columnBias ?? [Float](repeating: 0, count: result[1]),
      strides: transB ? .init(output: depth, input: 1) : .init(output: 1, input: result[1]), outputAxis: transB ? 0 : 1,
      activation: waits ? .none : activation)
    let weights = graph[b].constant
    if !waits, alpha == 1, !transA, let weights, try lowerIntegerProduct(product, a, b, out, weights) { return }
    try requireFloat(a)
    let left = try transA ? rowMajor(plain(a).transposed([1, 0])) : matrix(a)
    let output = waits ? allocate(.f32, result) : try matrixDestination(out)
    if weights != nil {
      try emitProduct(product, left, b, output)
    } else {
      try emitDynamicGemm(product, left, b, transB: transB, output)
    }
    guard waits else { return define(out, output) }
    try addToGemm(output, beta: beta, activation, out)
  }

  /// C as one value a column, with beta; nil where it is another shape or not constant.
  private func gemmBias(_ beta: Float, columns: Int) throws -> [Float]? {
    guard let id = node.input(2) else { return [Float](repeating: 0, count: columns) }
    guard graph[id].constant != nil else { return nil }
    let shape = try shape(id)
    guard shape.dropLast().allSatisfy({ $0 == 1 }) else { return nil }
    let values = try constantFloats(2, "addend").map { $0 * beta }
    if values.count == columns { return values }
    return values.count == 1 ? [Float](repeating: values[0], count: columns) : nil
  }

  private func addToGemm(_ product: View, beta: Float, _ activation: Activation, _ out: ValueID) throws {
    var addend = try plain(node.requiredInput(2))
    if beta != 1 {
      let scaled = allocate(.f32, addend.shape)
      try emitBinary(.mul, try rowMajor(addend), constant(Tensor([], [beta])), scaled)
      addend = scaled
    }
    let output = try rowMajorDestination(out, .f32)
    try emitBinary(.add, product, addend, output, activation: activation)
    define(out, output)
  }

  private func emitDynamicGemm(_ product: Product, _ left: View, _ b: ValueID, transB: Bool, _ output: View) throws {
    try requireFloat(b)
    let dense = try rowMajor(left)
    let target = output.isRowMajor ? output : allocate(.f32, output.shape)
    guard
      let descriptor = MatMulF32Descriptor(rows: product.rows, columns: product.columns, depth: product.depth, transposesRight: transB)
    else { throw unsupported("too many dimensions") }
    try emit(descriptor, [target, dense, try rowMajor(b)], macs: product.macs)
    let plainBias = product.bias.allSatisfy { $0 == 0 }
    var last = target
    if product.scale != 1 {
      let scaled = allocate(.f32, target.shape)
      try emitBinary(.mul, last, constant(Tensor([], [product.scale])), scaled)
      last = scaled
    }
    if !plainBias || product.activation != .none || last != output {
      try emitBinary(.add, last, constant(Tensor([product.columns], product.bias)), output, activation: product.activation)
    }
  }

  /// NumPy's matmul.
  func lowerMatMul() throws {
    let (a, b, out) = (try node.requiredInput(0), try node.requiredInput(1), node.outputs[0])
    let (left, right) = (try shape(a), try shape(b))
    if let weights = graph[b].constant, right.count == 2 {
      let rows = left.dropLast().reduce(1, *)
      let product = Product(
        rows: rows, columns: right[1], depth: right[0], scale: 1, bias: [Float](repeating: 0, count: right[1]),
        strides: .init(output: 1, input: right[1]), outputAxis: 1, activation: .none,
        imageRows: left.count > 2 && left[0] > 0 ? rows / left[0] : 1)
      if left.count == 2, try lowerIntegerProduct(product, a, b, out, weights) { return }
      try requireFloat(a)
      let input = try left.count == 2 ? matrix(a) : rowMajor(a)
      let output = try left.count == 2 ? matrixDestination(out) : rowMajorDestination(out, .f32)
      guard let flat = input.reshaped([rows, right[0]]), let flatOutput = output.reshaped([rows, right[1]]) else {
        throw unsupported("no matrix layout")
      }
      try emitProduct(product, flat, b, flatOutput)
      return define(out, output)
    }
    try lowerDynamicMatMul(a, b, out)
  }

  private func lowerDynamicMatMul(_ a: ValueID, _ b: ValueID, _ out: ValueID) throws {
    try requireFloat(a)
    try requireFloat(b)
    var (left, right) = (try rowMajor(a), try rowMajor(b))
    if left.shape.count == 1 { left = View(buffer: left.buffer, offset: left.offset, dtype: .f32, shape: [1] + left.shape) }
    if right.shape.count == 1 { right = View(buffer: right.buffer, offset: right.offset, dtype: .f32, shape: right.shape + [1]) }
    let (rows, depth, columns) = (left.shape[left.shape.count - 2], left.shape[left.shape.count - 1], right.shape[right.shape.count - 1])
    let leading = (Array(left.shape.dropLast(2)), Array(right.shape.dropLast(2)))
    guard let batch = Broadcasting.shape(leading.0, leading.1) else { throw unsupported("the leading extents do not broadcast") }
    let output = try rowMajorDestination(out, .f32)
    func strides(_ shape: [Int], _ matrix: Int) -> [Int] { Broadcasting.strides(shape, to: batch).map { $0 * matrix } }
    guard
      let descriptor = MatMulF32Descriptor(
        rows: rows, columns: columns, depth: depth, batchExtents: batch, outputBatchStrides: strides(batch, rows * columns),
        leftBatchStrides: strides(leading.0, rows * depth), rightBatchStrides: strides(leading.1, depth * columns))
    else { throw unsupported("more than six leading dimensions") }
    try emit(descriptor, [output, left, right], macs: saturatingProduct(batch + [rows, columns, depth]))
    define(out, output)
  }
}

/// A product of a matrix with constant weights: out = f(scale · in · weights + bias).
struct Product {
  var rows: Int
  var columns: Int
  var depth: Int
  var scale: Float
  var bias: [Float]
  /// Where the weights' element for an output column and a depth lies.
  var strides: GemmPacking.Strides
  /// The axis of the weights that the output's columns run along.
  var outputAxis: Int
  var activation: Activation
  /// Rows that belong to one image of a batch.
  var imageRows = 1

  var macs: Int { saturatingProduct([rows, columns, depth]) }
  var packing: GemmPacking { GemmPacking(groupOutChannels: columns, groupInChannels: depth) }
}

extension PlanBuilder {
  /// A matrix whose rows are dense; their distance is its `pixelStride`.
  private func matrix(_ id: ValueID) throws -> View { try pixels(id) }

  private func matrixDestination(_ id: ValueID) throws -> View {
    try destination(id, .f32, strides: View.rowMajor(shape(id))) { $0.pixelStride != nil }
  }

  private func emitProduct(_ product: Product, _ input: View, _ w: ValueID, _ output: View) throws {
    let way = try sparseVectorWay(product, w)
    if try lowerLowBit(product, input, w, output, other: way?.choice) { return }
    if let way { return try emitSparseVector(product, input, w, output, way) }
    guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no matrix layout") }
    let packing = product.packing
    let geometry = Geometry.matrix(rows: product.rows, inputStride: inStride, outputStride: outStride)
    let blocks = ProductBlocks(
      geometry, packing, elementBytes: 4, copiesRows: false, tileRows: tileRows(.gemmF32), machine: machine, threads: options.threads)
    let descriptor = GemmF32Descriptor(
      geometry: geometry, groupInChannels: product.depth,
      groupOutChannels: product.columns, weights: try packedWeights(w, packing, product.strides, scale: product.scale),
      bias: try packedColumns(product.bias, fill: 0, packing), epilogue: Epilogue(product.activation), rowBlock: blocks.rows,
      panelBlock: blocks.panels)
    try emit(descriptor, [output, input], macs: product.macs, fusing: names(product.activation))
  }

  /// Emits the product of codes with s8 weights; false where the operands are not such.
  private func lowerIntegerProduct(_ product: Product, _ a: ValueID, _ b: ValueID, _ out: ValueID, _ weight: Weight) throws -> Bool {
    guard codes(a) != nil, let stored = IntegerWeights(weight, outputAxis: product.outputAxis), let input = try pixelCodes(a),
      let inStride = input.view.pixelStride
    else { return false }
    let weights = stored.fitting(product.bias, input: input.parameters)
    guard let bias = weights.accumulatorBias(product.bias, input: input.parameters) else { return false }
    let result = try IntegerOutput(quantizer: quantizer(of: out), product.activation, inFixedPoint: isQuantizedInFixedPoint(out))
    let output = try destination(out, result.dtype, codes: result.parameters, strides: View.rowMajor(shape(out))) { $0.pixelStride != nil }
    let sums = result.isFixedPoint ? allocate(.s32, output.shape) : output
    guard let outStride = sums.pixelStride else { return false }
    try emitIntegerProduct(
      .matrix(rows: product.rows, inputStride: inStride, outputStride: outStride), product.packing, product.strides, b, weights, bias,
      weights.requantizationScales(input: input.parameters, output: result.parameters), UInt8(input.parameters.zeroPoint), result,
      [sums, input.view], macs: product.macs, names(product.activation) + (result.parameters == nil ? [] : ["QuantizeLinear"]))
    try emitFixedRequantization(result, product.activation, weights, input.parameters, from: sums, to: output)
    define(out, output, result.parameters)
    return true
  }
}
