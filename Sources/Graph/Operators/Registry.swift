import Tensors

extension Schema {
  /// Every operator of the graph, by family.
  package static let all: [Schema] =
    linearAlgebra + normalization + pooling + activations + elementwise + layout + selection + resize + shapes + quantization

  private static let byOperator: [Operator: Schema] = Dictionary(all.map { ($0.op, $0) }) { first, _ in first }

  /// - Throws: `unsupported` where no schema is registered.
  package static func of(_ op: Operator) throws -> Schema {
    guard let schema = byOperator[op] else { throw Failure(.unsupported, "the operator \(op.rawValue) has no schema") }
    return schema
  }
}
