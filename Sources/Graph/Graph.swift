import Tensors

/// Index of a value in its graph.
package struct ValueID: Hashable, Sendable {
  package let index: Int
  package init(_ index: Int) { self.index = index }
}

/// What is known of a value before anything runs: element type and extents (nil: the rank is not known yet).
package struct ValueType: Hashable, Sendable {
  package var dtype: DType
  package var shape: [Dim]?

  package init(_ dtype: DType, _ shape: [Dim]?) {
    self.dtype = dtype
    self.shape = shape
  }
}

/// A tensor of the graph: an input, a constant (then `constant` holds it) or the output of exactly one node.
package struct Value: Sendable {
  package var name: String
  package var type: ValueType?
  package var constant: Weight?
}

/// One operation. A nil input is an optional one left out.
package struct Node: Sendable {
  /// Unique in the graph.
  package var name: String
  package var op: Operator
  package var inputs: [ValueID?]
  package var outputs: [ValueID]
  package var attributes: Attributes

  package init(_ op: Operator, name: String, inputs: [ValueID?], outputs: [ValueID], attributes: Attributes = Attributes()) {
    self.op = op
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// The input at `position`, nil where it is left out or beyond the end.
  package func input(_ position: Int) -> ValueID? { inputs.indices.contains(position) ? inputs[position] : nil }

  /// The input at `position`, which must be there.
  package func requiredInput(_ position: Int) throws -> ValueID {
    guard let id = input(position) else {
      throw Failure(.malformedFile, "\(op.rawValue) needs input \(position)", node: name)
    }
    return id
  }
}

/// A network: values and nodes, nodes in an order in which every value is made before it is used.
///
/// A value type: a pass takes `inout Graph`, and a failed pass leaves the caller's copy as it was. Copies share weights.
package struct Graph: Sendable {
  package var name: String
  package var values: [Value] = []
  package var nodes: [Node] = []
  package var inputs: [ValueID] = []
  package var outputs: [ValueID] = []
  /// Free text that travels with the model (producer, licence …).
  package var metadata: [String: String] = [:]

  package init(name: String = "") { self.name = name }

  package subscript(id: ValueID) -> Value {
    get { values[id.index] }
    set { values[id.index] = newValue }
  }

  /// Adds a value. Names need not be unique while a pass is at work; `Verifier` wants them unique and non-empty.
  @discardableResult
  package mutating func addValue(_ name: String, _ type: ValueType? = nil, constant: Weight? = nil) -> ValueID {
    let known = constant.map { ValueType($0.dtype, $0.shape.map(Dim.fixed)) }
    values.append(Value(name: name, type: type ?? known, constant: constant))
    return ValueID(values.count - 1)
  }

  package mutating func addInput(_ name: String, _ type: ValueType) -> ValueID {
    let id = addValue(name, type)
    inputs.append(id)
    return id
  }

  package mutating func addConstant(_ name: String, _ tensor: Tensor) -> ValueID { addValue(name, constant: Weight(tensor)) }

  /// Appends a node with one output named `name`.
  package mutating func append(
    _ op: Operator, _ name: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:]
  ) -> ValueID {
    let output = addValue(name)
    nodes.append(Node(op, name: name, inputs: inputs, outputs: [output], attributes: Attributes(attributes)))
    return output
  }

  /// A name that no value and no node has yet, beginning with `stem`. Linear in the graph.
  package func freshName(_ stem: String) -> String {
    let taken = Set(values.map(\.name)).union(nodes.map(\.name))
    if !taken.contains(stem) { return stem }
    var number = 1
    while taken.contains("\(stem)_\(number)") { number += 1 }
    return "\(stem)_\(number)"
  }
}
