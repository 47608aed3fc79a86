import FoundationEssentials
import Graph
import Tensors

/// A node as the ONNX file has it, with a name of its own.
struct SourceNode {
  /// Unique in the model.
  let name: String
  let type: String
  /// The inputs by name, "" where one is left out; none at the end.
  let inputs: [String]
  let outputs: [String]
  let opset: Int
  private let attributes: [String: Onnx_AttributeProto]

  init(_ proto: Onnx_NodeProto, name: String, opset: Int) throws {
    self.name = name
    self.opset = opset
    type = ONNXReader.type(of: proto)
    inputs = SourceNode.trimmed(proto.input)
    outputs = SourceNode.trimmed(proto.output)
    var attributes: [String: Onnx_AttributeProto] = [:]
    for attribute in proto.attribute {
      guard attributes.updateValue(attribute, forKey: attribute.name) == nil else {
        throw Failure(.malformedFile, "\(proto.opType) has the attribute '\(attribute.name)' twice", node: name)
      }
    }
    self.attributes = attributes
  }

  private static func trimmed(_ names: [String]) -> [String] {
    guard let last = names.lastIndex(where: { !$0.isEmpty }) else { return [] }
    return Array(names[...last])
  }

  var attributeNames: [String] { attributes.keys.sorted() }

  func has(_ attribute: String) -> Bool { attributes[attribute] != nil }

  /// Whether the input at `position` is there.
  func hasInput(_ position: Int) -> Bool { inputs.indices.contains(position) && !inputs[position].isEmpty }

  func int(_ name: String) throws -> Int? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.hasI, isType(attribute, .int) else { throw wrongType(name, "an integer") }
    return Int(attribute.i)
  }

  func int(_ name: String, default fallback: Int) throws -> Int { try int(name) ?? fallback }

  func float(_ name: String) throws -> Float? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.hasF, isType(attribute, .float) else { throw wrongType(name, "a float") }
    return attribute.f
  }

  func string(_ name: String) throws -> String? {
    guard let attribute = attributes[name] else { return nil }
    guard isType(attribute, .string), let text = String(validating: attribute.s, as: UTF8.self) else { throw wrongType(name, "a string") }
    return text
  }

  func ints(_ name: String) throws -> [Int]? {
    guard let attribute = attributes[name] else { return nil }
    guard isType(attribute, .ints) else { throw wrongType(name, "a list of integers") }
    return attribute.ints.map { Int($0) }
  }

  func floats(_ name: String) throws -> [Float]? {
    guard let attribute = attributes[name] else { return nil }
    guard isType(attribute, .floats) else { throw wrongType(name, "a list of floats") }
    return attribute.floats
  }

  func tensor(_ name: String, _ decoder: TensorDecoder) throws -> Tensor? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.hasT, isType(attribute, .tensor) else { throw wrongType(name, "a tensor") }
    return try decoder.tensor(attribute.t, "the attribute '\(name)' of node '\(self.name)'")
  }

  func sparseTensor(_ name: String) throws -> Onnx_SparseTensorProto? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.hasSparseTensor, isType(attribute, .sparseTensor) else { throw wrongType(name, "a sparse tensor") }
    return attribute.sparseTensor
  }

  private func isType(_ attribute: Onnx_AttributeProto, _ type: Onnx_AttributeProto.AttributeType) -> Bool { attribute.type == type }

  private func wrongType(_ attribute: String, _ expected: String) -> Failure {
    Failure(.malformedFile, "the attribute '\(attribute)' of \(type) must be \(expected)", node: name)
  }

  func unsupported(_ message: String) -> Failure { Failure(.unsupported, message, node: name) }
  func malformed(_ message: String) -> Failure { Failure(.malformedFile, message, node: name) }
}
