import Graph
import Reference
import Tensors

extension Tensor {
  /// A one-dimensional s64 tensor: axes, shapes, pads.
  package static func integers(_ values: [Int]) throws -> Tensor { try Tensor(.s64, [values.count], values) }

  package static func scalar(_ value: Float) throws -> Tensor { try Tensor([], [value]) }

  /// 1, 2, 3 … in `shape`.
  package static func counting(_ shape: [Int]) throws -> Tensor { try Tensor(shape, (0..<shape.reduce(1, *)).map { Float($0 + 1) }) }

  /// The largest difference to `other`, infinite where the shapes differ; equal infinities and NaNs do not differ.
  package func distance(to other: Tensor) -> Double {
    guard shape == other.shape, dtype == other.dtype else { return .infinity }
    return zip(doubles(), other.doubles()).reduce(0) { largest, pair in
      if pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN) { return largest }
      let difference = (pair.0 - pair.1).magnitude
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }
}

/// What one operator makes of `inputs`, by the reference.
package func evaluate(
  _ op: Operator, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:], outputs: Int = 1
) throws -> [Tensor] {
  let node = Node(
    op, name: "node", inputs: inputs.map { _ in nil }, outputs: (0..<outputs).map(ValueID.init), attributes: Attributes(attributes))
  return try ReferenceOperator.evaluate(node, inputs)
}

/// The only output of one operator.
package func evaluateOne(_ op: Operator, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:]) throws -> Tensor {
  try evaluate(op, inputs, attributes)[0]
}
