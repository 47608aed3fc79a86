import Graph
import Tensors

// Operators that the graph does not have: they are resolved while reading.
extension ImportRule {
  /// Identity of a constant is the constant; of anything else it stays.
  static let identity = ImportRule("Identity", inputs: 1...1) { importer, node in
    let input = try importer.requiredInput(node, 0)
    if importer.constant(input) != nil {
      importer.alias(node, input)
    } else {
      importer.emit(.identity, node, [input], [:])
    }
  }

  /// Dropout does nothing in inference.
  static let dropout = ImportRule("Dropout", inputs: 1...3, outputs: 1...2, ignored: ["ratio", "seed", "is_test"]) { importer, node in
    guard !importer.isUsed(node, output: 1) else {
      throw node.unsupported("the mask of Dropout ('\(node.outputs[1])') is used; export the model for inference (model.eval())")
    }
    if let training = try importer.input(node, 2) {
      guard let value = try importer.constant(training)?.decoded(), value.bytes.allSatisfy({ $0 == 0 }) else {
        throw node.unsupported("Dropout is in training mode; export the model for inference (model.eval())")
      }
    }
    importer.alias(node, try importer.requiredInput(node, 0))
  }

  /// Sum of any number of tensors: a chain of Add.
  static let sum = ImportRule("Sum", inputs: 1...(1 << 16)) { importer, node in
    let terms = try importer.inputs(node)
    guard terms.count > 1 else {
      importer.emit(.identity, node, terms, [:])
      return
    }
    var total = terms[0]
    for term in terms[1..<(terms.count - 1)] { total = try importer.add(.add, [total, term], stem: "\(node.name)_partial") }
    importer.emit(.add, node, [total, terms[terms.count - 1]], [:])
  }

  /// Constant, in each of the forms of its attribute.
  static let constant = ImportRule(
    "Constant", inputs: 0...0, attributes: ["value", "value_float", "value_floats", "value_int", "value_ints", "sparse_value"],
    ignored: ["name"]
  ) { importer, node in
    let decoder = importer.decoder
    let weight: Weight
    if let tensor = try node.tensor("value", decoder) {
      weight = Weight(tensor)
    } else if let value = try node.float("value_float") {
      weight = Weight(try Tensor([], [value]))
    } else if let values = try node.floats("value_floats") {
      weight = Weight(try Tensor([values.count], values))
    } else if let value = try node.int("value_int") {
      weight = Weight(try Tensor(.s64, [], [Int64(value)]))
    } else if let values = try node.ints("value_ints") {
      weight = Weight(try Tensor(.s64, [values.count], values.map { Int64($0) }))
    } else if let value = try node.sparseTensor("sparse_value") {
      weight = try decoder.sparse(value, "the sparse value of node '\(node.name)'")
    } else {
      throw node.malformed("Constant has no value")
    }
    importer.define(node, weight)
  }

  /// Cast. The graph knows one floating type; a cast to another is a cast to that.
  static let cast = ImportRule("Cast", inputs: 1...1, attributes: ["to"], ignored: ["saturate", "round_mode"]) { importer, node in
    guard let code = try node.int("to") else { throw node.malformed("Cast needs the attribute 'to'") }
    let type = try ElementType(code: code, of: "the result of Cast '\(node.name)'")
    importer.emit(.cast, node, try importer.inputs(node), ["to": .int(Int(type.dtype.rawValue))])
  }
}
