import Graph
import Tensors

/// How one ONNX operator, in every form it had in opsets 7 to 22, becomes nodes of the graph.
struct ImportRule: Sendable {
  typealias Apply = @Sendable (inout ONNXImporter, SourceNode) throws -> Void

  let type: String
  let inputs: ClosedRange<Int>
  let outputs: ClosedRange<Int>
  /// The attributes it may have; those that change nothing here are `ignored`.
  let attributes: Set<String>
  let ignored: Set<String>
  let apply: Apply

  init(
    _ type: String, inputs: ClosedRange<Int>, outputs: ClosedRange<Int> = 1...1, attributes: Set<String> = [], ignored: Set<String> = [],
    apply: @escaping Apply
  ) {
    self.type = type
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.ignored = ignored
    self.apply = apply
  }

  /// An operator that the graph has in the same form: inputs and attributes go over as they are.
  static func same(_ op: Operator, inputs: ClosedRange<Int>, attributes: Set<String> = [], ignored: Set<String> = []) -> ImportRule {
    ImportRule(op.rawValue, inputs: inputs, attributes: attributes, ignored: ignored) { importer, node in
      importer.emit(op, node, try importer.inputs(node), try importer.attributes(node, attributes))
    }
  }

  /// Old exporters (Caffe2, CNTK) left these on any node; they say nothing about inference.
  private static let ignoredEverywhere: Set<String> = ["consumed_inputs", "consumed_inputs_outputs"]

  /// - Throws: what does not fit the operator's signature.
  func check(_ node: SourceNode) throws {
    guard inputs.contains(node.inputs.count) else {
      throw node.malformed("\(type) has \(node.inputs.count) inputs, it takes \(ImportRule.text(inputs))")
    }
    for position in 0..<inputs.lowerBound where !node.hasInput(position) {
      throw node.malformed("\(type) needs input \(position)")
    }
    guard outputs.contains(node.outputs.count), node.outputs.first?.isEmpty == false || outputs.upperBound > 5 else {
      throw node.malformed("\(type) has \(node.outputs.count) outputs, it makes \(ImportRule.text(outputs))")
    }
    for name in node.attributeNames where !attributes.contains(name) && !ignored.contains(name) {
      guard ImportRule.ignoredEverywhere.contains(name) else {
        throw node.unsupported("the attribute '\(name)' of \(type) is not known")
      }
    }
  }

  private static func text(_ range: ClosedRange<Int>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
  }
}

extension ONNXImporter {
  /// Those of the named attributes that the node has, each of the type that ONNX gives the name.
  func attributes(_ node: SourceNode, _ names: Set<String>) throws -> [String: Attribute] {
    var result: [String: Attribute] = [:]
    for name in names.sorted() {
      switch name {
      case "alpha", "beta", "bias", "epsilon": result[name] = try node.float(name).map(Attribute.float)
      case "dilations", "kernel_shape", "pads", "perm", "strides": result[name] = try node.ints(name).map(Attribute.ints)
      case "auto_pad", "mode": result[name] = try node.string(name).map(Attribute.string)
      case "value": result[name] = try node.tensor(name, decoder).map(Attribute.tensor)
      default: result[name] = try node.int(name).map(Attribute.int)
      }
    }
    return result
  }
}
