/// One extent of a shape: a number, or a multiple of a named unknown such as the batch.
package enum Dim: Hashable, Sendable {
  case fixed(Int)
  /// `coefficient` · symbol, with a coefficient of at least 1.
  case symbolic(coefficient: Int, symbol: String)

  package static func symbol(_ name: String) -> Dim { .symbolic(coefficient: 1, symbol: name) }

  /// The number, where it is known.
  package var value: Int? { if case .fixed(let value) = self { value } else { nil } }

  /// The product, where it is a multiple of at most one symbol.
  package static func * (left: Dim, right: Dim) -> Dim? {
    switch (left, right) {
    case (.fixed(let a), .fixed(let b)):
      let (product, overflow) = a.multipliedReportingOverflow(by: b)
      return overflow ? nil : .fixed(product)
    case (.fixed(let factor), .symbolic(let coefficient, let symbol)), (.symbolic(let coefficient, let symbol), .fixed(let factor)):
      if factor == 0 { return .fixed(0) }
      let (product, overflow) = coefficient.multipliedReportingOverflow(by: factor)
      return overflow || product < 1 ? nil : .symbolic(coefficient: product, symbol: symbol)
    default: return nil
    }
  }

  /// The quotient, where it is exact for every value of the symbol.
  package func divided(exactlyBy divisor: Dim) -> Dim? {
    switch (self, divisor) {
    case (.fixed(let a), .fixed(let b)):
      // The one quotient that overflows, Int.min / −1, reports it.
      b != 0 && !a.dividedReportingOverflow(by: b).overflow && a % b == 0 ? .fixed(a / b) : nil
    case (.symbolic(let coefficient, let symbol), .fixed(let b)):
      b > 0 && coefficient % b == 0 ? .symbolic(coefficient: coefficient / b, symbol: symbol) : nil
    case (.symbolic(let a, let left), .symbolic(let b, let right)):
      left == right && a % b == 0 ? .fixed(a / b) : nil
    default: nil
    }
  }
}

extension Dim: CustomStringConvertible {
  /// `7`, `N`, or `4*N`.
  package var description: String {
    switch self {
    case .fixed(let value): "\(value)"
    case .symbolic(1, let symbol): symbol
    case .symbolic(let coefficient, let symbol): "\(coefficient)*\(symbol)"
    }
  }
}

extension Dim: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self = .fixed(value) }
}

extension [Dim] {
  /// All extents as numbers, or nil while one is symbolic.
  package var fixed: [Int]? {
    var result: [Int] = []
    for dim in self {
      guard let value = dim.value else { return nil }
      result.append(value)
    }
    return result
  }
}
