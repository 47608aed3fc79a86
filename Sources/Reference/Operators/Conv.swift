import Graph
import Tensors

extension ReferenceOperator {
  /// Grouped convolution of one or two dimensions, NCHW × MCHW, straight from its definition.
  static let conv = ReferenceOperator(.conv) { call in
    let (x, w) = (try call.input(0), try call.input(1))
    var geometry = WindowGeometry(
      axes: try WindowAttributes(call.node.attributes, kernel: Array(w.shape.dropFirst(2))).axes(over: Array(x.shape.dropFirst(2))))
    if geometry.isPointwise {
      // Pixels do not see each other: one long row is faster.
      let pixels = geometry.outputs.reduce(1, *)
      geometry = WindowGeometry(axes: [.init(input: pixels, output: pixels)])
    }
    let group = try call.node.attributes.int("group", default: 1)
    let activation = try Activation(call.node.attributes)
    let (inputs, weights, bias) = (x.doubles(), w.doubles(), call.optional(2)?.doubles())
    let (vertical, horizontal) = (geometry.vertical, geometry.horizontal)
    let (channels, slice, filters) = (x.shape[1], w.shape[1], w.shape[0])
    let (inPlane, outPlane) = (vertical.input * horizontal.input, vertical.output * horizontal.output)
    let window = vertical.kernel * horizontal.kernel
    var output = [Double](repeating: 0, count: call.shape().reduce(1, *))
    guard !output.isEmpty else { return try call.rounded(output) }
    inputs.withUnsafeBufferPointer { inputs in
      weights.withUnsafeBufferPointer { weights in
        output.withUnsafeMutableBufferPointer { output in
          guard let inputs = inputs.baseAddress, let weights = weights.baseAddress, let output = output.baseAddress else { return }
          for image in 0..<x.shape[0] {
            for filter in 0..<filters {
              let sums = output + (image * filters + filter) * outPlane
              sums.update(repeating: bias?[filter] ?? 0, count: outPlane)
              let first = image * channels + filter / (filters / group) * slice
              for channel in 0..<slice {
                accumulate(
                  inputs + (first + channel) * inPlane, weights + (filter * slice + channel) * window, into: sums, vertical, horizontal)
              }
              if activation != .none { for pixel in 0..<outPlane { sums[pixel] = activation.apply(sums[pixel]) } }
            }
          }
        }
      }
    }
    return try call.rounded(output)
  }

  /// Adds one input plane under one kernel plane to the output plane `sums`, tap by tap.
  private static func accumulate(
    _ plane: UnsafePointer<Double>, _ kernel: UnsafePointer<Double>, into sums: UnsafeMutablePointer<Double>,
    _ vertical: WindowGeometry.Axis, _ horizontal: WindowGeometry.Axis
  ) {
    for tapY in 0..<vertical.kernel {
      let rows = positions(of: tapY, vertical)
      for tapX in 0..<horizontal.kernel {
        let columns = positions(of: tapX, horizontal)
        let weight = kernel[tapY * horizontal.kernel + tapX]
        let offset = tapX * horizontal.dilation - horizontal.padBegin
        let stride = horizontal.stride
        for y in rows {
          let row = plane + (y * vertical.stride - vertical.padBegin + tapY * vertical.dilation) * horizontal.input
          let target = sums + y * horizontal.output
          if stride == 1 {
            for x in columns { target[x] += weight * row[x &+ offset] }
          } else {
            for x in columns { target[x] += weight * row[x &* stride &+ offset] }
          }
        }
      }
    }
  }

  /// The output positions at which a tap falls on the input.
  private static func positions(of tap: Int, _ axis: WindowGeometry.Axis) -> Range<Int> {
    let shift = axis.padBegin - tap * axis.dilation
    let first = shift > 0 ? (shift + axis.stride - 1) / axis.stride : 0
    let reach = axis.input - 1 + shift
    let end = reach < 0 ? 0 : min(reach / axis.stride + 1, axis.output)
    return first..<max(first, end)
  }
}
