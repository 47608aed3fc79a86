import Graph
import Tensors

/// A convolution of stride 1 that keeps its image's size, or, of a kernel of nothing, a fully connected layer.
struct FactorLayer {
  var inputs: Int
  var outputs: Int
  /// Height and width; 0 × 0 of a fully connected layer.
  var kernel = (height: 1, width: 1)
  /// Whether a relu follows, and then a pool of 2 × 2 pixels.
  var rectifies = false
  var pools = false

  static func dense(_ inputs: Int, _ outputs: Int, rectifies: Bool = false) -> FactorLayer {
    FactorLayer(inputs: inputs, outputs: outputs, kernel: (0, 0), rectifies: rectifies)
  }

  var isDense: Bool { kernel.height == 0 }
  var weightCount: Int { inputs * outputs * max(1, kernel.height * kernel.width) }

  /// The pair that stands for a fully connected layer.
  func pair(_ rank: Int) -> [FactorLayer] {
    [.dense(inputs, rank), .dense(rank, outputs, rectifies: rectifies)]
  }

  /// Columns, then rows, then channels (Zhang et al. 2016, "3-D"), of about a quarter of the multiplications: the nearest rank that is a
  /// multiple of 8.
  var channelAndSpatial: [FactorLayer] {
    func count(_ rank: Int) -> Int { rank * (3 * inputs + 3 * rank + outputs) }
    var rank = 8
    while 4 * count(rank + 4) <= weightCount { rank += 8 }
    return [
      FactorLayer(inputs: inputs, outputs: rank, kernel: (3, 1)), FactorLayer(inputs: rank, outputs: rank, kernel: (1, 3)),
      FactorLayer(inputs: rank, outputs: outputs, rectifies: rectifies, pools: pools),
    ]
  }

  static let vgg16: [FactorLayer] = {
    var layers: [FactorLayer] = []
    var inputs = 3
    for (channels, depth) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
      for index in 1...depth {
        layers.append(FactorLayer(inputs: inputs, outputs: channels, kernel: (3, 3), rectifies: true, pools: index == depth))
        inputs = channels
      }
    }
    return layers + [.dense(25088, 4096, rectifies: true), .dense(4096, 4096, rectifies: true), .dense(4096, 1000)]
  }()
}

/// A network of such layers with random weights, and what it costs.
struct FactorNetwork {
  let graph: Graph
  let macs: Int

  /// - Parameter input: [N, channels, height, width], or [N, features].
  init(_ name: String, _ input: [Int], _ layers: [FactorLayer]) throws {
    var graph = Graph(name: name)
    var value = graph.addInput("input", ValueType(.f32, input.map(Dim.fixed)))
    var (pixels, isFlat, macs) = (input.dropFirst(2).reduce(1, *), input.count == 2, 0)
    for (index, layer) in layers.enumerated() {
      if layer.isDense, !isFlat {
        value = graph.append(.flatten, "flatten", [value], ["axis": .int(1)])
        (isFlat, pixels) = (true, 1)
      }
      macs += input[0] * pixels * layer.weightCount
      let shape = [layer.outputs, layer.inputs] + (layer.isDense ? [] : [layer.kernel.height, layer.kernel.width])
      let inputs = [
        value, graph.addConstant("w\(index)", try FactorNetwork.weights(shape, seed: index)),
        graph.addConstant("b\(index)", try Tensor([layer.outputs], [Float](repeating: 0.01, count: layer.outputs))),
      ]
      var attributes: [String: Attribute] = layer.rectifies ? ["activation": .string("Relu")] : [:]
      let (y, x) = (layer.kernel.height / 2, layer.kernel.width / 2)
      if layer.isDense { attributes["transB"] = .int(1) } else { attributes["pads"] = .ints([y, x, y, x]) }
      value = graph.append(layer.isDense ? .gemm : .conv, "layer\(index)", inputs, attributes)
      if layer.pools {
        value = graph.append(.maxPool, "pool\(index)", [value], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
        pixels /= 4
      }
    }
    graph[value].name = "output"
    graph.outputs = [value]
    try graph.inferTypes()
    (self.graph, self.macs) = (graph, macs)
  }

  /// Uniform numbers that keep the sizes of what they are multiplied with.
  private static func weights(_ shape: [Int], seed: Int) throws -> Tensor {
    let scale = (3 / Float(shape.dropFirst().reduce(1, *))).squareRoot()
    var state = UInt64(seed) &* 0x9E37_79B9 &+ 12345
    return try Tensor(
      shape,
      (0..<shape.reduce(1, *)).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Float(state >> 40) * 0x1p-23 - 1) * scale
      })
  }
}
