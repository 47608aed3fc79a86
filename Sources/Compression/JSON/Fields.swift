import Tensors

/// The members of a JSON object that must have certain types; messages name the path.
struct Fields {
  private let json: JSONValue
  private let path: String

  init(_ json: JSONValue, _ path: String) {
    self.json = json
    self.path = path
  }

  func value(_ name: String) throws -> JSONValue {
    guard let value = json[name] else { throw Failure(.malformedFile, "\(path).\(name): is missing") }
    return value
  }

  private func typed<Result>(_ name: String, _ expected: String, _ read: (JSONValue) -> Result?) throws -> Result {
    let value = try value(name)
    guard let result = read(value) else {
      throw Failure(.malformedFile, "\(path).\(name): must be \(expected), not \(value.kind)")
    }
    return result
  }

  func has(_ name: String) -> Bool { json[name] != nil }

  func string(_ name: String) throws -> String { try typed(name, "a string", \.string) }
  func number(_ name: String) throws -> Double { try typed(name, "a number", \.number) }
  func int(_ name: String) throws -> Int { try typed(name, "a whole number", \.int) }
  func object(_ name: String) throws -> Fields { Fields(try value(name), "\(path).\(name)") }

  /// The member, or nil where it is null.
  func optional<Result>(_ name: String, _ read: (JSONValue) -> Result?) throws -> Result? {
    try value(name) == .null ? nil : try typed(name, "a number or null", read)
  }

  func strings(_ name: String) throws -> [String] {
    try typed(name, "a list of strings") { json in
      guard let list = json.array else { return nil }
      let strings = list.compactMap(\.string)
      return strings.count == list.count ? strings : nil
    }
  }

  func ints(_ name: String) throws -> [Int] {
    try typed(name, "a list of whole numbers") { json in
      guard let list = json.array else { return nil }
      let ints = list.compactMap(\.int)
      return ints.count == list.count ? ints : nil
    }
  }

  func list<Result>(_ name: String, _ make: (Fields) throws -> Result) throws -> [Result] {
    let list = try typed(name, "a list", \.array)
    return try list.enumerated().map { try make(Fields($1, "\(path).\(name)[\($0)]")) }
  }

  /// The list, empty where there is no such member.
  func optionalList<Result>(_ name: String, _ make: (Fields) throws -> Result) throws -> [Result] {
    json[name] == nil ? [] : try list(name, make)
  }
}
