import Graph
import Tensors

extension ReferenceOperator {
  /// Tile by tile: in, products at each point, out; see `WinogradTile`.
  static let winogradConv = ReferenceOperator(.winogradConv) { call in
    let (x, u) = (try call.input(0), try call.input(1))
    let tile = try WinogradTile(call.node.attributes)
    let axes = try WindowAttributes(call.node.attributes, kernel: [3, 3]).axes(over: Array(x.shape.dropFirst(2)))
    let (vertical, horizontal) = (axes[0], axes[1])
    let activation = try Activation(call.node.attributes)
    let (inputs, weights, bias) = (x.doubles(), u.doubles(), call.optional(2)?.doubles())
    let (channels, filters, side, points) = (x.shape[1], u.shape[0], tile.side, tile.points)
    let (inPlane, outPlane) = (vertical.input * horizontal.input, vertical.output * horizontal.output)
    let (spread, gather) = (tile.inputMatrix, tile.outputMatrix)
    var output = [Double](repeating: 0, count: call.shape().reduce(1, *))
    guard !output.isEmpty else { return try call.rounded(output) }
    var seen = [Double](repeating: 0, count: points)
    var transformed = [Double](repeating: 0, count: channels * points)
    for image in 0..<x.shape[0] {
      for top in stride(from: 0, to: vertical.output, by: tile.tile) {
        for left in stride(from: 0, to: horizontal.output, by: tile.tile) {
          for channel in 0..<channels {
            let plane = (image * channels + channel) * inPlane
            for i in 0..<side {
              for j in 0..<side {
                let (row, column) = (top - vertical.padBegin + i, left - horizontal.padBegin + j)
                let isInside = row >= 0 && row < vertical.input && column >= 0 && column < horizontal.input
                seen[i * side + j] = isInside ? inputs[plane + row * horizontal.input + column] : 0
              }
            }
            let spreadOut = product(spread, seen, rows: side, side: side)
            for point in 0..<points { transformed[channel * points + point] = spreadOut[point] }
          }
          for filter in 0..<filters {
            var sums = [Double](repeating: 0, count: points)
            for channel in 0..<channels {
              let from = (filter * channels + channel) * points
              // A coefficient that is not there hides what is not a number, as in the kernels.
              for point in 0..<points where weights[from + point] != 0 {
                sums[point] += weights[from + point] * transformed[channel * points + point]
              }
            }
            let made = product(gather, sums, rows: tile.tile, side: side)
            for y in 0..<min(tile.tile, vertical.output - top) {
              for x in 0..<min(tile.tile, horizontal.output - left) {
                let value = made[y * tile.tile + x] + (bias?[filter] ?? 0)
                output[(image * filters + filter) * outPlane + (top + y) * horizontal.output + left + x] = activation.apply(value)
              }
            }
          }
        }
      }
    }
    return try call.rounded(output)
  }

  /// M·d·Mᵀ of a matrix of `rows` × `side` and a square one.
  private static func product(_ matrix: [Double], _ square: [Double], rows: Int, side: Int) -> [Double] {
    var half = [Double](repeating: 0, count: rows * side)
    for i in 0..<rows {
      for j in 0..<side { for k in 0..<side { half[i * side + j] += matrix[i * side + k] * square[k * side + j] } }
    }
    var result = [Double](repeating: 0, count: rows * rows)
    for i in 0..<rows {
      for j in 0..<rows { for k in 0..<side { result[i * rows + j] += half[i * side + k] * matrix[j * side + k] } }
    }
    return result
  }
}
