extension Dim {
  /// An extent that no multiple of one symbol expresses: a symbol of its own, named by the formula it stands for, so that equal
  /// formulas give equal extents. Long formulas are named by their hash.
  package static func derived(_ formula: String) -> Dim {
    if formula.utf8.count <= 80 { return .symbol(formula) }
    // FNV-1a, which is the same in every process, unlike Swift's own hash.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in formula.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return .symbol("dim#" + String(hash, radix: 16))
  }

  /// left + right; nil on overflow.
  package static func sum(_ left: Dim, _ right: Dim) -> Dim? {
    switch (left, right) {
    case (.fixed(let a), .fixed(let b)):
      let (sum, overflow) = a.addingReportingOverflow(b)
      return overflow ? nil : .fixed(sum)
    case (.fixed(0), let other), (let other, .fixed(0)): return other
    case (.symbolic(let a, let one), .symbolic(let b, let other)) where one == other:
      let (sum, overflow) = a.addingReportingOverflow(b)
      return overflow ? nil : .symbolic(coefficient: sum, symbol: one)
    default:
      let (first, second) = left.description < right.description ? (left, right) : (right, left)
      return .derived("(\(first)+\(second))")
    }
  }

  /// left − right; nil on overflow.
  package static func difference(_ left: Dim, _ right: Dim) -> Dim? {
    switch (left, right) {
    case (.fixed(let a), .fixed(let b)):
      let (difference, overflow) = a.subtractingReportingOverflow(b)
      return overflow ? nil : .fixed(difference)
    case (_, .fixed(0)): return left
    case (.symbolic(let a, let one), .symbolic(let b, let other)) where one == other && a >= b:
      return a == b ? .fixed(0) : .symbolic(coefficient: a - b, symbol: one)
    default: return .derived("(\(left)-\(right))")
    }
  }

  /// left · right; nil on overflow.
  package static func product(_ left: Dim, _ right: Dim) -> Dim? {
    if let product = left * right { return product }
    if left.value != nil && right.value != nil { return nil }
    if case .fixed(1) = left { return right }
    if case .fixed(1) = right { return left }
    let (first, second) = left.description < right.description ? (left, right) : (right, left)
    return .derived("(\(first)*\(second))")
  }

  /// left / right rounded towards zero, as integer Div does; nil for a division by zero or an overflow.
  package static func quotient(_ left: Dim, _ right: Dim) -> Dim? {
    if case .fixed(0) = right { return nil }
    if let exact = left.divided(exactlyBy: right) { return exact }
    if case (.fixed(let a), .fixed(let b)) = (left, right) {
      let (quotient, overflow) = a.dividedReportingOverflow(by: b)
      return overflow ? nil : .fixed(quotient)
    }
    return .derived("(\(left)/\(right))")
  }
}

/// The product of extents: a number times the symbols that occur in it. What Reshape needs to resolve its −1.
struct ExtentProduct {
  var coefficient = 1
  var symbols: [String] = []
  /// One extent is zero, so the product is.
  var isZero: Bool { coefficient == 0 }

  /// Nil where the number overflows.
  init?(_ dims: [Dim]) {
    for dim in dims {
      let factor: Int
      switch dim {
      case .fixed(let value): factor = value
      case .symbolic(let value, let symbol):
        factor = value
        symbols.append(symbol)
      }
      let (product, overflow) = coefficient.multipliedReportingOverflow(by: factor)
      if overflow { return nil }
      coefficient = product
    }
    symbols.sort()
  }

  /// The quotient where every symbol of `other` cancels and the numbers divide; nil otherwise.
  func divided(by other: ExtentProduct) -> Dim? {
    guard other.coefficient > 0, coefficient % other.coefficient == 0 else { return nil }
    var rest = symbols
    for symbol in other.symbols {
      guard let position = rest.firstIndex(of: symbol) else { return nil }
      rest.remove(at: position)
    }
    var result: Dim = .fixed(coefficient / other.coefficient)
    for symbol in rest {
      guard let product = Dim.product(result, .symbol(symbol)) else { return nil }
      result = product
    }
    return result
  }
}
