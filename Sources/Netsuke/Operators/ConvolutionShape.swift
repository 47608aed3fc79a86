import KernelContract
import Tensors

/// The extents of a two-dimensional convolution, checked.
package struct ConvolutionShape: Sendable {
  package var inChannels = 0, outChannels = 0, groups = 1
  package var kernelHeight = 1, kernelWidth = 1
  package var strideY = 1, strideX = 1
  package var dilationY = 1, dilationX = 1
  package var padTop = 0, padLeft = 0, padBottom = 0, padRight = 0
  /// Whether x is [batch][height][width][channels] rather than [batch][channels][height][width], and whether y is.
  package var inputIsNHWC = false
  package var outputIsNHWC = false
  /// Whether both are.
  package var isNHWC: Bool {
    get { inputIsNHWC && outputIsNHWC }
    set { (inputIsNHWC, outputIsNHWC) = (newValue, newValue) }
  }

  package init() {}

  var taps: Int { kernelHeight * kernelWidth }
  var groupInChannels: Int { inChannels / groups }
  var groupOutChannels: Int { outChannels / groups }
  /// Products of one output element.
  var depth: Int { groupInChannels * taps }
  var weightCount: Int { outChannels * depth }
  var isDepthwise: Bool { groups > 1 && groups == inChannels && groups == outChannels }
  var isPointwise: Bool {
    taps == 1 && strideY == 1 && strideX == 1 && padTop == 0 && padLeft == 0 && padBottom == 0 && padRight == 0
  }

  /// Far above anything real, and low enough that sums and products of two never overflow.
  static let limit = 1 << 28

  /// - Throws: `invalidArgument` naming the extent that cannot be.
  func validate() throws {
    let positive: [(String, Int)] = [
      ("in_channels", inChannels), ("out_channels", outChannels), ("groups", groups), ("kernel_h", kernelHeight), ("kernel_w", kernelWidth),
      ("stride_h", strideY), ("stride_w", strideX), ("dilation_h", dilationY), ("dilation_w", dilationX),
    ]
    for (name, value) in positive where !(1...ConvolutionShape.limit).contains(value) {
      throw Failure(.invalidArgument, "\(name) must be 1 to \(ConvolutionShape.limit), not \(value)")
    }
    let pads: [(String, Int)] = [("pad_top", padTop), ("pad_left", padLeft), ("pad_bottom", padBottom), ("pad_right", padRight)]
    for (name, value) in pads where !(0...ConvolutionShape.limit).contains(value) {
      throw Failure(.invalidArgument, "\(name) must be 0 to \(ConvolutionShape.limit), not \(value)")
    }
    guard inChannels % groups == 0, outChannels % groups == 0 else {
      throw Failure(.invalidArgument, "groups (\(groups)) must divide in_channels (\(inChannels)) and out_channels (\(outChannels))")
    }
    _ = try Tensor.checkedByteCount(.f32, [outChannels, groupInChannels, kernelHeight, kernelWidth])
  }

  /// Height and width of the result.
  /// - Throws: `shapeMismatch` where the kernel does not fit.
  package func outputSize(height: Int, width: Int) throws -> (height: Int, width: Int) {
    func extent(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ pads: Int, _ name: String) throws -> Int {
      guard (1...ConvolutionShape.limit).contains(input) else {
        throw Failure(.shapeMismatch, "the \(name) must be 1 to \(ConvolutionShape.limit), not \(input)")
      }
      let room = input + pads - dilation * (kernel - 1) - 1
      guard room >= 0 else { throw Failure(.shapeMismatch, "the kernel does not fit the padded \(name) of \(input + pads)") }
      return room / stride + 1
    }
    return (
      try extent(height, kernelHeight, strideY, dilationY, padTop + padBottom, "height"),
      try extent(width, kernelWidth, strideX, dilationX, padLeft + padRight, "width")
    )
  }

  /// The kernels' view of one call, pixels `channels` apart.
  func geometry(batch: Int, height: Int, width: Int, output: (height: Int, width: Int)) -> Geometry {
    var geometry = Geometry(
      batch: batch, inputHeight: height, inputWidth: width, inputPixelStride: inChannels, outputHeight: output.height,
      outputWidth: output.width, outputPixelStride: outChannels)
    geometry.kernelHeight = kernelHeight
    geometry.kernelWidth = kernelWidth
    geometry.strideY = strideY
    geometry.strideX = strideX
    geometry.dilationY = dilationY
    geometry.dilationX = dilationX
    geometry.padTop = padTop
    geometry.padLeft = padLeft
    geometry.padBottom = padBottom
    geometry.padRight = padRight
    return geometry
  }
}
