import Graph
import Reference
import Tensors

extension Pass {
  /// Computes what depends on constants alone, and on extents that are known: Shape and the arithmetic on it.
  ///
  /// - Parameter limit: how many bytes the graph's constants may come to; what would need more stays a node.
  ///
  /// DequantizeLinear of constant codes becomes a weight with affine elements. Other operators on compressed weights stay, for
  /// folding would decode them; a dense affine weight is transposed in its small form.
  package static func foldConstants(limit: Int) -> Pass {
    Pass("fold-constants") { rewriter in
      var graph = rewriter.graph
      let known = try graph.inferTypesAndElements()
      var left = max(limit - graph.constantBytes, 0)
      for index in rewriter.graph.nodes.indices where rewriter.isFree(index) {
        let node = rewriter.node(index)
        let weights =
          try knownIntegers(node, known, rewriter)
          ?? folded(node, rewriter) { bytes in
            let cost = max(bytes - released(node, rewriter), 0)
            guard cost <= left else { return false }
            left -= cost
            return true
          }
        guard let weights else { continue }
        for (output, weight) in zip(node.outputs, weights) { rewriter.makeConstant(output, weight) }
        rewriter.remove(index)
      }
    }
  }

  /// Bytes of the constants that nothing needs once the node is gone.
  private static func released(_ node: Node, _ rewriter: Rewriter) -> Int {
    node.inputs.reduce(0) { total, input in
      guard let input, let weight = rewriter.graph[input].constant, rewriter.uses.consumers(of: input).count == 1,
        !rewriter.uses.isOutput(input)
      else { return total }
      return total + weight.storedByteCount
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

  /// The outputs of a node whose inputs are all constant; `allows` is asked before memory is used.
  private static func folded(_ node: Node, _ rewriter: Rewriter, allows: (_ bytes: Int) -> Bool) throws -> [Weight]? {
    var inputs: [Weight?] = []
    for input in node.inputs {
      guard let input else {
        inputs.append(nil)
        continue
      }
      guard let weight = rewriter.graph[input].constant else { return nil }
      inputs.append(weight)
    }
    if node.op == .dequantizeLinear, let codes = inputs[0]?.plain, codes.dtype == .s8 || codes.dtype == .u8 {
      // The codes are shared, the scales and zero points are not.
      guard allows((inputs[1]?.count ?? 0) * 8) else { return nil }
      if let weight = try affine(node, inputs) { return [weight] }
    }
    if node.op == .transpose, let weight = inputs[0], weight.isDense, weight.quantization != nil {
      return allows(weight.storedByteCount) ? try transposed(node, weight).map { [$0] } : nil
    }
    let tensors = inputs.map { $0?.plain }
    guard zip(tensors, inputs).allSatisfy({ ($0 == nil) == ($1 == nil) }) else { return nil }
    // Inferred from the tensors themselves: the recorded types are those of the graph before this sweep.
    guard let call = try? Call(node, tensors) else { return nil }
    var (bytes, count) = (0, 0)
    for (index, type) in call.outputs.enumerated() {
      bytes += try Tensor.checkedByteCount(type.dtype, call.shape(index))
      count += call.shape(index).reduce(1, *)
    }
    guard isCheap(node.op, outputs: count, inputs: tensors.reduce(1) { max($0, $1?.count ?? 0) }), allows(bytes) else { return nil }
    // What the reference refuses (an integer division by zero) stays for whoever runs the graph.
    return try? ReferenceOperator.evaluate(node, tensors).map(Weight.init)
  }

  /// Whether the reference computes the node within seconds, whatever its attributes.
  private static func isCheap(_ op: Operator, outputs: Int, inputs: Int) -> Bool {
    switch op {
    case .conv, .winogradConv, .gemm, .matMul, .maxPool, .averagePool, .lrn:
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
  private static func transposed(_ node: Node, _ weight: Weight) throws -> Weight? {
    guard case .affine(let codes, var quantization) = weight.elements else { return nil }
    let order = try node.attributes.ints("perm") ?? Array(weight.shape.indices.reversed())
    let turned = try ReferenceOperator.evaluate(node, [codes.reshaped(weight.shape)])[0]
    quantization.axis = quantization.axis.flatMap { order.firstIndex(of: $0) }
    if let group = quantization.group {
      guard let axis = order.firstIndex(of: group.axis) else { return nil }
      quantization.group?.axis = axis
    }
    return try Weight(shape: turned.shape, elements: .affine(codes: turned, quantization), arrangement: .dense)
  }
}

extension Graph {
  /// Bytes of all constants as they are stored.
  var constantBytes: Int { values.reduce(0) { $0 + ($1.constant?.storedByteCount ?? 0) } }
}
