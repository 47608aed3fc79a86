import Tensors

/// A sliding window with every extent known: what convolution and pooling compute over.
///
/// Padding is resolved (auto_pad is gone), and the outputs are those of ceil_mode where it is set: then the last window may
/// reach past the padded input, whose end stays at `input + padEnd`.
package struct WindowGeometry: Hashable, Sendable {
  /// The window along one spatial dimension.
  package struct Axis: Hashable, Sendable {
    package var input: Int
    package var kernel: Int
    package var stride: Int
    package var dilation: Int
    package var padBegin: Int
    package var padEnd: Int
    package var output: Int

    package init(input: Int, kernel: Int = 1, stride: Int = 1, dilation: Int = 1, padBegin: Int = 0, padEnd: Int = 0, output: Int) {
      self.input = input
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.padBegin = padBegin
      self.padEnd = padEnd
      self.output = output
    }

    /// A dimension of extent 1 that nothing slides over.
    package static let unit = Axis(input: 1, output: 1)

    /// From the first tap to the last, both included.
    package var span: Int { (kernel - 1) * dilation + 1 }

    /// Where the window of output `position` begins; negative inside the padding.
    package func start(_ position: Int) -> Int { position * stride - padBegin }

    /// The taps of output `position` that fall on the input: tap `t` reads `start(position) + t * dilation`.
    package func taps(_ position: Int) -> Range<Int> { taps(from: start(position), low: 0, high: input) }

    /// The taps that fall on the input or its padding; fewer than `kernel` only where ceil_mode lets a window hang over.
    package func paddedTaps(_ position: Int) -> Range<Int> { taps(from: start(position), low: -padBegin, high: input + padEnd) }

    private func taps(from start: Int, low: Int, high: Int) -> Range<Int> {
      let first = start >= low ? 0 : min((low - start + dilation - 1) / dilation, kernel)
      let end = start >= high ? 0 : min((high - start + dilation - 1) / dilation, kernel)
      return first..<max(first, end)
    }

    /// True where every window is the one pixel of its position.
    package var isPointwise: Bool { kernel == 1 && stride == 1 && padBegin == 0 && padEnd == 0 }
  }

  /// One or two spatial dimensions, outermost first.
  package var axes: [Axis]

  /// Height, or the unit axis of a one-dimensional window.
  package var vertical: Axis { axes.count == 2 ? axes[0] : .unit }
  /// Width, or the only axis of a one-dimensional window.
  package var horizontal: Axis { axes.last ?? .unit }
  package var outputs: [Int] { axes.map(\.output) }
  package var kernel: [Int] { axes.map(\.kernel) }
  package var isPointwise: Bool { axes.allSatisfy(\.isPointwise) }

  package init(axes: [Axis]) { self.axes = axes }

  /// The window of a Conv, WinogradConv, MaxPool or AveragePool node whose types are inferred and fixed.
  /// - Throws: `unsupported` while an extent is symbolic, `shapeMismatch` where the window does not fit.
  package init(_ node: Node, in graph: Graph) throws {
    func shape(_ position: Int) throws -> [Int] {
      let id = try node.requiredInput(position)
      guard let shape = graph[id].type?.shape?.fixed else {
        throw Failure(.unsupported, "the shape of '\(graph[id].name)' is not fixed", node: node.name)
      }
      return shape
    }
    do {
      let kernel =
        switch node.op {
        case .conv: Array(try shape(1).dropFirst(2))
        case .winogradConv: [3, 3]
        default: try node.attributes.ints("kernel_shape") ?? []
        }
      let window = try WindowAttributes(node.attributes, kernel: kernel)
      axes = try window.axes(over: Array(shape(0).dropFirst(2)))
    } catch var failure as Failure {
      failure.node = failure.node ?? node.name
      throw failure
    }
  }
}
