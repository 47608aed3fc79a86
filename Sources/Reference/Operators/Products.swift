import Graph
import Tensors

extension ReferenceOperator {
  /// alpha · op(A) · op(B) + beta · C, then the activation.
  static let gemm = ReferenceOperator(.gemm) { call in
    let attributes = call.node.attributes
    let (alpha, beta) = (Double(try attributes.float("alpha", default: 1)), Double(try attributes.float("beta", default: 1)))
    let shape = call.shape()
    let (a, b) = (try call.input(0), try call.input(1))
    let left = try call.context.flag("transA") ? transposed(a) : a.doubles()
    let right = try call.context.flag("transB") ? transposed(b) : b.doubles()
    let depth = try call.context.flag("transA") ? a.shape[0] : a.shape[1]
    var output = product(left[...], right[...], rows: shape[0], depth: depth, columns: shape[1])
    let addend = call.optional(2)
    let c = addend?.doubles()
    let places = addend.map { Offsets.walk(shape, strides: Broadcasting.strides($0.shape, to: shape)) }
    for index in output.indices {
      output[index] *= alpha
      if let c, let places { output[index] += beta * c[places[index]] }
    }
    try Activation(attributes).apply(to: &output)
    return try call.rounded(output)
  }

  /// NumPy's matmul.
  static let matMul = ReferenceOperator(.matMul) { call in
    let (a, b) = (try call.input(0), try call.input(1))
    let aShape = a.shape.count == 1 ? [1] + a.shape : a.shape
    let bShape = b.shape.count == 1 ? b.shape + [1] : b.shape
    let (rows, depth, columns) = (aShape[aShape.count - 2], aShape[aShape.count - 1], bShape[bShape.count - 1])
    let batch = Broadcasting.shape(Array(aShape.dropLast(2)), Array(bShape.dropLast(2))) ?? []
    let lefts = Offsets.walk(batch, strides: Broadcasting.strides(Array(aShape.dropLast(2)), to: batch))
    let rights = Offsets.walk(batch, strides: Broadcasting.strides(Array(bShape.dropLast(2)), to: batch))
    let (left, right) = (a.doubles(), b.doubles())
    var output: [Double] = []
    for (one, other) in zip(lefts, rights) {
      output += product(
        left[(one * rows * depth)..<((one + 1) * rows * depth)], right[(other * depth * columns)..<((other + 1) * depth * columns)],
        rows: rows, depth: depth, columns: columns)
    }
    return try call.rounded(output)
  }

  private static func transposed(_ tensor: Tensor) -> [Double] {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    let elements = tensor.doubles()
    return Offsets.walk([columns, rows], strides: [1, columns]).map { elements[$0] }
  }

  /// The row-major product of a rows × depth and a depth × columns matrix.
  private static func product(
    _ left: ArraySlice<Double>, _ right: ArraySlice<Double>, rows: Int, depth: Int, columns: Int
  ) -> [Double] {
    var output = [Double](repeating: 0, count: rows * columns)
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        output.withUnsafeMutableBufferPointer { output in
          guard let left = left.baseAddress, let right = right.baseAddress, let output = output.baseAddress else { return }
          for row in 0..<rows {
            let sums = output + row * columns
            for step in 0..<depth {
              let (factor, line) = (left[row * depth + step], right + step * columns)
              for column in 0..<columns { sums[column] += factor * line[column] }
            }
          }
        }
      }
    }
    return output
  }
}
