import Tensors

/// One option of an architecture: its key, what it may be, and what it is when left out. All values are numbers.
package struct ArchitectureOption: Sendable {
  package enum Kind: Sendable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// One of these numbers.
    case choice([Double])
  }

  package let key: String
  package let kind: Kind
  package let fallback: Double
  package let summary: String

  /// What it may be, in the words of a message.
  package var accepts: String {
    switch kind {
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
    case .choice(let values): "one of " + values.map(ArchitectureOption.text).joined(separator: ", ")
    }
  }

  /// - Throws: `invalidArgument` for a value that the option may not have, NaN among them.
  func check(_ value: Double, of architecture: String) throws {
    let fits =
      switch kind {
      case .integer(let range): Int(exactly: value).map(range.contains) ?? false
      case .number(let range): range.contains(value)
      case .choice(let values): values.contains(value)
      }
    guard fits else {
      throw Failure(.invalidArgument, "\(architecture): '\(key)' must be \(accepts), not \(ArchitectureOption.text(value))")
    }
  }

  /// A whole number without its ".0".
  private static func text(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
}

extension ArchitectureOption {
  static func classes(_ fallback: Int) -> ArchitectureOption {
    ArchitectureOption(key: "classes", kind: .integer(1...1_000_000), fallback: Double(fallback), summary: "how many outputs there are")
  }

  /// Up to 2⁵³ − 1, the largest whole number that JSON carries everywhere.
  static let seed = ArchitectureOption(
    key: "seed", kind: .integer(0...(1 << 53) - 1), fallback: 0, summary: "of the random weights: the same seed gives the same bits")

  static func resolution(_ fallback: Int, atLeast low: Int) -> ArchitectureOption {
    ArchitectureOption(
      key: "resolution", kind: .integer(low...2048), fallback: Double(fallback), summary: "height and width of the input, in pixels")
  }

  static func channels(_ fallback: Int) -> ArchitectureOption {
    ArchitectureOption(key: "channels", kind: .integer(1...1024), fallback: Double(fallback), summary: "channels of the input")
  }

  static let width = ArchitectureOption(
    key: "width", kind: .number(0.05...8), fallback: 1, summary: "factor on the channels of every layer")

  static func groups(_ choices: [Double], default fallback: Double, _ summary: String) -> ArchitectureOption {
    ArchitectureOption(key: "groups", kind: .choice(choices), fallback: fallback, summary: summary)
  }
}
