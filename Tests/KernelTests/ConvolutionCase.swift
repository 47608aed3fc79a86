import KernelContract

/// A convolution to try: extents, and where its windows lie.
struct ConvolutionCase: CustomStringConvertible {
  var geometry: Geometry
  var groups: Int
  var inChannels: Int
  var outChannels: Int
  var rowBlock: Int
  var panelBlock: Int

  var description: String {
    let g = geometry
    return
      "\(g.batch)×\(g.inputHeight)×\(g.inputWidth)→\(g.outputHeight)×\(g.outputWidth) k\(g.kernelHeight)×\(g.kernelWidth) "
      + "s\(g.strideY),\(g.strideX) d\(g.dilationY),\(g.dilationX) p\(g.padTop),\(g.padLeft) \(groups)×(\(inChannels)→\(outChannels)) "
      + "pixel \(g.inputPixelStride)→\(g.outputPixelStride) block \(rowBlock)×\(panelBlock)"
  }

  /// - Parameter channels: in and out, of one group.
  init(
    batch: Int = 1, size: (Int, Int), kernel: (Int, Int) = (1, 1), stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1),
    pads: (top: Int, left: Int, bottom: Int, right: Int) = (0, 0, 0, 0), groups: Int = 1, channels: (Int, Int), slack: (Int, Int) = (0, 0),
    rowBlock: Int = 24, panelBlock: Int = 2
  ) {
    func out(_ size: Int, _ pads: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
      max(0, (size + pads - dilation * (kernel - 1) - 1) / stride + 1)
    }
    geometry = Geometry(
      batch: batch, inputHeight: size.0, inputWidth: size.1, inputPixelStride: groups * channels.0 + slack.0,
      outputHeight: out(size.0, pads.top + pads.bottom, kernel.0, stride.0, dilation.0),
      outputWidth: out(size.1, pads.left + pads.right, kernel.1, stride.1, dilation.1), outputPixelStride: groups * channels.1 + slack.1)
    (geometry.kernelHeight, geometry.kernelWidth) = kernel
    (geometry.strideY, geometry.strideX) = stride
    (geometry.dilationY, geometry.dilationX) = dilation
    (geometry.padTop, geometry.padLeft, geometry.padBottom, geometry.padRight) = pads
    self.groups = groups
    (inChannels, outChannels) = channels
    self.rowBlock = rowBlock
    self.panelBlock = panelBlock
  }

  /// Any convolution whose output is not empty.
  static func random(_ numbers: inout Numbers, depthwise: Bool = false) -> ConvolutionCase {
    while true {
      let groups = depthwise ? numbers.pick([1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 35, 64]) : numbers.pick([1, 1, 1, 2, 3])
      let candidate = ConvolutionCase(
        batch: numbers.pick([1, 1, 2, 3]), size: (numbers.int(1...13), numbers.int(1...13)),
        kernel: numbers.pick([(1, 1), (3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 1), (2, 2), (7, 7)]),
        stride: (numbers.int(1...3), numbers.int(1...3)),
        dilation: numbers.pick([(1, 1), (1, 1), (2, 2), (1, 3)]),
        pads: (numbers.int(0...3), numbers.int(0...3), numbers.int(0...3), numbers.int(0...3)), groups: groups,
        channels: depthwise
          ? (1, 1) : (numbers.pick([1, 2, 3, 8, 17, 31, 32, 33, 40]), numbers.pick([1, 5, 8, 15, 16, 17, 33, 35, 64, 70])),
        slack: numbers.pick([(0, 0), (0, 5), (3, 0), (16, 2)]), rowBlock: numbers.pick([1, 6, 7, 12, 13, 24, 192]),
        panelBlock: numbers.pick([1, 2, 3, 8]))
      let g = candidate.geometry
      let reach = (g.dilationY * (g.kernelHeight - 1) + 1, g.dilationX * (g.kernelWidth - 1) + 1)
      if g.inputHeight + g.padTop + g.padBottom >= reach.0 && g.inputWidth + g.padLeft + g.padRight >= reach.1 { return candidate }
    }
  }

  /// Elements of the two images; the last pixel ends with its last channel.
  var inputCount: Int {
    let pixels = geometry.batch * geometry.inputHeight * geometry.inputWidth
    return pixels == 0 ? 0 : (pixels - 1) * geometry.inputPixelStride + groups * inChannels
  }
  var outputCount: Int {
    geometry.outputPixels == 0 ? 0 : (geometry.outputPixels - 1) * geometry.outputPixelStride + groups * outChannels
  }

  /// Calls the body with each output element: its place, its channel, and the taps inside the image as pairs of input and weight places
  /// (OIHW).
  func forEachOutput(_ body: (_ place: Int, _ channel: Int, _ terms: [(input: Int, weight: Int)]) -> Void) {
    let g = geometry
    for image in 0..<g.batch {
      for y in 0..<g.outputHeight {
        for x in 0..<g.outputWidth {
          for channel in 0..<groups * outChannels {
            var terms: [(input: Int, weight: Int)] = []
            for ky in 0..<g.kernelHeight {
              for kx in 0..<g.kernelWidth {
                let iy = y * g.strideY - g.padTop + ky * g.dilationY
                let ix = x * g.strideX - g.padLeft + kx * g.dilationX
                let isInside = iy >= 0 && iy < g.inputHeight && ix >= 0 && ix < g.inputWidth
                for k in 0..<inChannels {
                  let weight = ((channel * inChannels + k) * g.kernelHeight + ky) * g.kernelWidth + kx
                  let pixel = (image * g.inputHeight + iy) * g.inputWidth + ix
                  if isInside { terms.append((pixel * g.inputPixelStride + channel / outChannels * inChannels + k, weight)) }
                }
              }
            }
            let pixel = (image * g.outputHeight + y) * g.outputWidth + x
            body(pixel * g.outputPixelStride + channel, channel, terms)
          }
        }
      }
    }
  }

  var packing: GemmPacking {
    GemmPacking(groups: groups, groupOutChannels: outChannels, groupInChannels: inChannels, taps: geometry.taps)
  }
  var weightCount: Int { groups * outChannels * inChannels * geometry.taps }
}
