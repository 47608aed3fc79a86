import Graph
import Tensors

/// What a layer reads and shall make in some tiles of the calibration samples: the transformed inputs of each point, and the pixels.
///
/// Memory is bounded by `budget`, whatever the samples.
final class TileSamples {
  let form: WinogradTile
  let count: Int
  /// Tiles of one image that were taken.
  private(set) var images = 0
  /// For each point [input channel][tile].
  private(set) var seen: [Tensor] = []
  /// For each pixel of a tile [output channel][tile]: sums that the layer shall make, and those that it makes.
  private(set) var wanted: [[Float]] = []
  private(set) var made: [[Float]] = []
  /// For each pixel of a tile, by tile: 1 where it lies inside the image.
  private(set) var inside: [[Float]] = []

  /// The most floats that are kept, and tiles beyond which more of them say little more.
  private static let budget = 96 << 20
  private static let enough = 6144

  private let layer: TransformedLayer
  private var filled = 0
  private var random = Xorshift64()
  private var points: [UnsafeMutableBufferPointer<Float>] = []

  private init(_ layer: TransformedLayer, count: Int) {
    (self.layer, form, self.count) = (layer, layer.form, count)
    let pixels = form.tile * form.tile
    wanted = [[Float]](repeating: [Float](repeating: 0, count: layer.outputs * count), count: pixels)
    made = wanted
    inside = [[Float]](repeating: [Float](repeating: 0, count: count), count: pixels)
    for _ in 0..<form.points {
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(layer.inputs * count, 1))
      buffer.initialize(repeating: 0)
      points.append(buffer)
    }
  }

  deinit { points.forEach { $0.deallocate() } }

  /// - reference: the network as it was, whose sums are the targets; half of them what the layer makes of `graph`'s inputs as it stands, since
  ///   making up for all that went wrong before fits few samples rather than the network.
  /// - now, before: the samples in `graph` and in `reference`.
  /// - share: of the tiles to take, one in so many.
  /// - Returns: nil where the layer's input is constant.
  static func measure(
    _ layer: TransformedLayer, in graph: Graph, _ now: SampleFront, reference: Graph, _ before: SampleFront, _ step: StepContext,
    share: Int
  ) throws -> TileSamples? {
    let name = layer.layer.name
    let input = try graph.nodes[layer.layer.node].requiredInput(0)
    guard graph[input].constant == nil, let original = try Layer.all(in: reference).first(where: { $0.name == name }),
      let output = reference.nodes[original.node].outputs.first
    else { return nil }
    let targets = before.runner(try reference.withoutActivation(making: output), making: [output])
    let present = GraphRunner(try graph.isolate(sumsOf: layer.layer), evaluator: step.evaluator)
    let inputs = now.runner(graph, making: [input])
    let perTile = layer.form.points * layer.inputs + 2 * layer.form.tile * layer.form.tile * layer.outputs
    let most = max(min(enough, budget / max(perTile, 1)) / share, 1)
    var perSample = max(most / max(now.count, 1), 1)
    var tiles: TileSamples?
    for index in 0..<now.count {
      try step.progress("calibration: \(name)", index, of: now.count)
      guard let x = try inputs.run(index).first, let y = try targets.run(index).first, let made = try present.run([x]).outputs.first
      else { continue }
      if tiles == nil, y.shape.count == 4 {
        // No room for more tiles than samples like the first one have.
        let (all, overflow) = layer.form.tiles(over: y.shape[2]).multipliedReportingOverflow(by: layer.form.tiles(over: y.shape[3]))
        if !overflow { perSample = max(min(perSample, all * max(y.shape[0], 1)), 1) }
        tiles = TileSamples(layer, count: perSample * min(now.count, most))
      }
      try tiles?.add(x, wanted: y, made: made, most: perSample)
    }
    guard let tiles, tiles.filled > 0 else { return nil }
    try tiles.finish(graph[input].name)
    return tiles
  }

  private func add(_ x: Tensor, wanted y: Tensor, made own: Tensor, most: Int) throws {
    guard x.dtype == .f32, x.shape.count == 4, x.shape[1] == layer.inputs, y.shape == own.shape, y.shape.count == 4,
      y.shape[1] == layer.outputs, y.shape[0] == x.shape[0]
    else { throw Failure(.shapeMismatch, "the layer cannot read an input of the shape \(x.shape)", node: layer.layer.name) }
    images += x.shape[0]
    let (height, width) = (y.shape[2], y.shape[3])
    let (down, across) = (form.tiles(over: height), form.tiles(over: width))
    for place in random.spread(min(most, count - filled), of: x.shape[0] * down * across) {
      let (image, inImage) = (place / (down * across), place % (down * across))
      let (top, left) = (inImage / across * form.tile, inImage % across * form.tile)
      transform(x, image: image, top: top - layer.pads[0], left: left - layer.pads[1])
      let (a, b) = (y.elements(as: Float.self), own.elements(as: Float.self))
      for row in 0..<min(form.tile, height - top) {
        for column in 0..<min(form.tile, width - left) {
          let pixel = row * form.tile + column
          inside[pixel][filled] = 1
          for channel in 0..<layer.outputs {
            let from = ((image * layer.outputs + channel) * height + top + row) * width + left + column
            wanted[pixel][channel * count + filled] = (a[from] + b[from]) / 2
            made[pixel][channel * count + filled] = b[from]
          }
        }
      }
      filled += 1
    }
  }

  /// Bᵀ·d·B of every channel.
  private func transform(_ x: Tensor, image: Int, top: Int, left: Int) {
    let (side, matrix) = (form.side, form.inputMatrix.map { Float($0) })
    let (height, width) = (x.shape[2], x.shape[3])
    let values = x.elements(as: Float.self)
    var patch = [Float](repeating: 0, count: side * side)
    var half = patch
    for channel in 0..<layer.inputs {
      let plane = (image * layer.inputs + channel) * height * width
      for i in 0..<side {
        for j in 0..<side {
          let isInside = top + i >= 0 && top + i < height && left + j >= 0 && left + j < width
          patch[i * side + j] = isInside ? values[plane + (top + i) * width + left + j] : 0
        }
      }
      for i in 0..<side {
        for j in 0..<side {
          var sum: Float = 0
          for k in 0..<side { sum += matrix[i * side + k] * patch[k * side + j] }
          half[i * side + j] = sum
        }
      }
      for i in 0..<side {
        for j in 0..<side {
          var sum: Float = 0
          for k in 0..<side { sum += half[i * side + k] * matrix[j * side + k] }
          points[i * side + j][channel * count + filled] = sum
        }
      }
    }
  }

  private func finish(_ name: String) throws {
    for buffer in points {
      guard buffer.allSatisfy(\.isFinite) else {
        throw Failure(.notFinite, "the value '\(name)' is NaN or infinite on a calibration sample", node: layer.layer.name)
      }
      seen.append(
        try Tensor(.f32, [layer.inputs, count]) {
          $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<(4 * layer.inputs * count)]))
        })
      buffer.deallocate()
    }
    points = []
    guard wanted.allSatisfy({ $0.allSatisfy(\.isFinite) }), made.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw Failure(.notFinite, "the layer makes NaN or infinity on a calibration sample", node: layer.layer.name)
    }
  }

  /// Tiles that were taken; the others are zeros and count for nothing.
  var taken: Int { filled }

  /// The mean square of what each point's coefficients multiply, [point][input channel].
  func energies() -> [[Double]] {
    seen.map { tensor in
      let values = tensor.elements(as: Float.self)
      return (0..<layer.inputs).map { channel in
        var sum = 0.0
        for index in channel * count..<(channel + 1) * count { sum += Double(values[index]) * Double(values[index]) }
        return sum / Double(max(filled, 1))
      }
    }
  }
}
