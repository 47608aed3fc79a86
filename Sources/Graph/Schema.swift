import Tensors

/// What the graph knows of an operator: how many inputs and outputs, which attributes, and how to infer its output types.
package struct Schema: Sendable {
  package let op: Operator
  package let inputs: ClosedRange<Int>
  package let outputs: ClosedRange<Int>
  /// The attributes it may have; any other is an error of the verifier.
  package let attributes: Set<String>
  package let infer: @Sendable (InferenceContext) throws -> [ValueType]
  /// For operators of shape arithmetic: the elements of each output as extents, nil where they are not known. Called after
  /// `infer`, and only where an output holds integers.
  package let elements: (@Sendable (InferenceContext) -> [[Dim]?])?

  package init(
    _ op: Operator, inputs: ClosedRange<Int>, outputs: ClosedRange<Int> = 1...1, attributes: Set<String> = [],
    infer: @escaping @Sendable (InferenceContext) throws -> [ValueType],
    elements: (@Sendable (InferenceContext) -> [[Dim]?])? = nil
  ) {
    self.op = op
    self.elements = elements
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.infer = infer
  }
}

/// What an inference rule may look at.
package struct InferenceContext {
  package let graph: Graph
  package let node: Node
  /// For integer values whose elements are known as extents (constants, and arithmetic on `Shape`): the elements.
  package let shapeValues: [ValueID: [Dim]]

  package init(graph: Graph, node: Node, shapeValues: [ValueID: [Dim]]) {
    self.graph = graph
    self.node = node
    self.shapeValues = shapeValues
  }

  /// The type of an input that must be there.
  package func type(_ position: Int) throws -> ValueType {
    let id = try node.requiredInput(position)
    guard let type = graph[id].type else {
      throw Failure(.malformedFile, "the type of '\(graph[id].name)' is not known", node: node.name)
    }
    return type
  }

  /// The extents of an input whose rank must be known.
  package func shape(_ position: Int) throws -> [Dim] {
    guard let shape = try type(position).shape else {
      throw Failure(
        .unsupported, "the rank of input \(position) of \(node.op.rawValue) is not known; give the model's input shapes", node: node.name)
    }
    return shape
  }

  /// The elements of an integer input as extents, nil where they are not known or the input is left out.
  package func dims(_ position: Int) -> [Dim]? { node.input(position).flatMap { shapeValues[$0] } }

  /// The elements of an integer input as numbers; nil where it is left out.
  /// - Throws: `unsupported` where it is there but not constant.
  package func ints(_ position: Int) throws -> [Int]? {
    guard let id = node.input(position) else { return nil }
    guard let values = shapeValues[id]?.fixed else {
      throw Failure(.unsupported, "input \(position) of \(node.op.rawValue) ('\(graph[id].name)') must be constant", node: node.name)
    }
    return values
  }

  package func failure(_ message: String) -> Failure { Failure(.shapeMismatch, message, node: node.name) }
}
