import Graph
import Tensors

/// The `"layers"` of a step: which layers it is for.
///
/// A pattern is a role ("depthwise"), an operator ("Conv") or a name with `*` for any run of characters and `?` for one. A layer is
/// selected when a pattern of `include` fits (or there is no `include`) and none of `exclude` does.
package struct LayerSelector: Sendable, Equatable {
  package var include: [String]?
  package var exclude: [String]

  package init(include: [String]? = nil, exclude: [String] = []) {
    self.include = include
    self.exclude = exclude
  }

  /// From `"pattern"`, a list of patterns, or `{"include": …, "exclude": …}`.
  init(_ json: JSONValue, path: String) throws {
    switch json {
    case .string, .array: self.init(include: try LayerSelector.patterns(json, path))
    case .object(let members):
      self.init()
      for member in members {
        switch member.name {
        case "include": include = try LayerSelector.patterns(member.value, "\(path).include")
        case "exclude": exclude = try LayerSelector.patterns(member.value, "\(path).exclude")
        default: throw Recipe.unknownKey(member.name, path: path, valid: ["include", "exclude"])
        }
      }
    default:
      throw Failure(.recipe, "\(path): must be a pattern, a list of patterns or {\"include\": …, \"exclude\": …}, not \(json.kind)")
    }
  }

  private static func patterns(_ json: JSONValue, _ path: String) throws -> [String] {
    let list = json.array ?? [json]
    guard !list.isEmpty, list.count <= 1000 else { throw Failure(.recipe, "\(path): must have 1 to 1000 patterns, not \(list.count)") }
    return try list.enumerated().map { index, item in
      guard let pattern = item.string, !pattern.isEmpty, pattern.utf8.count <= 1000 else {
        throw Failure(.recipe, "\(path)[\(index)]: must be a pattern of 1 to 1000 bytes, not \(item.kind)")
      }
      return pattern
    }
  }

  /// The selected ones of `layers`.
  /// - Throws: `recipe` where a name pattern fits no layer, or no layer is selected.
  func select(from layers: [Layer], path: String) throws -> [Layer] {
    for (key, patterns) in [("include", include ?? []), ("exclude", exclude)] {
      for (index, pattern) in patterns.enumerated() where LayerSelector.isName(pattern) {
        guard !layers.contains(where: { LayerSelector.fits(pattern, $0) }) else { continue }
        let near = NearestName.to(pattern, among: LayerRole.allCases.map(\.rawValue) + ["Conv", "Gemm", "MatMul"] + layers.map(\.name))
        throw Failure(
          .recipe,
          "\(path).\(key)[\(index)]: \"\(pattern)\" fits no layer"
            + (near.map { "; did you mean \"\($0)\"?" } ?? ".") + " The layers are \(LayerSelector.list(layers)); "
            + "the roles are \(LayerRole.allCases.map(\.rawValue).joined(separator: ", "))")
      }
    }
    let selected = layers.filter { layer in
      (include?.contains { LayerSelector.fits($0, layer) } ?? true) && !exclude.contains { LayerSelector.fits($0, layer) }
    }
    guard !selected.isEmpty else {
      throw Failure(.recipe, "\(path): selects none of the \(layers.count) layers (\(LayerSelector.list(layers)))")
    }
    return selected
  }

  private static func list(_ layers: [Layer]) -> String {
    let names = layers.prefix(20).map(\.name).joined(separator: ", ")
    return layers.isEmpty ? "none: the model has no Conv, Gemm or MatMul with constant weights" : names + (layers.count > 20 ? ", …" : "")
  }

  private static func isName(_ pattern: String) -> Bool { LayerRole(rawValue: pattern) == nil && Operator(rawValue: pattern) == nil }

  static func fits(_ pattern: String, _ layer: Layer) -> Bool {
    if let role = LayerRole(rawValue: pattern), layer.roles.contains(role) { return true }
    return pattern == layer.op.rawValue || glob(Array(pattern.utf8), Array(layer.name.utf8))
  }

  /// Whether `name` fits `pattern`; time at most the product of their lengths.
  static func glob(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
    let any = UInt8(ascii: "*"), one = UInt8(ascii: "?")
    var p = 0, n = 0
    // Where to go on when the last star has to take one more character.
    var retry: (p: Int, n: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == any {
        retry = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == one || pattern[p] == name[n] {
        (p, n) = (p + 1, n + 1)
      } else if let last = retry {
        (p, n) = (last.p + 1, last.n + 1)
        retry = (last.p, last.n + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == any }
  }
}
