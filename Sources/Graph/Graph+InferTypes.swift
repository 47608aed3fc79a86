import Tensors

extension Graph {
  /// More dimensions than any real network has; a bound for hostile ones.
  package static let maximumRank = 32
  /// Integer values with more elements than this are not followed through shape arithmetic: begins and ends of every axis fit.
  package static let maximumKnownElements = 2 * maximumRank

  /// Infers the type of every node's outputs from the inputs' and constants' types, in the nodes' order.
  ///
  /// Types recorded before are replaced. Extents that no multiple of one symbol expresses become symbols named by their formula.
  /// - Throws: `malformedFile` for a broken structure, `shapeMismatch` or `unsupported` naming the node at fault.
  package mutating func inferTypes() throws { _ = try inferTypesAndElements() }

  /// As `inferTypes`, and returns the integer values whose elements are known as extents: constants, and arithmetic on shapes.
  @discardableResult
  package mutating func inferTypesAndElements() throws -> [ValueID: [Dim]] {
    try Verifier.checkStructure(self)
    var known: [ValueID: [Dim]] = [:]
    for index in values.indices {
      let id = ValueID(index)
      if let weight = values[index].constant {
        values[index].type = ValueType(weight.dtype, weight.shape.map(Dim.fixed))
        if weight.dtype == .s64 || weight.dtype == .s32, weight.count <= Graph.maximumKnownElements {
          known[id] = try weight.decoded().ints().map(Dim.fixed)
        }
      } else if let type = values[index].type {
        try Graph.checkExtents(type, of: values[index].name, node: nil)
      }
    }
    for node in nodes {
      let (types, elements) = try Graph.infer(node, in: self, known: known)
      for (output, type) in zip(node.outputs, types) { values[output.index].type = type }
      for (position, list) in elements.enumerated() {
        guard let list, list.count <= Graph.maximumKnownElements, types[position].shape?.fixed?.reduce(1, *) == list.count else { continue }
        known[node.outputs[position]] = list
      }
    }
    return known
  }

  private static func infer(_ node: Node, in graph: Graph, known: [ValueID: [Dim]]) throws -> ([ValueType], [[Dim]?]) {
    let schema = try Schema.of(node.op)
    let context = InferenceContext(graph: graph, node: node, shapeValues: known)
    do {
      let types = try schema.infer(context)
      guard types.count == node.outputs.count else {
        throw context.failure("\(node.op.rawValue) makes \(types.count) outputs, the node has \(node.outputs.count)")
      }
      for (output, type) in zip(node.outputs, types) { try checkExtents(type, of: graph[output].name, node: node.name) }
      guard let elements = schema.elements, types.contains(where: { $0.dtype == .s64 || $0.dtype == .s32 }) else { return (types, []) }
      return (types, elements(context))
    } catch var failure as Failure {
      failure.node = failure.node ?? node.name
      throw failure
    }
  }

  /// Refuses negative extents and byte counts beyond what a `Tensor` takes, symbols counted as 1.
  package static func checkExtents(_ type: ValueType, of name: String, node: String?) throws {
    guard let shape = type.shape else { return }
    let least = shape.map { dim in
      switch dim {
      case .fixed(let value): value
      case .symbolic(let coefficient, _): coefficient
      }
    }
    guard shape.count <= maximumRank, (try? Tensor.checkedByteCount(type.dtype, least)) != nil else {
      throw Failure(.shapeMismatch, "'\(name)' has the shape \(shape), which is negative or too large", node: node)
    }
  }
}
