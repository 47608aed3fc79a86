import Graph
import Tensors

/// What the output positions of a layer read: the patches of a convolution (zeros where they lie in the padding), or a matrix's rows.
struct LayerRows {
  /// Elements that one position reads, all groups together.
  let width: Int
  private let layer: Layer
  private let window: WindowAttributes?

  /// nil for convolutions over more than two dimensions.
  init?(_ layer: Layer, in graph: Graph) throws {
    let outputs = max(layer.shape[layer.outputAxis], 1)
    let (width, overflow) = (layer.shape.reduce(1, *) / outputs).multipliedReportingOverflow(by: layer.groups)
    guard !overflow, width > 0 else { return nil }
    self.width = width
    self.layer = layer
    guard layer.op == .conv else {
      window = nil
      // The rows of a transposed input are not its last axis.
      if layer.op == .gemm, try graph.nodes[layer.node].attributes.int("transA", default: 0) != 0 { return nil }
      return
    }
    let kernel = Array(layer.shape.dropFirst(2))
    guard kernel.count <= 2 else { return nil }
    window = try WindowAttributes(graph.nodes[layer.node].attributes, kernel: kernel)
  }

  /// How the positions of one observed input lie.
  struct Grid {
    fileprivate let images: Int
    fileprivate let channels: Int
    fileprivate let vertical: WindowGeometry.Axis
    fileprivate let horizontal: WindowGeometry.Axis
    /// Positions of all images.
    var count: Int { images * vertical.output * horizontal.output }
  }

  /// - Throws: `shapeMismatch` for an input that the layer cannot read.
  func grid(_ input: Tensor) throws -> Grid {
    guard input.dtype == .f32 else {
      throw Failure(.unsupported, "the layer's input is \(input.dtype.name); only f32 can be calibrated on", node: layer.name)
    }
    guard let window else {
      guard input.shape.last == width else { throw mismatch(input) }
      return Grid(images: input.count / width, channels: width, vertical: .unit, horizontal: .unit)
    }
    let channels = layer.shape[1] * layer.groups
    guard input.shape.count == window.kernel.count + 2, input.shape[1] == channels else { throw mismatch(input) }
    let axes = try window.axes(over: Array(input.shape.dropFirst(2)))
    return Grid(images: input.shape[0], channels: channels, vertical: axes.count == 2 ? axes[0] : .unit, horizontal: axes[axes.count - 1])
  }

  private func mismatch(_ input: Tensor) -> Failure {
    Failure(.shapeMismatch, "the layer cannot read an input of the shape \(input.shape)", node: layer.name)
  }

  /// Writes what `positions` read into `out`: element i of position p to `out[i * pitch + p]`.
  func gather(_ input: Tensor, _ grid: Grid, positions: ArraySlice<Int>, into out: UnsafeMutablePointer<Float>, pitch: Int) {
    let values = input.elements(as: Float.self)
    guard let base = values.baseAddress else { return }
    let (v, h) = (grid.vertical, grid.horizontal)
    let taps = v.kernel * h.kernel, plane = v.input * h.input, perImage = v.output * h.output
    for (lane, position) in positions.enumerated() {
      let image = position / perImage, y = position % perImage / h.output, x = position % h.output
      var target = out + lane
      let top = v.start(y), left = h.start(x)
      var source = base + image * grid.channels * plane
      if taps == 1, top >= 0, top < v.input, left >= 0, left < h.input {
        source += top * h.input + left
        for _ in 0..<grid.channels {
          target.pointee = source.pointee
          target += pitch
          source += plane
        }
        continue
      }
      for _ in 0..<grid.channels {
        for i in 0..<v.kernel {
          let row = top + i * v.dilation
          let rowInside = row >= 0 && row < v.input
          for j in 0..<h.kernel {
            let column = left + j * h.dilation
            target.pointee = rowInside && column >= 0 && column < h.input ? source[row * h.input + column] : 0
            target += pitch
          }
        }
        source += plane
      }
    }
  }

  /// Writes what the layer makes at `positions` into `out`: channel c of position p to `out[c * pitch + p]`.
  ///
  /// - output: [N, channels, …] of a convolution, [.., channels] of a product.
  func gatherOutputs(
    _ output: Tensor, _ grid: Grid, positions: ArraySlice<Int>, into out: UnsafeMutablePointer<Float>, pitch: Int
  ) throws {
    let channels = layer.shape[layer.outputAxis]
    let perImage = grid.vertical.output * grid.horizontal.output
    guard output.dtype == .f32, output.count == grid.count * channels else { throw mismatch(output) }
    let values = output.elements(as: Float.self)
    for (lane, position) in positions.enumerated() {
      let first = position / perImage * channels * perImage + position % perImage
      for channel in 0..<channels { out[channel * pitch + lane] = values[first + channel * perImage] }
    }
  }
}
