import Graph
import Tensors

/// First and second moments of what a layer's weights multiply, gathered from some output positions of each calibration sample.
///
/// A row is what one output position reads: the patch of a convolution (zeros where it lies in the padding), or a row of a matrix.
final class InputMoments {
  /// Elements of a row: the weights of one output channel.
  let width: Int
  let groups: Int
  private(set) var rows = 0
  /// For each group, sums of x and the lower triangle of the sums of x·xᵀ, row-major.
  private var sums: [Double]
  private var products: [Float]

  private let layer: Layer
  private let window: WindowAttributes?
  /// Element i of every row of a batch.
  private var buffer: [SIMD16<Float>]
  private var random = Xorshift64()

  /// Output positions looked at in each image.
  static let positionsPerImage = 16
  /// Layers of wider rows are left out, as are those whose matrices would take more than 64 MB.
  static let maximumWidth = 2048
  /// Rows that are multiplied at a time.
  private static let lanes = SIMD16<Float>.scalarCount

  /// nil for layers that are too wide.
  init?(_ layer: Layer, in graph: Graph) throws {
    let outputs = max(layer.shape[layer.outputAxis], 1)
    width = layer.shape.reduce(1, *) / outputs
    groups = layer.groups
    guard width > 0, width <= InputMoments.maximumWidth, groups * width * width <= 1 << 24 else { return nil }
    self.layer = layer
    if layer.op == .conv {
      let kernel = Array(layer.shape.dropFirst(2))
      guard kernel.count <= 2 else { return nil }
      window = try WindowAttributes(graph.nodes[layer.node].attributes, kernel: kernel)
    } else {
      window = nil
    }
    sums = [Double](repeating: 0, count: groups * width)
    products = [Float](repeating: 0, count: groups * width * width)
    buffer = [SIMD16<Float>](repeating: .zero, count: groups * width)
  }

  /// Adds rows of one observed input.
  func add(_ tensor: Tensor) throws {
    guard tensor.dtype == .f32, tensor.count > 0 else { return }
    let values = tensor.elements(as: Float.self)
    guard let window else {
      guard tensor.shape.last == width else { return }
      let total = values.count / width
      for first in stride(from: 0, to: total, by: InputMoments.lanes) {
        let lanes = min(InputMoments.lanes, total - first)
        for lane in 0..<lanes {
          for index in 0..<width { buffer[index][lane] = values[(first + lane) * width + index] }
        }
        accumulate(lanes)
      }
      return
    }
    let shape = tensor.shape
    let axes = try window.axes(over: Array(shape.dropFirst(2)))
    let outputs = axes.map(\.output)
    guard shape.count >= 3, shape[1] == layer.shape[1] * groups, outputs.allSatisfy({ $0 > 0 }) else { return }
    let vertical = axes.count == 2 ? axes[0] : .unit
    let horizontal = axes[axes.count - 1]
    for image in 0..<shape[0] {
      let lanes = min(InputMoments.positionsPerImage, vertical.output * horizontal.output)
      for lane in 0..<lanes {
        let y = vertical.start(random.below(vertical.output)), x = horizontal.start(random.below(horizontal.output))
        gather(values, image: image * shape[1], channels: shape[1], vertical, horizontal, y: y, x: x, lane: lane)
      }
      accumulate(lanes)
    }
  }

  private func gather(
    _ values: UnsafeBufferPointer<Float>, image: Int, channels: Int, _ vertical: WindowGeometry.Axis,
    _ horizontal: WindowGeometry.Axis, y: Int, x: Int, lane: Int
  ) {
    var target = 0
    for channel in 0..<channels {
      let plane = (image + channel) * vertical.input * horizontal.input
      for v in 0..<vertical.kernel {
        let row = y + v * vertical.dilation
        for h in 0..<horizontal.kernel {
          let column = x + h * horizontal.dilation
          let inside = row >= 0 && row < vertical.input && column >= 0 && column < horizontal.input
          buffer[target][lane] = inside ? values[plane + row * horizontal.input + column] : 0
          target += 1
        }
      }
    }
  }

  /// Adds the `lanes` rows in the buffer and clears it.
  private func accumulate(_ lanes: Int) {
    rows += lanes
    buffer.withUnsafeMutableBufferPointer { x in
      products.withUnsafeMutableBufferPointer { products in
        for group in 0..<groups {
          for i in 0..<width {
            let a = x[group * width + i]
            sums[group * width + i] += Double(a.sum())
            let row = (group * width + i) * width
            for j in 0...i { products[row + j] += (a * x[group * width + j]).sum() }
          }
        }
      }
      x.update(repeating: .zero)
    }
  }

  /// The factor M of a group's second moments, S = Mᵀ·M with M lower triangular; row i divided by its diagonal element, so that the
  /// diagonal is 1. nil where there is nothing to go by.
  ///
  /// S is shrunk towards its diagonal by width / (width + rows), because few rows say little about many products (in the manner of
  /// Ledoit and Wolf 2004).
  /// - centred: moments about the mean, for when the mean error is taken off the bias.
  func factor(group: Int, centred: Bool) -> [Float]? {
    guard var matrix = shrunk(group: group, centred: centred) else { return nil }
    guard Self.factorize(&matrix, width) else { return nil }
    var rows = [Float](repeating: 0, count: width * width)
    for i in 0..<width {
      let scale = 1 / matrix[i * width + i]
      for j in 0...i { rows[i * width + j] = Float(matrix[i * width + j] * scale) }
    }
    return rows
  }

  /// The same for rounding to any levels.
  func rounding(group: Int, centred: Bool) -> GramRounding? {
    guard var matrix = shrunk(group: group, centred: centred) else { return nil }
    for i in 0..<width { for j in 0..<i { matrix[j * width + i] = matrix[i * width + j] } }
    return GramRounding(matrix, size: width, ridge: 0)
  }

  /// The lower triangle of a group's second moments, shrunk.
  private func shrunk(group: Int, centred: Bool) -> [Double]? {
    guard rows > 1 else { return nil }
    let count = Double(rows)
    let mean = sums[group * width..<(group + 1) * width].map { centred ? $0 / count : 0 }
    var matrix = [Double](repeating: 0, count: width * width)
    var trace = 0.0
    for i in 0..<width {
      for j in 0...i { matrix[i * width + j] = Double(products[(group * width + i) * width + j]) / count - mean[i] * mean[j] }
      trace += max(matrix[i * width + i], 0)
    }
    guard trace.isFinite, trace > 0 else { return nil }
    let keep = count / (count + Double(width))
    let floor = 0.001 * trace / Double(width)
    for i in 0..<width {
      for j in 0..<i { matrix[i * width + j] *= keep }
      matrix[i * width + i] = max(matrix[i * width + i], 0) + floor
    }
    return matrix
  }

  /// Replaces the lower triangle of S by M with S = Mᵀ·M: Cholesky from the last row upwards. False where S is not positive.
  private static func factorize(_ matrix: inout [Double], _ width: Int) -> Bool {
    matrix.withUnsafeMutableBufferPointer { m in
      for k in stride(from: width - 1, through: 0, by: -1) {
        let pivot = m[k * width + k]
        guard pivot.isFinite, pivot > 0 else { return false }
        let scale = 1 / pivot.squareRoot()
        for j in 0...k { m[k * width + j] *= scale }
        for i in 0..<k {
          let a = m[k * width + i]
          for j in 0...i { m[i * width + j] -= a * m[k * width + j] }
        }
      }
      return true
    }
  }
}
