import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  func lowerQuantize() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    let parameters = try CodeParameters(quantizing: node, in: graph)
    if let codes = states[x]?.codes.first(where: { $0.parameters == parameters }) {
      return define(out, Codes(view: codes.view, parameters: .integers))
    }
    if let input = codes(x) {
      let table = input.parameters.table(to: parameters) { $0 }
      return define(out, try lookedUp(input.view, table, for: out, .integers))
    }
    try requireFloat(x)
    let input = try rowable(plain(x))
    let output = try destination(out, .u8, codes: .integers, strides: input.denseStrides) { CommonRows([$0, input]) != nil }
    guard let common = CommonRows([output, input]) else { throw unsupported("no common layout") }
    let descriptor = QuantizeDescriptor(
      rows: common.rows, outputStride: common.strides[0], inputStride: common.strides[1], scale: parameters.scale,
      zeroPoint: parameters.zeroPoint)
    try emit(descriptor, [output, input])
    define(out, Codes(view: output, parameters: .integers))
  }

  /// Emits nothing: the codes stand for the reals until somebody needs those.
  func lowerDequantize() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    if graph[x].constant != nil { return define(out, try dequantizedConstant(x)) }
    let parameters = try CodeParameters(quantizing: node, in: graph)
    guard let codes = try integerCodes(x) else { throw unsupported("only u8 and s8 codes can be dequantized at run time") }
    define(out, Codes(view: codes.view, parameters: parameters))
  }

  /// The codes of a value of 8-bit type, made from its elements where they came from outside.
  func integerCodes(_ id: ValueID) throws -> Codes? {
    if let codes = codes(id) { return codes }
    switch try dtype(id) {
    case .u8: define(id, Codes(view: try plain(id), parameters: .integers))
    case .s8:
      var view = try rowable(plain(id))
      view.dtype = .u8
      let output = allocate(.u8, view.shape, strides: view.denseStrides)
      try emitLookup(view, PlanBuilder.signTable, output)
      define(id, Codes(view: output, parameters: .integers))
    default: return nil
    }
    return codes(id)
  }

  /// Between s8 and the u8 it is stored as, both ways.
  private static let signTable = (0...255).map { UInt8($0) ^ 0x80 }

  /// The elements of a value of 8-bit type that exists only as codes.
  func integers(_ codes: Codes, as dtype: DType) throws -> View {
    guard dtype == .s8 else { return codes.view }
    let input = try rowable(codes.view)
    var output = allocate(.u8, input.shape, strides: input.denseStrides)
    try emitLookup(input, PlanBuilder.signTable, output)
    output.dtype = .s8
    return output
  }

  /// The reals that codes stand for.
  func dequantized(_ codes: Codes) throws -> View {
    let input = try rowable(codes.view)
    let output = allocate(.f32, input.shape, strides: input.denseStrides)
    guard let common = CommonRows([output, input]) else { throw unsupported("no common layout") }
    let descriptor = DequantizeDescriptor(
      rows: common.rows, outputStride: common.strides[0], inputStride: common.strides[1], scale: codes.parameters.scale,
      zeroPoint: codes.parameters.zeroPoint)
    try emit(descriptor, [output, input])
    return output
  }

  private func dequantizedConstant(_ id: ValueID) throws -> View {
    guard let codes = try graph[id].constant?.decoded(), let scales = try graph.constant(node, 1)?.floats(), !scales.isEmpty else {
      throw unsupported("the scale must be constant")
    }
    let zeros = try graph.constant(node, 2)?.doubles() ?? [Double](repeating: 0, count: scales.count)
    guard zeros.count == scales.count else { throw unsupported("scales and zero points differ in number") }
    var stride = max(codes.count, 1)
    if scales.count > 1 {
      let axis = try context.axis(default: 1, rank: codes.shape.count)
      guard codes.shape[axis] == scales.count else { throw unsupported("the scales do not match the axis \(axis)") }
      stride = max(codes.shape[(axis + 1)...].reduce(1, *), 1)
    }
    let reals = codes.doubles().enumerated().map { index, code in
      let channel = index / stride % scales.count
      return Float(code - zeros[channel]) * scales[channel]
    }
    return try constant(Tensor(codes.shape, reals))
  }
}
