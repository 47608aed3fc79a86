import Graph
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ReferenceOperator {
  /// exp(x − max) / Σ exp(x − max) along one axis.
  static let softmax = ReferenceOperator(.softmax) { call in
    let shape = call.shape()
    let axis = try call.context.axis(default: -1, rank: shape.count)
    let (extent, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    var elements = try call.input(0).doubles()
    guard !elements.isEmpty else { return try call.rounded(elements) }
    for outer in 0..<shape[..<axis].reduce(1, *) {
      for column in 0..<inner {
        let places = (0..<extent).map { (outer * extent + $0) * inner + column }
        let largest = places.reduce(-Double.infinity) { max($0, elements[$1]) }
        var sum = 0.0
        for place in places {
          elements[place] = exp(elements[place] - largest)
          sum += elements[place]
        }
        for place in places { elements[place] /= sum }
      }
    }
    return try call.rounded(elements)
  }
}
