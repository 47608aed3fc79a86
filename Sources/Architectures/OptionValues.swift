import Tensors

/// The options of one network: checked values, by key, defaults filled in.
struct OptionValues {
  private var values: [String: Double] = [:]

  /// - Throws: `invalidArgument` for a key that the architecture does not have, a key given twice, or a value out of range.
  init(_ given: [(key: String, value: Double)], of name: String, _ options: [ArchitectureOption]) throws {
    for (key, value) in given {
      guard let option = options.first(where: { $0.key == key }) else {
        throw Failure(
          .invalidArgument, "\(name) has no option '\(key.prefix(80))'; it has \(options.map(\.key).joined(separator: ", "))")
      }
      try option.check(value, of: name)
      guard values.updateValue(value, forKey: key) == nil else { throw Failure(.invalidArgument, "\(name): '\(key)' is given twice") }
    }
    for option in options where values[option.key] == nil { values[option.key] = option.fallback }
  }

  var classes: Int { get throws { try int("classes") } }
  var seed: UInt64 { get throws { UInt64(clamping: try int("seed")) } }
  var resolution: Int { get throws { try int("resolution") } }
  var channels: Int { get throws { try int("channels") } }
  var groups: Int { get throws { try int("groups") } }
  var width: Double { get throws { try number("width") } }

  private func number(_ key: String) throws -> Double {
    guard let value = values[key] else { throw Failure(.internal, "a network reads the option '\(key)', which it does not declare") }
    return value
  }

  private func int(_ key: String) throws -> Int {
    guard let value = Int(exactly: try number(key)) else { throw Failure(.internal, "the option '\(key)' is no whole number") }
    return value
  }
}

/// `channels` scaled by `width` and rounded to a multiple of 8, never down by more than a tenth (Sandler et al. 2018).
func scaled(_ channels: Int, by width: Double) -> Int {
  let exact = Double(channels) * width
  let rounded = max(nearestMultiple(of: 8, to: exact), 8)
  return Double(rounded) < 0.9 * exact ? rounded + 8 : rounded
}

/// The multiple of `step` nearest to a bounded `value`, the larger of two.
func nearestMultiple(of step: Int, to value: Double) -> Int { Int((value / Double(step) + 0.5).rounded(.down)) * step }
