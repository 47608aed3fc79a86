import Graph
import Tensors

/// What a layer's sums are at some positions of the calibration samples, without its bias' and activation's changes: those that it makes in the
/// network as it stands, and those that it shall make.
package struct Responses {
  package let channels: Int
  package private(set) var rows = 0
  /// Samples' images gathered.
  package private(set) var images = 0
  /// channels × `pitch`, row-major; the first `rows` of each row count, the others are zero.
  package private(set) var made: [Float] = []
  package private(set) var wanted: [Float] = []
  package private(set) var pitch = 0
  /// Of one sample at most.
  private var positions: Int
  private let samples: Int
  private var random = Xorshift64()

  /// Positions that are gathered at least, where there are as many, and how many times its channels a layer gets.
  private static let fewest = 4096, rowsPerChannel = 12
  /// Elements of one matrix at most.
  private static let maximumElements = 1 << 24

  init(channels: Int, samples: Int) {
    self.channels = channels
    let wish = min(max(Self.fewest, Self.rowsPerChannel * channels), max(Self.maximumElements / max(channels, 1), 256))
    positions = max(wish / max(samples, 1), 1)
    self.samples = max(samples, 1)
  }

  /// All of `sums`, rows × channels, which the layer makes and shall make.
  init(_ sums: UnsafeBufferPointer<Float>, rows: Int, channels: Int) {
    self.channels = channels
    (positions, pitch, samples) = (rows, rows, max(rows, 1))
    made = [Float](repeating: 0, count: channels * rows)
    for row in 0..<rows { for channel in 0..<channels { made[channel * rows + row] = sums[row * channels + channel] } }
    wanted = made
    (self.rows, images) = (rows, rows)
  }

  /// Adds sums of one sample: [N, channels, …] of a convolution, [.., channels] of a product.
  mutating func add(made x: Tensor, wanted y: Tensor, isConvolution: Bool) throws {
    guard x.dtype == .f32, y.dtype == .f32, x.shape == y.shape, channels > 0, x.count % channels == 0,
      !isConvolution || x.shape.count > 1 && x.shape[1] == channels
    else { throw Failure(.shapeMismatch, "sums of \(x.shape) and \(y.shape) do not belong to one layer of \(channels) channels") }
    let plane = isConvolution ? x.shape[2...].reduce(1, *) : 1
    let all = x.count / channels
    if pitch == 0 {
      // Samples are mostly of one size; of larger ones fewer positions are gathered than there are.
      positions = min(positions, all)
      pitch = positions * samples
      made = [Float](repeating: 0, count: channels * pitch)
      wanted = made
    }
    images += isConvolution ? x.shape[0] : all
    let chosen = random.spread(min(positions, pitch - rows), of: all)
    let (a, b) = (x.elements(as: Float.self), y.elements(as: Float.self))
    for (lane, position) in chosen.enumerated() {
      var from = position / plane * channels * plane + position % plane
      var to = rows + lane
      for _ in 0..<channels {
        made[to] = a[from]
        wanted[to] = b[from]
        from += plane
        to += pitch
      }
    }
    rows += chosen.count
    withExtendedLifetime((x, y)) {}
  }
}

extension OriginalTargets {
  /// The responses of `layer`, which `graph` and the original have under the same name; see `moments`.
  /// - Returns: nil where the layer reads a constant, or nothing was gathered.
  /// - Throws: `notFinite` naming the value that is NaN or infinite.
  package func responses(_ layer: Layer, in graph: Graph) throws -> Responses? {
    let node = graph.nodes[layer.node], input = try node.requiredInput(0)
    guard graph[input].constant == nil, let old = layers[layer.name], now.count > 0 else { return nil }
    // What a residual branch adds to may have changed: its last layer makes up for that.
    let sum = try graph.residualSum(behind: layer)
    let oldSum = sum.flatMap { sum in original.nodes.first { $0.name == graph.nodes[sum.node].name } }
    guard let target = oldSum?.outputs.first ?? original.nodes[old.node].outputs.first else { return nil }
    let targets = before.runner(try original.withoutActivation(making: target), making: [target])
    let shortcut = oldSum == nil ? nil : sum?.shortcut
    let inputs = now.runner(graph, making: [input] + (shortcut.map { [$0] } ?? []))
    let alone = GraphRunner(try graph.isolate(sumsOf: layer), evaluator: step.evaluator)
    var responses = Responses(channels: layer.shape[layer.outputAxis], samples: now.count)
    for position in 0..<now.count {
      try step.progress("calibration: \(layer.name)", position, of: now.count)
      let seen = try inputs.run(position)
      guard let x = seen.first, var y = try targets.run(position).first, let made = try alone.run([x]).outputs.first else { continue }
      if shortcut != nil, let other = seen.last { y = try y.subtracting(other, name: node.name) }
      try responses.add(made: made, wanted: y, isConvolution: layer.op == .conv)
    }
    for values in [responses.made, responses.wanted] where !values.allSatisfy(\.isFinite) {
      throw Failure(.notFinite, "its sums are NaN or infinite on a calibration sample", node: layer.name)
    }
    return responses.rows > 1 ? responses : nil
  }
}
