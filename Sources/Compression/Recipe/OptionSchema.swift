import Tensors

/// One option of a method: its key, what it may be, what it is when left out, and one sentence about it. The same declaration
/// decodes recipes, prints help and is checked against the documentation.
package struct OptionSchema: Sendable {
  package enum Kind: Sendable {
    /// A number in the range; `below` leaves the upper end out.
    case number(ClosedRange<Double>, below: Bool = false)
    /// One of these strings.
    case choice([String])
    /// One of these whole numbers; with `orNone`, `null` or "none" too.
    case width([Int], orNone: Bool)
    case flag
    /// A whole number in the range.
    case count(ClosedRange<Int>)
    /// An object of layer patterns and shares from 0 to below 1; the last pattern that fits a layer counts.
    case shares
    /// An object of names and lists of whole numbers from 0 on.
    case indices
  }

  package let key: String
  package let kind: Kind
  /// The value when the key is left out; nil: the key must be there.
  package let fallback: JSONValue?
  package let summary: String

  package init(_ key: String, _ kind: Kind, default fallback: JSONValue?, _ summary: String) {
    self.key = key
    self.kind = kind
    self.fallback = fallback
    self.summary = summary
  }

  /// What the option accepts, for help and messages: `a number from 0 to below 1`, `"layer" or "global"`.
  package var accepts: String {
    switch kind {
    case .number(let range, let below):
      "a number from \(OptionSchema.text(range.lowerBound)) to \(below ? "below " : "")\(OptionSchema.text(range.upperBound))\(orNull)"
    case .choice(let choices): OptionSchema.alternatives(choices.map { "\"\($0)\"" })
    case .width(let widths, let orNone): OptionSchema.alternatives(widths.map { "\($0)" } + (orNone ? ["null (none)"] : []))
    case .flag: "true or false"
    case .count(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)\(orNull)"
    case .shares: "an object of layer patterns and numbers from 0 to below 1"
    case .indices: "an object of names and lists of whole numbers from 0 on"
    }
  }

  private var orNull: String { fallback == .null ? " or null" : "" }

  /// The value in its canonical form ("none" becomes null).
  /// - Throws: `recipe` naming `path` where the value is not acceptable.
  func decode(_ value: JSONValue, path: String) throws -> JSONValue {
    // What may be left out may be said to be.
    if value == .null, fallback == .null { return value }
    switch (kind, value) {
    case (.number(let range, let below), .number(let number))
    where range.contains(number) && !(below && number == range.upperBound): return value
    case (.choice(let choices), .string(let string)) where choices.contains(string): return value
    case (.width(let widths, _), .number(let number)) where widths.contains { Double($0) == number }: return value
    case (.width(_, orNone: true), .null), (.width(_, orNone: true), .string("none")): return .null
    case (.flag, .bool): return value
    case (.count(let range), .number(let number)) where Int(exactly: number).map(range.contains) ?? false: return value
    case (.shares, .object(let members))
    where members.count <= 1000 && members.allSatisfy { $0.value.number.map { $0 >= 0 && $0 < 1 } ?? false }:
      return value
    case (.indices, .null): return value
    case (.indices, .object(let members))
    where members.count <= 100_000 && members.allSatisfy { OptionSchema.indices($0.value) != nil }:
      return value
    default: break
    }
    var message = "\(path): must be \(accepts), not \(value.number != nil || value.string != nil ? value.text() : value.kind)"
    if case .choice(let choices) = kind, let string = value.string, let near = NearestName.to(string, among: choices) {
      message += "; did you mean \"\(near)\"?"
    }
    throw Failure(.recipe, message)
  }

  fileprivate static func indices(_ value: JSONValue) -> [Int]? {
    guard case .array(let list) = value else { return nil }
    let numbers = list.compactMap { $0.number.flatMap { Int(exactly: $0) } }.filter { $0 >= 0 }
    return numbers.count == list.count ? numbers : nil
  }

  private static func alternatives(_ names: [String]) -> String {
    names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }

  private static func text(_ number: Double) -> String { JSONValue.number(number).text() }
}

/// The options of one step, decoded: every key of the method's schema is there.
package struct Options: Sendable {
  package let values: [String: JSONValue]

  package init(values: [String: JSONValue]) { self.values = values }

  package func number(_ key: String) throws -> Double { try value(key, \.number) }
  package func string(_ key: String) throws -> String { try value(key, \.string) }
  package func flag(_ key: String) throws -> Bool { try value(key, \.bool) }
  /// The width in bits; nil: none.
  package func width(_ key: String) throws -> Int? { values[key] == .null ? nil : try value(key, \.int) }

  /// Patterns with their shares, in the order they were given.
  package func shares(_ key: String) throws -> [(pattern: String, share: Double)] {
    guard case .object(let members)? = values[key] else { throw Failure(.internal, "the option \(key) was not declared with this type") }
    return members.map { ($0.name, $0.value.number ?? 0) }
  }

  /// Names with their lists, in the order they were given.
  /// nil: the key was not given.
  package func indices(_ key: String) throws -> [(name: String, indices: [Int])]? {
    if values[key] == .null { return nil }
    guard case .object(let members)? = values[key] else { throw Failure(.internal, "the option \(key) was not declared with this type") }
    return members.map { ($0.name, OptionSchema.indices($0.value) ?? []) }
  }

  private func value<Result>(_ key: String, _ read: (JSONValue) -> Result?) throws -> Result {
    guard let value = values[key], let result = read(value) else {
      throw Failure(.internal, "the option \(key) was not declared with this type")
    }
    return result
  }
}
