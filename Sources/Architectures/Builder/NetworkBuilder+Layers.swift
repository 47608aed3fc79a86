import Graph
import Tensors

extension NetworkBuilder {
  /// A convolution with bias, and what follows it: the layer of networks from before batch normalization.
  mutating func conv(
    _ x: Feature, _ name: String, _ channels: Int, _ window: Window = .pointwise, groups: Int = 1, then rectifier: Rectifier = .none
  ) throws -> Feature {
    let y = try convolution(x, name, channels, window, groups: groups, hasBias: true, gain: rectifier.gain)
    return try rectify(y, name, rectifier)
  }

  /// A convolution, batch normalization, and what follows it; `scale` is about where the normalization's scale begins.
  mutating func convNorm(
    _ x: Feature, _ name: String, _ channels: Int, _ window: Window = .pointwise, groups: Int = 1, then rectifier: Rectifier = .none,
    scale: Double = 1
  ) throws -> Feature {
    let y = try convolution(x, name, channels, window, groups: groups, hasBias: false, gain: rectifier.gain)
    return try rectify(try batchNorm(y, name, scale: scale), name, rectifier)
  }

  /// A convolution alone. Weights begin normal with variance `gain` / fan-in (He et al. 2015), biases as in `bias`.
  mutating func convolution(
    _ x: Feature, _ name: String, _ channels: Int, _ window: Window, groups: Int = 1, hasBias: Bool, gain: Double
  ) throws -> Feature {
    guard groups > 0, x.channels % groups == 0, channels % groups == 0 else {
      throw Failure(.internal, "\(x.channels) and \(channels) channels do not divide into \(groups) groups", node: name)
    }
    let (height, width) = try window.output(x, name)
    let shape = [channels, x.channels / groups, window.kernel.height, window.kernel.width]
    let fanIn = shape[1...].reduce(1, *)
    var inputs: [ValueID?] = [x.id, try weight("\(name)/weight", shape, .normal((gain / Double(fanIn)).squareRoot()))]
    if hasBias { inputs.append(try bias(name, channels, fanIn: fanIn)) }
    var attributes = window.attributes
    if groups > 1 { attributes["group"] = .int(groups) }
    return Feature(id: append(.conv, name, inputs, attributes), channels: channels, height: height, width: width)
  }

  /// A 3×3 convolution with a filter of its own for each channel, and batch normalization.
  mutating func depthwiseNorm(
    _ x: Feature, _ name: String, stride: Int = 1, then rectifier: Rectifier = .none
  ) throws -> Feature {
    try convNorm(x, name, x.channels, Window(3, stride: stride, padding: 1), groups: x.channels, then: rectifier)
  }

  /// Uniform within ±1/√fan-in.
  private mutating func bias(_ name: String, _ count: Int, fanIn: Int) throws -> ValueID {
    try weight("\(name)/bias", [count], .uniform(center: 0, radius: 1 / Double(fanIn).squareRoot()))
  }

  /// Scale `scale`, bias 0, mean 0, variance 1, each moved by up to a tenth, so that nothing that drops one of them goes unseen.
  mutating func batchNorm(_ x: Feature, _ name: String, scale: Double = 1) throws -> Feature {
    let name = "\(name)/norm", count = [x.channels]
    let parts = [
      try weight("\(name)/scale", count, .uniform(center: scale, radius: scale / 10)),
      try weight("\(name)/bias", count, .uniform(center: 0, radius: 0.1)),
      try weight("\(name)/mean", count, .uniform(center: 0, radius: 0.1)),
      try weight("\(name)/variance", count, .uniform(center: 1, radius: 0.1)),
    ]
    return x.replaced(by: append(.batchNormalization, name, [x.id] + parts, ["epsilon": .float(1e-5)]))
  }

  /// A fully connected layer over everything that `x` holds of a sample.
  mutating func dense(_ x: Feature, _ name: String, _ count: Int, then rectifier: Rectifier = .none) throws -> Feature {
    let flat = flatten(x, "\(name)/flatten"), inputs = flat.channels
    let matrix = try weight("\(name)/weight", [count, inputs], .normal((rectifier.gain / Double(inputs)).squareRoot()))
    let id = append(.gemm, name, [flat.id, matrix, try bias(name, count, fanIn: inputs)], ["transB": .int(1)])
    return try rectify(Feature(id: id, channels: count, height: 1, width: 1, isFlat: true), name, rectifier)
  }

  /// [N, everything that `x` holds of a sample]. Channels and sides are bounded, so the product cannot overflow.
  mutating func flatten(_ x: Feature, _ name: String) -> Feature {
    if x.isFlat { return x }
    let id = append(.flatten, name, [x.id], ["axis": .int(1)])
    return Feature(id: id, channels: x.channels * x.height * x.width, height: 1, width: 1, isFlat: true)
  }

  /// The mean of each channel, and a fully connected layer over these.
  mutating func pooledClassifier(_ x: Feature, _ classes: Int) throws -> Feature {
    try dense(globalAveragePool(x, "pool"), "classifier", classes)
  }

  // MARK: Pooling

  mutating func maxPool(_ x: Feature, _ name: String, _ window: Window) throws -> Feature {
    try pool(.maxPool, x, name, window, window.attributes)
  }

  /// Padding counts as zeros.
  mutating func averagePool(_ x: Feature, _ name: String, _ window: Window) throws -> Feature {
    var attributes = window.attributes
    attributes["count_include_pad"] = .int(1)
    return try pool(.averagePool, x, name, window, attributes)
  }

  private mutating func pool(
    _ op: Operator, _ x: Feature, _ name: String, _ window: Window, _ attributes: [String: Attribute]
  ) throws -> Feature {
    let (height, width) = try window.output(x, name)
    return Feature(id: append(op, name, [x.id], attributes), channels: x.channels, height: height, width: width)
  }

  mutating func globalAveragePool(_ x: Feature, _ name: String) -> Feature {
    Feature(id: append(.globalAveragePool, name, [x.id]), channels: x.channels, height: 1, width: 1)
  }

  // MARK: Where branches meet

  mutating func add(_ one: Feature, _ other: Feature, _ name: String) -> Feature {
    one.replaced(by: append(.add, name, [one.id, other.id]))
  }

  mutating func concat(_ one: Feature, _ other: Feature, _ name: String) -> Feature {
    let id = append(.concat, name, [one.id, other.id], ["axis": .int(1)])
    return Feature(id: id, channels: one.channels + other.channels, height: one.height, width: one.width)
  }

  /// Channel g·(C/groups)+c becomes c·groups+g (Zhang et al. 2018, figure 1).
  mutating func shuffle(_ x: Feature, _ name: String, groups: Int) -> Feature {
    groups == 1 ? x : x.replaced(by: append(.channelShuffle, name, [x.id], ["groups": .int(groups)]))
  }
}
