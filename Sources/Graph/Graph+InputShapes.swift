import Tensors

extension Graph {
  /// Holds one list of extents for each input against what the graph states, one symbol standing for one number.
  /// - Returns: the number of each symbol.
  /// - Throws: `invalidArgument` for a wrong count of shapes, `shapeMismatch` naming the first input that does not fit.
  @discardableResult
  package func bindSymbols(_ shapes: [[Int]]) throws -> [String: Int] {
    guard shapes.count == inputs.count else {
      throw Failure(.invalidArgument, "the model has \(inputs.count) inputs, \(shapes.count) were given")
    }
    var symbols: [String: Int] = [:]
    for (id, extents) in zip(inputs, shapes) {
      guard let type = self[id].type else { continue }
      var fits = extents.allSatisfy { $0 >= 0 } && (type.shape.map { $0.count == extents.count } ?? true)
      for (dim, extent) in zip(type.shape ?? [], extents) {
        switch dim {
        case .fixed(let value): fits = fits && value == extent
        case .symbolic(let coefficient, let symbol):
          let value = symbols[symbol] ?? extent / max(coefficient, 1)
          symbols[symbol] = value
          fits = fits && value.multipliedReportingOverflow(by: coefficient) == (extent, false)
        }
      }
      guard fits else { throw Failure(.shapeMismatch, "the input '\(self[id].name)' is \(type), not \(extents)") }
    }
    return symbols
  }
}
