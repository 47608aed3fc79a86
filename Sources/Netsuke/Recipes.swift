import Compression
import Tensors

/// What the library can tell of recipes and methods, as JSON.
package enum Recipes {
  /// The names of the recipes that ship with the library.
  package static var names: String { JSONValue.strings(Recipe.shipped.map(\.name)).text() }

  /// - Throws: `notFound` listing the names there are.
  package static func json(named name: String) throws -> String {
    guard let entry = Recipe.shipped.first(where: { $0.name == name }) else {
      throw Failure(
        .notFound, "there is no recipe '\(name.prefix(80))'; the names are \(Recipe.shipped.map(\.name).joined(separator: ", "))")
    }
    guard case .object(let members) = try JSONValue(parsing: entry.json) else { return entry.json }
    return JSONValue.object(
      [.init("name", .string(entry.name)), .init("description", .string(entry.description))] + members
    ).text()
  }

  /// Every method with its options.
  package static var methods: String {
    JSONValue.array(
      MethodRegistry.all.map { method in
        ["name": .string(method.name), "summary": .string(method.summary), "options": .array(method.options.map(\.json))]
      }
    ).text()
  }
}

extension OptionSchema {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [.init("key", .string(key)), .init("accepts", .string(accepts))]
    switch kind {
    case .number(let range, let below):
      members += [
        .init("type", "number"), .init("minimum", .number(range.lowerBound)),
        .init(below ? "exclusive_maximum" : "maximum", .number(range.upperBound)),
      ]
    case .choice(let choices): members += [.init("type", "string"), .init("choices", .strings(choices))]
    case .width(let widths, let orNone):
      members += [
        .init("type", "integer"), .init("choices", .array(widths.map { .number(Double($0)) } + (orNone ? [.null] : []))),
      ]
    case .flag: members.append(.init("type", "boolean"))
    case .count(let range):
      members += [
        .init("type", "integer"), .init("minimum", .number(Double(range.lowerBound))), .init("maximum", .number(Double(range.upperBound))),
      ]
    case .shares, .indices: members.append(.init("type", "object"))
    }
    members.append(.init("required", .bool(fallback == nil)))
    if let fallback { members.append(.init("default", fallback)) }
    members.append(.init("summary", .string(summary)))
    return .object(members)
  }
}
