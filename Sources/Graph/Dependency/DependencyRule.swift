import Tensors

/// How channels go through an operator, and what of a node must change when some are removed.
struct DependencyRule: Sendable {
  /// Gives the node's outputs their labels and unites those of its inputs that belong together.
  let spread: @Sendable (inout ChannelLabels, _ node: Int) throws -> Void
  /// Mends the node's parameters; nil where they are the same whatever the number of channels.
  let mend: (@Sendable (inout ChannelCut, _ node: Int) throws -> Void)?

  init(
    mend: (@Sendable (inout ChannelCut, _ node: Int) throws -> Void)? = nil,
    _ spread: @escaping @Sendable (inout ChannelLabels, _ node: Int) throws -> Void
  ) {
    self.spread = spread
    self.mend = mend
  }

  /// The rule of an operator; nil: its channels can only be left alone.
  static func of(_ op: Operator) -> DependencyRule? {
    switch op {
    case .conv, .winogradConv: conv
    case .gemm: gemm
    case .matMul: matMul
    case .batchNormalization: batchNormalization
    case .lrn: lrn
    case .maxPool, .averagePool, .globalAveragePool, .globalMaxPool, .resize: pool
    case .reduceMean: reduceMean
    case .relu, .clip, .sigmoid, .hardSigmoid, .hardSwish, .leakyRelu, .tanh, .identity, .cast: sameShape
    case .softmax: softmax
    case .add, .sub, .mul, .div: elementwise
    case .concat: concat
    case .split: split
    case .slice: slice
    case .reshape: reshape
    case .flatten: flatten
    case .transpose: transpose
    case .squeeze: squeeze
    case .unsqueeze: unsqueeze
    case .pad: pad
    case .gather: gather
    case .expand: expand
    case .channelShuffle: channelShuffle
    case .quantizeLinear, .dequantizeLinear: quantization
    // They read extents, not elements.
    case .shape, .constantOfShape: DependencyRule { _, _ in }
    }
  }
}

extension ChannelLabels {
  /// The labels of the whole graph.
  /// - graph: its types are inferred.
  static func of(_ graph: Graph) throws -> ChannelLabels {
    var labels = ChannelLabels(graph)
    for (index, node) in graph.nodes.enumerated() {
      if let rule = DependencyRule.of(node.op) {
        try rule.spread(&labels, index)
      } else {
        for case let input? in node.inputs { labels.freeze(input, "\(node.op.rawValue) ('\(node.name)') has no rule for its channels") }
      }
    }
    for id in graph.outputs { labels.freeze(id, "an output of the graph ('\(graph[id].name)')") }
    return labels
  }

  /// The node as shape inference sees it, its integer constants known.
  func context(_ index: Int) throws -> InferenceContext { try graph.inferenceContext(index) }

  /// `axis` from the front, where the attribute names it from either end.
  func axis(_ index: Int, _ id: ValueID, default fallback: Int) throws -> Int {
    let axis = try graph.nodes[index].attributes.int("axis", default: fallback)
    return axis < 0 ? axis + rank(id) : axis
  }

  /// Output axis `axis` takes the labels of the inputs that have its extent; an extent of 1 beside it stretches and says nothing.
  mutating func meet(_ operands: [(id: ValueID, axis: Int)], _ output: ValueID, _ axis: Int) throws {
    guard let extent = extent(output, axis) else { return }
    let parts = operands.filter { self.extent($0.id, $0.axis) == extent || self.extent($0.id, $0.axis) != .fixed(1) }
    for part in operands where extent != .fixed(1) && self.extent(part.id, part.axis) == .fixed(1) {
      freeze(labels(part.id, part.axis), "its one channel is spread over others in '\(graph[output].name)'")
    }
    guard parts.contains(where: { labels($0.id, $0.axis) != nil }) else { return }
    var common: [Int]?
    for part in parts {
      guard let labels = try channels(part.id, part.axis) else { continue }
      if let common { unite(common, labels) } else { common = labels }
    }
    set(output, axis, common)
  }
}

extension Graph {
  /// A node as shape inference sees it, its constant integers known.
  func inferenceContext(_ index: Int) throws -> InferenceContext {
    var known: [ValueID: [Dim]] = [:]
    for case let input? in nodes[index].inputs {
      guard let weight = self[input].constant, weight.dtype == .s64 || weight.dtype == .s32, weight.count <= Graph.maximumKnownElements
      else { continue }
      known[input] = try weight.decoded().ints().map(Dim.fixed)
    }
    return InferenceContext(graph: self, node: nodes[index], shapeValues: known)
  }
}
