import Netsuke
import TestSupport

/// A convolution by its definition, in double precision: the oracle of the operators.
struct DirectConvolution {
  struct Sum {
    var value = 0.0
    /// Of the magnitudes of the products.
    var magnitude = 0.0
    var channel = 0
  }

  var shape: ConvolutionShape
  var weights: [Float]
  var bias: [Float]

  init(_ shape: ConvolutionShape, random: inout Random, zeros: Double = 0) {
    self.shape = shape
    let count = shape.outChannels * (shape.inChannels / shape.groups) * shape.kernelHeight * shape.kernelWidth
    weights = (0..<count).map { _ in
      Double.random(in: 0..<1, using: &random) < zeros ? 0 : Float.random(in: -1...1, using: &random)
    }
    bias = (0..<shape.outChannels).map { _ in Float.random(in: -1...1, using: &random) }
  }

  /// Where an element of an image of `channels` channels lies in the shape's layout.
  func index(_ n: Int, _ c: Int, _ y: Int, _ x: Int, _ channels: Int, _ height: Int, _ width: Int) -> Int {
    shape.isNHWC ? ((n * height + y) * width + x) * channels + c : ((n * channels + c) * height + y) * width + x
  }

  /// For each output element the sum of products, without the bias, in the shape's layout.
  func sums(_ x: [Double], _ weights: [Double], batch: Int, height: Int, width: Int) throws -> [Sum] {
    let size = try shape.outputSize(height: height, width: width)
    let groupIn = shape.inChannels / shape.groups, groupOut = shape.outChannels / shape.groups
    var result = [Sum](repeating: Sum(), count: batch * shape.outChannels * size.height * size.width)
    for n in 0..<batch {
      for o in 0..<shape.outChannels {
        for row in 0..<size.height {
          for column in 0..<size.width {
            var sum = Sum(channel: o)
            for i in 0..<groupIn {
              for tap in 0..<shape.kernelHeight * shape.kernelWidth {
                let y = row * shape.strideY + tap / shape.kernelWidth * shape.dilationY - shape.padTop
                let across = column * shape.strideX + tap % shape.kernelWidth * shape.dilationX - shape.padLeft
                guard (0..<height).contains(y), (0..<width).contains(across) else { continue }
                let value = x[index(n, o / groupOut * groupIn + i, y, across, shape.inChannels, height, width)]
                let product = value * weights[(o * groupIn + i) * shape.kernelHeight * shape.kernelWidth + tap]
                sum.value += product
                sum.magnitude += product.magnitude
              }
            }
            result[index(n, o, row, column, shape.outChannels, size.height, size.width)] = sum
          }
        }
      }
    }
    return result
  }
}

/// The operators' cases: what is special about convolutions, with odd extents everywhere.
enum ConvolutionCase: String, CaseIterable, Sendable {
  case pointwise, spatial, strided, dilated, padded, depthwise, depthwiseStrided, grouped, onePixel, oneChannel

  var shape: ConvolutionShape {
    var shape = ConvolutionShape()
    (shape.inChannels, shape.outChannels) = (5, 19)
    switch self {
    case .pointwise: break
    case .spatial: (shape.kernelHeight, shape.kernelWidth) = (3, 2)
    case .strided: (shape.kernelHeight, shape.kernelWidth, shape.strideY, shape.strideX) = (3, 3, 2, 3)
    case .dilated: (shape.kernelHeight, shape.kernelWidth, shape.dilationY, shape.dilationX, shape.padTop) = (3, 2, 2, 3, 2)
    case .padded:
      (shape.kernelHeight, shape.kernelWidth) = (3, 3)
      (shape.padTop, shape.padLeft, shape.padBottom, shape.padRight) = (2, 1, 0, 2)
    case .depthwise:
      (shape.inChannels, shape.outChannels, shape.groups, shape.kernelHeight, shape.kernelWidth) = (21, 21, 21, 3, 3)
      (shape.padTop, shape.padLeft, shape.padBottom, shape.padRight) = (1, 1, 1, 1)
    case .depthwiseStrided:
      (shape.inChannels, shape.outChannels, shape.groups, shape.kernelHeight, shape.kernelWidth) = (8, 8, 8, 3, 3)
      (shape.padTop, shape.padLeft, shape.strideY, shape.strideX) = (1, 1, 2, 2)
    case .grouped:
      (shape.inChannels, shape.outChannels, shape.groups, shape.kernelHeight, shape.kernelWidth) = (6, 9, 3, 2, 2)
    case .onePixel: (shape.kernelHeight, shape.kernelWidth) = (7, 6)
    case .oneChannel: (shape.inChannels, shape.outChannels, shape.kernelHeight) = (1, 1, 2)
    }
    return shape
  }
}
