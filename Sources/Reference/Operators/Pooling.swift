import Graph
import Tensors

extension ReferenceOperator {
  /// The largest element of each window; padding never wins, and NaN does.
  static let maxPool = ReferenceOperator(.maxPool) { call in
    try pool(call) { plane, rows, columns, _ in
      var best = -Double.infinity
      for row in rows { for column in columns { best = larger(best, plane[row + column]) } }
      return best
    }
  }

  /// The mean of each window: over the elements of the input, or of the padded input with count_include_pad.
  static let averagePool = ReferenceOperator(.averagePool) { call in
    let countsPadding = try call.context.flag("count_include_pad")
    return try pool(call) { plane, rows, columns, padded in
      var sum = 0.0
      for row in rows { for column in columns { sum += plane[row + column] } }
      let count = countsPadding ? padded : rows.count * columns.count
      return count == 0 ? 0 : sum / Double(count)
    }
  }

  static let globalMaxPool = ReferenceOperator(.globalMaxPool) { call in
    try globalPool(call) { $0.reduce(-Double.infinity, larger) }
  }

  static let globalAveragePool = ReferenceOperator(.globalAveragePool) { call in
    try globalPool(call) { $0.reduce(0, +) / Double($0.count) }
  }

  private static func larger(_ a: Double, _ b: Double) -> Double { b > a || b.isNaN ? b : a }

  /// Calls `reduce` for each window with its plane, the offsets of its rows and columns that fall on the input, and how many
  /// elements it has on the padded input.
  private static func pool(_ call: Call, _ reduce: (ArraySlice<Double>, [Int], [Int], Int) -> Double) throws -> [Tensor] {
    let x = try call.input(0)
    let kernel = try call.node.attributes.ints("kernel_shape") ?? []
    let axes = try WindowAttributes(call.node.attributes, kernel: kernel).axes(over: Array(x.shape.dropFirst(2)))
    let geometry = WindowGeometry(axes: axes)
    let (vertical, horizontal) = (geometry.vertical, geometry.horizontal)
    func places(_ axis: WindowGeometry.Axis, step: Int) -> [[Int]] {
      (0..<axis.output).map { position in axis.taps(position).map { (axis.start(position) + $0 * axis.dilation) * step } }
    }
    let (rows, columns) = (places(vertical, step: horizontal.input), places(horizontal, step: 1))
    let elements = x.doubles()
    let plane = vertical.input * horizontal.input
    var output: [Double] = []
    for index in 0..<x.shape[0] * x.shape[1] {
      let slice = elements[(index * plane)..<((index + 1) * plane)]
      for y in 0..<vertical.output {
        let base = rows[y].map { $0 + index * plane }
        for x in 0..<horizontal.output {
          output.append(reduce(slice, base, columns[x], vertical.paddedTaps(y).count * horizontal.paddedTaps(x).count))
        }
      }
    }
    return try call.rounded(output)
  }

  private static func globalPool(_ call: Call, _ reduce: (ArraySlice<Double>) -> Double) throws -> [Tensor] {
    let x = try call.input(0)
    let plane = x.shape.dropFirst(2).reduce(1, *)
    let elements = x.doubles()
    return try call.rounded((0..<x.shape[0] * x.shape[1]).map { reduce(elements[($0 * plane)..<(($0 + 1) * plane)]) })
  }

  static let reduceMean = ReferenceOperator(.reduceMean) { call in
    let x = try call.input(0)
    guard let axes = try call.context.reducedAxes() else { return [x] }
    let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
    let targets = Offsets.walk(x.shape, strides: Broadcasting.strides(kept, to: x.shape))
    var sums = [Double](repeating: 0, count: kept.reduce(1, *))
    for (element, target) in zip(x.doubles(), targets) { sums[target] += element }
    let count = Double(axes.reduce(1) { $0 * x.shape[$1] })
    return try call.rounded(sums.map { $0 / count })
  }
}
