import Graph
import Tensors

extension ReferenceOperator {
  /// The two spatial axes by nearest neighbours or lines between two; see `Resampling`.
  static let resize = ReferenceOperator(.resize) { call in
    let resampling = try Resampling(call.context)
    let (from, to) = (try call.input(0).shape, call.shape())
    let x = try call.input(0).doubles()
    let lines = resampling.taps(axis: 0, input: from[2], output: to[2])
    let columns = resampling.taps(axis: 1, input: from[3], output: to[3])
    var output: [Double] = []
    output.reserveCapacity(to.reduce(1, *))
    for plane in 0..<from[0] * from[1] {
      func pixel(_ line: Int, _ column: Int) -> Double { x[(plane * from[2] + line) * from[3] + column] }
      func between(_ a: Double, _ b: Double, _ weight: Float) -> Double {
        resampling.isNearest ? a : (1 - Double(weight)) * a + Double(weight) * b
      }
      for line in lines {
        for column in columns {
          let above = between(pixel(line.first, column.first), pixel(line.first, column.second), column.weight)
          let below = between(pixel(line.second, column.first), pixel(line.second, column.second), column.weight)
          output.append(between(above, below, line.weight))
        }
      }
    }
    return try call.rounded(output)
  }
}
