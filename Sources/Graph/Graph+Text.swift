import Tensors

extension Graph {
  /// The graph as text, for people and for tests: one line a node, constants by type, `%` before values and `@` before constants.
  package var text: String {
    func reference(_ id: ValueID?) -> String {
      guard let id else { return "_" }
      let value = self[id]
      guard let weight = value.constant else { return "%\(value.name)" }
      if weight.count <= 8, let plain = weight.plain, !plain.dtype.isFloat, plain.dtype != .bool, let ints = try? plain.ints() {
        return plain.shape.isEmpty ? "\(ints[0])" : "\(ints)"
      }
      return "@\(value.name) \(weight.summary)"
    }
    func typed(_ id: ValueID) -> String { "%\(self[id].name): \(self[id].type?.description ?? "?")" }
    var lines = ["graph \(name) (\(inputs.map(typed).joined(separator: ", "))) {"]
    for node in nodes {
      let outputs = node.outputs.map { "%\(self[$0].name)" }.joined(separator: ", ")
      let inputs = node.inputs.map(reference).joined(separator: ", ")
      let attributes = node.attributes.names.map { "\($0)=\(node.attributes[$0].map(Graph.text) ?? "")" }.joined(separator: ", ")
      let types = node.outputs.map { self[$0].type?.description ?? "?" }.joined(separator: ", ")
      lines.append("  \(outputs) = \(node.op.rawValue)(\(inputs))\(attributes.isEmpty ? "" : " {\(attributes)}") : \(types)")
    }
    lines.append("  return \(outputs.map { reference($0) }.joined(separator: ", "))")
    lines.append("}")
    return lines.joined(separator: "\n")
  }

  private static func text(_ attribute: Attribute) -> String {
    switch attribute {
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): "\"\(value)\""
    case .ints(let values): "\(values)"
    case .floats(let values): "\(values)"
    case .tensor(let tensor): "\(tensor.dtype.name)\(tensor.shape)"
    }
  }
}

extension ValueType: CustomStringConvertible {
  /// `f32[N, 3, 224, 224]`
  package var description: String { "\(dtype.name)\(shape.map { "\($0)" } ?? "[?]")" }
}

extension Weight {
  /// Type, shape and stored form: `f32[32, 3, 3, 3]`, with ` s8` for affine codes and ` bitmap 20%` for a sparse arrangement.
  package var summary: String {
    var text = "\(dtype.name)\(shape)"
    if let quantization {
      text += " \(codeName)\(quantization.axis.map { "/axis\($0)" } ?? "")"
    }
    let share = count == 0 ? 0 : 100 * elements.stored.count / count
    switch arrangement {
    case .dense: break
    case .bitmap: text += " bitmap \(share)%"
    case .gaps: text += " gaps \(share)%"
    }
    return text
  }
}
