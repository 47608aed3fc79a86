import Tensors

/// What to do to a model: steps in order, each a method with its options and the layers it is for.
package struct Recipe: Sendable {
  package struct Step: Sendable {
    package let method: any CompressionMethod
    package let options: Options
    package let layers: LayerSelector
    /// Where it stands in the recipe, for messages: `steps[1]`.
    package let path: String
  }

  package var name: String?
  package var description: String?
  package let steps: [Step]
  /// The recipe as it was given.
  package let json: JSONValue

  /// Most steps a recipe may have.
  package static let maximumSteps = 100

  /// Whether a step reads calibration samples.
  package var needsCalibration: Bool { steps.contains { $0.method.needsCalibration($0.options) } }

  /// A recipe from its JSON text, or the recipe of that name that ships with the library.
  /// - Throws: `recipe` with the path of the key at fault.
  package init(_ textOrName: String) throws {
    let start = textOrName.utf8.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    if start == UInt8(ascii: "{") || start == UInt8(ascii: "[") {
      try self.init(json: JSONValue(parsing: textOrName))
    } else {
      self = try Recipe.named(textOrName)
    }
  }

  /// - Throws: `recipe` with the path of the key at fault.
  package init(json: JSONValue) throws {
    guard case .object(let members) = json else {
      throw Failure(.recipe, "a recipe must be an object {\"steps\": […]}, not \(json.kind)")
    }
    var steps: [Step]?
    for member in members {
      switch member.name {
      case "steps": steps = try Recipe.steps(member.value)
      case "name": name = try Recipe.string(member)
      case "description": description = try Recipe.string(member)
      default: throw Recipe.unknownKey(member.name, path: "", valid: ["steps", "name", "description"])
      }
    }
    guard let steps else { throw Failure(.recipe, "steps: is missing; a recipe is {\"steps\": [{\"method\": …}, …]}") }
    self.steps = steps
    self.json = json
  }

  private static func string(_ member: JSONValue.Member) throws -> String {
    guard let string = member.value.string else {
      throw Failure(.recipe, "\(member.name): must be a string, not \(member.value.kind)")
    }
    return string
  }

  private static func steps(_ json: JSONValue) throws -> [Step] {
    guard let list = json.array else { throw Failure(.recipe, "steps: must be a list, not \(json.kind)") }
    guard !list.isEmpty, list.count <= maximumSteps else {
      throw Failure(.recipe, "steps: must have 1 to \(maximumSteps) entries, not \(list.count)")
    }
    return try list.enumerated().map { try step($1, path: "steps[\($0)]") }
  }

  private static func step(_ json: JSONValue, path: String) throws -> Step {
    guard case .object(let members) = json else {
      throw Failure(.recipe, "\(path): must be an object {\"method\": …}, not \(json.kind)")
    }
    guard let methodValue = json["method"] else {
      throw Failure(.recipe, "\(path).method: is missing; the methods are \(MethodRegistry.names.joined(separator: ", "))")
    }
    guard let methodName = methodValue.string else {
      throw Failure(.recipe, "\(path).method: must be a string, not \(methodValue.kind)")
    }
    guard let method = MethodRegistry.method(named: methodName) else {
      let near = NearestName.to(methodName, among: MethodRegistry.names).map { "; did you mean \"\($0)\"?" } ?? "."
      throw Failure(
        .recipe,
        "\(path).method: there is no method \"\(methodName)\"\(near) The methods are \(MethodRegistry.names.joined(separator: ", "))")
    }
    var layers = method.defaultLayers
    var values: [String: JSONValue] = [:]
    for member in members where member.name != "method" {
      if member.name == "layers" {
        layers = try LayerSelector(member.value, path: "\(path).layers")
      } else if let option = method.options.first(where: { $0.key == member.name }) {
        values[option.key] = try option.decode(member.value, path: "\(path).\(member.name)")
      } else {
        throw unknownKey(member.name, path: path, valid: ["method", "layers"] + method.options.map(\.key))
      }
    }
    for option in method.options where values[option.key] == nil {
      guard let fallback = option.fallback else {
        throw Failure(.recipe, "\(path).\(option.key): is missing; \(methodName) needs \(option.accepts) (\(option.summary))")
      }
      values[option.key] = fallback
    }
    return Step(method: method, options: Options(values: values), layers: layers, path: path)
  }

  static func unknownKey(_ key: String, path: String, valid: [String]) -> Failure {
    let near = NearestName.to(key, among: valid).map { "; did you mean \"\($0)\"?" } ?? "."
    return Failure(
      .recipe, "\(path.isEmpty ? "" : path + ".")\(key): unknown key\(near) The keys here are \(valid.joined(separator: ", "))")
  }
}
