import Architectures
import Compression
import Graph
import Tensors

/// What the library can tell of the networks that it can build, as JSON.
package enum Architectures {
  /// Their names.
  package static var names: String { JSONValue.strings(Architecture.all.map(\.name)).text() }

  /// Summary and options of one.
  /// - Throws: `notFound` listing the names there are.
  package static func json(named name: String) throws -> String {
    let architecture = try Architecture.named(name)
    return JSONValue.object([
      .init("name", .string(architecture.name)), .init("summary", .string(architecture.summary)),
      .init("options", .array(architecture.options.map(\.json))),
    ]).text()
  }
}

extension Model {
  /// A network of the literature with random weights; see `Architecture`. The graph is as it would be trained: not simplified.
  ///
  /// - options: a JSON object of numbers by option; nil: the defaults.
  /// - Throws: `notFound` for the name, `invalidArgument` for the options.
  package convenience init(architecture name: String, options: String?) throws {
    let architecture = try Architecture.named(name)
    self.init(try architecture.graph(try Model.numbers(options ?? "{}")))
  }

  private static func numbers(_ text: String) throws -> [(key: String, value: Double)] {
    guard case .object(let members) = try JSONValue(parsing: text, status: .invalidArgument) else {
      throw Failure(.invalidArgument, "the options must be a JSON object, such as {\"classes\": 10}")
    }
    return try members.map { member in
      guard let number = member.value.number else {
        throw Failure(.invalidArgument, "'\(member.name.prefix(80))' must be a number, not \(member.value.kind)")
      }
      return (member.name, number)
    }
  }
}

extension ArchitectureOption {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [.init("key", .string(key)), .init("accepts", .string(accepts))]
    switch kind {
    case .integer(let range):
      members += [
        .init("type", "integer"), .init("minimum", .number(Double(range.lowerBound))), .init("maximum", .number(Double(range.upperBound))),
      ]
    case .number(let range):
      members += [.init("type", "number"), .init("minimum", .number(range.lowerBound)), .init("maximum", .number(range.upperBound))]
    case .choice(let choices):
      members += [.init("type", "number"), .init("choices", .array(choices.map(JSONValue.number)))]
    }
    return .object(members + [.init("default", .number(fallback)), .init("summary", .string(summary))])
  }
}
