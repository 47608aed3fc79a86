import Tensors

/// A node's attribute. Floats are stored as `Float`, as ONNX does.
package enum Attribute: Sendable {
  case int(Int)
  case float(Float)
  case string(String)
  case ints([Int])
  case floats([Float])
  case tensor(Tensor)
}

/// A node's attributes by name, with typed look-ups that say what is wrong.
package struct Attributes: Sendable {
  package private(set) var values: [String: Attribute]

  package init(_ values: [String: Attribute] = [:]) { self.values = values }

  package var names: [String] { values.keys.sorted() }

  package subscript(name: String) -> Attribute? {
    get { values[name] }
    set { values[name] = newValue }
  }

  package func int(_ name: String, default fallback: Int) throws -> Int {
    guard let value = values[name] else { return fallback }
    guard case .int(let int) = value else { throw wrongType(name, "an integer") }
    return int
  }

  package func float(_ name: String, default fallback: Float) throws -> Float {
    guard let value = values[name] else { return fallback }
    guard case .float(let float) = value else { throw wrongType(name, "a float") }
    return float
  }

  package func string(_ name: String, default fallback: String) throws -> String {
    guard let value = values[name] else { return fallback }
    guard case .string(let string) = value else { throw wrongType(name, "a string") }
    return string
  }

  /// The list, or nil where the attribute is absent.
  package func ints(_ name: String) throws -> [Int]? {
    guard let value = values[name] else { return nil }
    guard case .ints(let ints) = value else { throw wrongType(name, "a list of integers") }
    return ints
  }

  package func floats(_ name: String) throws -> [Float]? {
    guard let value = values[name] else { return nil }
    guard case .floats(let floats) = value else { throw wrongType(name, "a list of floats") }
    return floats
  }

  package func tensor(_ name: String) throws -> Tensor? {
    guard let value = values[name] else { return nil }
    guard case .tensor(let tensor) = value else { throw wrongType(name, "a tensor") }
    return tensor
  }

  private func wrongType(_ name: String, _ expected: String) -> Failure {
    Failure(.malformedFile, "the attribute '\(name)' must be \(expected)")
  }
}
