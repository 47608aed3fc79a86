import Graph
import KernelContract
import Tensors

/// Views of one shape walked together as rows of neighbouring elements.
struct CommonRows {
  let rows: Rows
  /// For each view: the distance between its rows.
  let strides: [Int]

  /// Nil where the views do not lie alike enough.
  init?(_ views: [View]) {
    guard let first = views.first else { return nil }
    let order = first.memoryOrder
    guard let joined = coalesce(order.map { first.shape[$0] }, views.map { view in order.map { view.strides[$0] } }) else { return nil }
    guard (0..<4).allSatisfy({ joined.extents[$0] == 1 }) else { return nil }
    if joined.extents[5] == 1 || joined.strides.allSatisfy({ $0[5] == 1 }) {
      rows = Rows(count: joined.extents[4], width: joined.extents[5])
      strides = joined.strides.map { $0[4] }
    } else {
      // Single elements some way apart.
      guard joined.extents[4] == 1 else { return nil }
      rows = Rows(count: joined.extents[5], width: 1)
      strides = joined.strides.map { $0[5] }
    }
  }
}

extension PlanBuilder {
  func lowerUnary() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    let activation = try activation(of: node)
    if let input = codes(x), try lowerTable(activation, input, out) { return }
    try requireFloat(x)
    let input = try rowable(wanted(x))
    let output = try destination(out, .f32, strides: input.denseStrides) { CommonRows([$0, input]) != nil }
    guard let common = CommonRows([output, input]) else { throw unsupported("no common layout") }
    let descriptor = UnaryF32Descriptor(
      rows: common.rows, outputStride: common.strides[0], inputStride: common.strides[1], epilogue: Epilogue(activation))
    try emit(descriptor, [output, input], inPlace: [1])
    define(out, output)
  }

  /// The view, or a row-major copy of one that cannot be walked in rows.
  func rowable(_ view: View) throws -> View {
    CommonRows([view]) != nil && !zip(view.shape, view.strides).contains { $0 > 1 && $1 <= 0 } ? view : try rowMajor(view)
  }

  /// A function of codes whose result is quantized next is a table; relu keeps the quantization in any case.
  private func lowerTable(_ activation: Activation, _ input: Codes, _ out: ValueID) throws -> Bool {
    let keeps = activation == .relu ? input.parameters : nil
    guard let parameters = quantizer(of: out) ?? keeps else { return false }
    let table = input.parameters.table(to: parameters, { activation($0) })
    try define(out, lookedUp(input.view, table, for: out, parameters))
    return true
  }

  /// `table` applied to every code, in memory for `out`; the codes themselves where the table changes nothing.
  func lookedUp(_ input: View, _ table: [UInt8], for out: ValueID, _ parameters: CodeParameters) throws -> Codes {
    if table == Array(0...255) { return Codes(view: input, parameters: parameters) }
    let input = try rowable(input)
    let output = try destination(out, .u8, codes: parameters, strides: input.denseStrides) { CommonRows([$0, input]) != nil }
    try emitLookup(input, table, output)
    return Codes(view: output, parameters: parameters)
  }

  func emitLookup(_ input: View, _ table: [UInt8], _ output: View) throws {
    guard let common = CommonRows([output, input]) else {
      // Bring the input into the output's order first.
      let copy = try copied(input, strides: output.denseStrides)
      return try emitLookup(copy, table, output)
    }
    let descriptor = LookupU8Descriptor(
      rows: common.rows, outputStride: common.strides[0], inputStride: common.strides[1], table: try memory.constant(table))
    try emit(descriptor, [output, input], inPlace: [1])
  }

  func lowerBinary(_ operation: BinaryOperation) throws {
    let (a, b, out) = (try node.requiredInput(0), try node.requiredInput(1), node.outputs[0])
    let activation = operation == .add ? try Activation(node.attributes) : .none
    if operation == .add, try lowerCodeSum(a, b, out, activation) { return }
    try requireFloat(a)
    let (left, right) = (try wanted(a), try wanted(b))
    let whole = try shape(out)
    // The result lies as an operand of its shape does, images first.
    let models = [left, right].filter { $0.shape == whole && buffers[$0.buffer].kind.isVariable && $0.isDense }
    let model = models.first { $0.pixelStride != nil && !$0.isRowMajor } ?? models.first
    let strides = model?.denseStrides ?? View.rowMajor(whole)
    let output = try destination(out, .f32, strides: strides) { view in
      view.memoryOrder == View(buffer: 0, dtype: .f32, shape: whole, strides: strides).memoryOrder
    }
    try emitBinary(operation, left, right, output, activation: activation)
    define(out, output)
  }

  func emitBinary(_ operation: BinaryOperation, _ left: View, _ right: View, _ output: View, activation: Activation = .none) throws {
    let order = output.memoryOrder
    let (a, b) = (left.broadcast(to: output.shape), right.broadcast(to: output.shape))
    let descriptor = BinaryF32Descriptor(
      operation, extents: order.map { output.shape[$0] }, outputStrides: order.map { output.strides[$0] },
      leftStrides: order.map { a.strides[$0] }, rightStrides: order.map { b.strides[$0] }, epilogue: Epilogue(activation))
    guard let descriptor, descriptor.extents[5] == 1 || descriptor.outputStrides[5] == 1 else {
      // Single channels of pixels, for example: neighbours of the result do not lie side by side.
      guard !output.isRowMajor else { throw unsupported("operands that lie in more than six dimensions") }
      let dense = allocate(.f32, output.shape, strides: View.rowMajor(output.shape))
      try emitBinary(operation, left, right, dense, activation: activation)
      return try emitCopy(from: dense, to: output)
    }
    let alike = [left, right].enumerated().filter { $0.element.shape == output.shape }.map { $0.offset + 1 }
    try emit(descriptor, [output, left, right], inPlace: alike, fusing: names(activation))
  }

  /// The sum of two quantized tensors of one shape that is quantized next.
  private func lowerCodeSum(_ a: ValueID, _ b: ValueID, _ out: ValueID, _ activation: Activation) throws -> Bool {
    guard let left = codes(a), let right = codes(b), let parameters = quantizer(of: out), let range = parameters.range(activation),
      left.view.shape == right.view.shape
    else { return false }
    let first = try rowable(left.view)
    let output = try destination(out, .u8, codes: parameters, strides: first.denseStrides) { CommonRows([$0, first]) != nil }
    var second = right.view
    if CommonRows([output, first, second]) == nil { second = try copied(second, strides: output.denseStrides) }
    guard let common = CommonRows([output, first, second]) else { return false }
    if try isQuantizedInFixedPoint(out) {
      let fixed = AddFixedU8Descriptor(
        rows: common.rows, outputStride: common.strides[0], aStride: common.strides[1], bStride: common.strides[2],
        a: (left.parameters.scale, left.parameters.zeroPoint), b: (right.parameters.scale, right.parameters.zeroPoint),
        output: (parameters.scale, parameters.zeroPoint), low: range.low, high: range.high)
      try emit(fixed, [output, first, second], inPlace: [1, 2], fusing: names(activation) + ["QuantizeLinear"])
      define(out, output, parameters)
      return true
    }
    let descriptor = AddU8Descriptor(
      rows: common.rows, outputStride: common.strides[0], aStride: common.strides[1], bStride: common.strides[2],
      aZeroPoint: left.parameters.zeroPoint, bZeroPoint: right.parameters.zeroPoint,
      aScale: Float(Double(left.parameters.scale) / Double(parameters.scale)),
      bScale: Float(Double(right.parameters.scale) / Double(parameters.scale)), zeroPoint: parameters.zeroPoint, low: range.low,
      high: range.high)
    try emit(descriptor, [output, first, second], inPlace: [1, 2], fusing: names(activation) + ["QuantizeLinear"])
    define(out, output, parameters)
    return true
  }
}

extension PlanBuilder.Buffer.Kind {
  /// Whether it changes from run to run.
  var isVariable: Bool { if case .constant = self { false } else { true } }
}
