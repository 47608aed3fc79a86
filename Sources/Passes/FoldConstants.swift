import Graph
import Reference
import Tensors

extension Pass {
  /// Computes what depends on constants alone, and on extents that are known: Shape and the arithmetic on it.
  ///
  /// - Parameter growth: how many bytes the graph's constants may grow by; what would need more stays a node.
  ///
  /// DequantizeLinear of constant codes becomes a weight with affine elements. Other operators on compressed weights stay, for
  /// folding would decode them; a dense affine weight is transposed in its small form.
  package static func foldConstants(growth: Int) -> Pass {
    Pass("fold-constants") { rewriter in
      var graph = rewriter.graph
      let known = try graph.inferTypesAndElements()
      var left = growth
      for index in rewriter.graph.nodes.indices where rewriter.isFree(index) {
        let node = rewriter.node(index)
        if let weights = try knownIntegers(node, known, rewriter) ?? folded(node, rewriter, within: &left) {
          for (output, weight) in zip(node.outputs, weights) { rewriter.makeConstant(output, weight) }
          rewriter.remove(index)
        }
      }
    }
  }

  /// The outputs, where every one is integers whose elements are known as numbers.
  private static func knownIntegers(_ node: Node, _ known: [ValueID: [Dim]], _ rewriter: Rewriter) throws -> [Weight]? {
    var weights: [Weight] = []
    for output in node.outputs {
      guard let elements = known[output]?.fixed, let type = rewriter.type(output), type.dtype == .s64 || type.dtype == .s32,
        let shape = type.shape?.fixed, shape.reduce(1, *) == elements.count
      else { return nil }
      weights.append(Weight(try Tensor(type.dtype, shape, wrapping: elements)))
    }
    return weights
  }

  private static func folded(_ node: Node, _ rewriter: Rewriter, within left: inout Int) throws -> [Weight]? {
    var inputs: [Weight?] = []
    for input in node.inputs {
      guard let input else {
        inputs.append(nil)
        continue
      }
      guard let weight = rewriter.graph[input].constant else { return nil }
      inputs.append(weight)
    }
    if let weight = try affine(node, inputs) { return [weight] }
    if let weight = try transposed(node, inputs) { return [weight] }
    let tensors = inputs.map { $0?.plain }
    guard zip(tensors, inputs).allSatisfy({ ($0 == nil) == ($1 == nil) }) else { return nil }
    // Inferred from the tensors themselves: the recorded types are those of the graph before this sweep.
    guard let call = try? Call(node, tensors) else { return nil }
    var (bytes, count) = (0, 0)
    for (index, type) in call.outputs.enumerated() {
      bytes += try Tensor.checkedByteCount(type.dtype, call.shape(index))
      count += call.shape(index).reduce(1, *)
    }
    let shrinks = bytes <= tensors.reduce(0) { $0 + ($1?.byteCount ?? 0) }
    let largest = tensors.reduce(1) { max($0, $1?.count ?? 0) }
    guard shrinks || bytes <= left, isCheap(node.op, outputs: count, inputs: largest) else { return nil }
    if !shrinks { left -= bytes }
    return try ReferenceOperator.evaluate(node, tensors).map(Weight.init)
  }

  /// Whether the reference computes the node within seconds, whatever its attributes.
  private static func isCheap(_ op: Operator, outputs: Int, inputs: Int) -> Bool {
    switch op {
    case .conv, .gemm, .matMul, .maxPool, .averagePool, .lrn:
      let (work, overflow) = outputs.multipliedReportingOverflow(by: inputs)
      return !overflow && work <= 1 << 30
    default: return true
    }
  }

  /// DequantizeLinear of s8 or u8 codes as a weight that keeps them.
  private static func affine(_ node: Node, _ inputs: [Weight?]) throws -> Weight? {
    guard node.op == .dequantizeLinear, let codes = inputs[0]?.plain, codes.dtype == .s8 || codes.dtype == .u8,
      let scales = try inputs[1]?.decoded().floats()
    else { return nil }
    let zeros = inputs.count > 2 ? try inputs[2]?.decoded().ints() : nil
    let stated = try node.attributes.int("axis", default: 1)
    let axis = stated < 0 ? stated + codes.shape.count : stated
    guard
      let quantization = try? AffineQuantization(
        scales: scales, zeroPoints: zeros?.map { Int32(truncatingIfNeeded: $0) } ?? [Int32](repeating: 0, count: scales.count),
        axis: scales.count == 1 ? nil : axis)
    else { return nil }
    return try? Weight(shape: codes.shape, elements: .affine(codes: codes, quantization), arrangement: .dense)
  }

  /// The transpose of dense affine codes; the scales stay with their axis.
  private static func transposed(_ node: Node, _ inputs: [Weight?]) throws -> Weight? {
    guard node.op == .transpose, let weight = inputs[0], weight.isDense, case .affine(let codes, var quantization) = weight.elements
    else { return nil }
    let order = try node.attributes.ints("perm") ?? Array(weight.shape.indices.reversed())
    let turned = try ReferenceOperator.evaluate(node, [codes.reshaped(weight.shape)])[0]
    quantization.axis = quantization.axis.flatMap { order.firstIndex(of: $0) }
    return try Weight(shape: turned.shape, elements: .affine(codes: turned, quantization), arrangement: .dense)
  }
}
