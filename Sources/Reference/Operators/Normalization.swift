import Graph
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ReferenceOperator {
  /// (x − mean) / √(variance + epsilon) · scale + bias, by channel.
  static let batchNormalization = ReferenceOperator(.batchNormalization) { call in
    let epsilon = Double(try call.node.attributes.float("epsilon", default: 1e-5))
    let (scale, bias) = (try call.input(1).doubles(), try call.input(2).doubles())
    let (mean, variance) = (try call.input(3).doubles(), try call.input(4).doubles())
    let shape = call.shape()
    let plane = shape.dropFirst(2).reduce(1, *)
    var elements = try call.input(0).doubles()
    for index in elements.indices {
      let channel = index / plane % shape[1]
      elements[index] = (elements[index] - mean[channel]) / (variance[channel] + epsilon).squareRoot() * scale[channel] + bias[channel]
    }
    return try call.rounded(elements)
  }

  /// x / (bias + alpha / size · Σ x²)^beta over `size` neighbouring channels (Krizhevsky et al. 2012, section 3.3).
  static let lrn = ReferenceOperator(.lrn) { call in
    let attributes = call.node.attributes
    let size = try attributes.int("size", default: 1)
    let alpha = Double(try attributes.float("alpha", default: 0.0001))
    let beta = Double(try attributes.float("beta", default: 0.75))
    let bias = Double(try attributes.float("bias", default: 1))
    let shape = call.shape()
    let (channels, plane) = (shape[1], shape.dropFirst(2).reduce(1, *))
    let x = try call.input(0).doubles()
    let output = x.indices.map { index in
      let channel = index / plane % channels
      let first = max(0, channel - (size - 1) / 2)
      let last = min(channels - 1, channel + size / 2)
      var sum = 0.0
      for neighbour in first...last {
        let value = x[index + (neighbour - channel) * plane]
        sum += value * value
      }
      return x[index] / pow(bias + alpha / Double(size) * sum, beta)
    }
    return try call.rounded(output)
  }
}
