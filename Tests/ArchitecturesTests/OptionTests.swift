import Architectures
import Graph
import Tensors
import Testing

/// What may be asked for, and what is refused.
@Suite struct OptionTests {
  static let hostile: [Double] = [
    .nan, .infinity, -.infinity, -1, -0.5, 0.5, 1e18, -1e18, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0x1p53, 0x1p63, 1e9,
  ]

  /// Every option of every network with impossible values: a graph or a failure that names the option or the size, never a trap.
  @Test(arguments: Architecture.all.map(\.name)) func hostileValues(name: String) throws {
    let architecture = try Architecture.named(name)
    for option in architecture.options {
      for value in OptionTests.hostile where !option.allows(value) {
        #expect {
          _ = try architecture.graph([(option.key, value)])
        } throws: {
          let failure = $0 as? Failure
          return failure?.status == .invalidArgument && failure?.message.contains("'\(option.key)'") == true
        }
      }
    }
  }

  /// The ends of every range are good, or together too large; nothing is allocated for what is too large.
  @Test(arguments: Architecture.all.map(\.name)) func endsOfRanges(name: String) throws {
    let architecture = try Architecture.named(name)
    let small = architecture.options.map { (key: $0.key, value: $0.ends.lowerBound) }
    let graph = try architecture.graph(small)
    try Verifier.verify(graph)
    #expect(graph[graph.outputs[0]].type == ValueType(.f32, [.symbol("N"), 1]))
    let large = architecture.options.map { (key: $0.key, value: $0.ends.upperBound) }
    #expect(throws: Failure.self) { _ = try architecture.graph(large) }
    for option in architecture.options where option.key == "resolution" {
      #expect(throws: Failure.self) { _ = try architecture.graph([("resolution", option.ends.lowerBound - 1)]) }
    }
  }

  /// Channels divide into the groups whatever the width.
  @Test(arguments: [1, 2, 3, 4, 8] as [Double]) func widthsAndGroups(groups: Double) throws {
    let network = try Architecture.named("shufflenet_v1")
    for width in [0.05, 0.06, 0.1, 0.13, 0.2, 0.25, 0.33, 0.4, 0.77, 1.05, 1.3, 1.99] {
      let graph = try network.graph([("width", width), ("groups", groups), ("resolution", 32)])
      #expect(graph[graph.outputs[0]].type == ValueType(.f32, [.symbol("N"), 1000]))
    }
  }

  @Test func unknownAndRepeatedKeys() throws {
    let network = try Architecture.named("lenet_5")
    #expect(throws: Failure.self) { _ = try network.graph([("width", 1)]) }
    #expect(throws: Failure.self) { _ = try network.graph([("classes", 10), ("classes", 10)]) }
    #expect(throws: Failure.self) { _ = try Architecture.named("LeNet") }
  }

  @Test func optionsMeanWhatTheySay() throws {
    let graph = try Architecture.named("mobilenet_v2").graph([("classes", 7), ("channels", 4), ("resolution", 96), ("width", 0.5)])
    #expect(graph[graph.inputs[0]].type == ValueType(.f32, [.symbol("N"), 4, 96, 96]))
    #expect(graph[graph.outputs[0]].type == ValueType(.f32, [.symbol("N"), 7]))
    #expect(graph[graph.inputs[0]].name == "input" && graph[graph.outputs[0]].name == "output")
    #expect(graph.nodes.contains { $0.op == .batchNormalization })
  }

  @Test func everyOptionIsDescribed() {
    #expect(Set(Architecture.all.map(\.name)).count == Architecture.all.count)
    for architecture in Architecture.all {
      #expect(!architecture.summary.isEmpty)
      #expect(Set(architecture.options.map(\.key)).count == architecture.options.count)
      for option in architecture.options {
        #expect(option.allows(option.fallback) && !option.summary.isEmpty && !option.accepts.isEmpty)
      }
    }
  }
}

extension ArchitectureOption {
  /// The least and the largest value.
  var ends: ClosedRange<Double> {
    switch kind {
    case .integer(let range): Double(range.lowerBound)...Double(range.upperBound)
    case .number(let range): range
    case .choice(let values): (values.min() ?? 0)...(values.max() ?? 0)
    }
  }

  func allows(_ value: Double) -> Bool {
    switch kind {
    case .integer: ends.contains(value) && value == value.rounded()
    case .number: ends.contains(value)
    case .choice(let values): values.contains(value)
    }
  }
}
