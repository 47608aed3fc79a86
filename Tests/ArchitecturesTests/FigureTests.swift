import Architectures
import Compression
import Formats
import Graph
import Testing

/// Parameters and multiply-accumulates, against what the papers and their usual implementations count.
@Suite struct FigureTests {
  struct Case: CustomStringConvertible {
    let name: String
    var options: [(key: String, value: Double)] = []
    let parameters: Int
    /// In millions, as published: right when it rounds to the same decimals.
    let macs: Double
    let decimals: Int
    var description: String { name + options.map { " \($0.key)=\($0.value)" }.joined() }

    init(_ name: String, with options: [(String, Double)] = [], _ parameters: Int, _ macs: Double, decimals: Int = 2) {
      self.name = name
      self.options = options.map { (key: $0.0, value: $0.1) }
      self.parameters = parameters
      self.macs = macs
      self.decimals = decimals
    }
  }

  /// Exact parameters where they are known to the unit.
  static let exact: [Case] = [
    Case("lenet_300_100", 266_610, 0.2662, decimals: 4),
    Case("lenet_5", 431_080, 2.293, decimals: 3),
    Case("alexnet", 60_965_224, 724.41),
    Case("alexnet_one_tower", 61_100_840, 714.19),
    Case("vgg16", 138_357_544, 15470.26),
    Case("squeezenet1_0", 1_248_424, 818.92),
    Case("squeezenet1_1", 1_235_496, 349.15),
    Case("mobilenet_v1", 4_231_976, 568.74),
    Case("mobilenet_v2", 3_504_872, 300.77),
    Case("xception", 22_855_952, 8357.40),
    Case("shufflenet_v1", 1_865_728, 137.46),
    Case("shufflenet_v2", with: [("width", 0.5)], 1_366_792, 40.5, decimals: 1),
    Case("shufflenet_v2", 2_278_604, 144.91),
    Case("shufflenet_v2", with: [("width", 1.5)], 3_503_624, 295.8, decimals: 1),
    Case("shufflenet_v2", with: [("width", 2)], 7_393_996, 583.3, decimals: 1),
    Case("effnet", 151_146, 5.64),
    Case("resnet8", 75_290, 12.24),
    Case("resnet20", 269_722, 40.55),
    Case("resnet56", 853_018, 125.5, decimals: 1),
    Case("resnet18", 11_689_512, 1814.07),
    Case("resnet50", 25_557_032, 4089.18),
  ]

  @Test(arguments: exact) func exactFigures(of network: Case) throws {
    let graph = try Architecture.named(network.name).graph(network.options)
    #expect(FigureTests.parameters(graph) == network.parameters)
    #expect(FigureTests.isPublished(try FigureTests.macs(graph), network))
  }

  /// Variants, of which the papers give parameters in millions.
  static let variants: [(Case, millions: Double, decimals: Int)] = [
    (Case("mobilenet_v1", with: [("width", 0.75)], 0, 325.4, decimals: 1), 2.586, 3),
    (Case("mobilenet_v1", with: [("width", 0.5)], 0, 149.5, decimals: 1), 1.332, 3),
    (Case("mobilenet_v1", with: [("width", 0.25)], 0, 41.0, decimals: 1), 0.470, 3),
    (Case("mobilenet_v1", with: [("resolution", 192)], 0, 418, decimals: 0), 4.232, 3),
    (Case("mobilenet_v1", with: [("resolution", 160)], 0, 290.7, decimals: 1), 4.232, 3),
    (Case("mobilenet_v1", with: [("resolution", 128)], 0, 186.4, decimals: 1), 4.232, 3),
    (Case("mobilenet_v2", with: [("width", 1.4)], 0, 582, decimals: 0), 6.11, 2),
    (Case("mobilenet_v2", with: [("width", 0.75)], 0, 209, decimals: 0), 2.64, 2),
    (Case("mobilenet_v2", with: [("width", 0.5)], 0, 97.1, decimals: 1), 1.97, 2),
    (Case("mobilenet_v2", with: [("width", 0.35)], 0, 59.3, decimals: 1), 1.68, 2),
    (Case("shufflenet_v1", with: [("groups", 1)], 0, 143.1, decimals: 1), 1.53, 2),
    (Case("shufflenet_v1", with: [("groups", 2)], 0, 140.8, decimals: 1), 1.73, 2),
    (Case("shufflenet_v1", with: [("groups", 3)], 0, 137.5, decimals: 1), 1.87, 2),
    (Case("shufflenet_v1", with: [("groups", 4)], 0, 134.3, decimals: 1), 1.97, 2),
    (Case("shufflenet_v1", with: [("groups", 8)], 0, 138.4, decimals: 1), 2.43, 2),
  ]

  @Test(arguments: variants) func variantFigures(network: Case, millions: Double, decimals: Int) throws {
    let graph = try Architecture.named(network.name).graph(network.options)
    let parameters = Double(FigureTests.parameters(graph)) / 1e6
    #expect(FigureTests.rounds(parameters, to: millions, decimals), "\(parameters) million parameters")
    #expect(FigureTests.isPublished(try FigureTests.macs(graph), network))
  }

  /// Widths for which only multiply-accumulates are published.
  @Test(arguments: [
    Case("shufflenet_v1", with: [("width", 2)], 0, 524.0, decimals: 1), Case("shufflenet_v1", with: [("width", 0.5)], 0, 37.6, decimals: 1),
  ]) func widthFigures(of network: Case) throws {
    #expect(FigureTests.isPublished(try FigureTests.macs(Architecture.named(network.name).graph(network.options)), network))
  }

  @Test func everyNetworkHasFigures() {
    #expect(Set(FigureTests.exact.map(\.name)) == Set(Architecture.all.map(\.name)))
  }

  /// The rows of docs/architectures.md: name, options, resolution, parameters, million MACs.
  @Test func theDocumentationHasTheFigures() throws {
    // #filePath is <checkout>/Tests/ArchitecturesTests/FigureTests.swift
    let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let storage = try FileAccess.load(checkout + "/docs/architectures.md")
    let text = String(decoding: storage.bytes, as: UTF8.self)
    var documented: [String: (parameters: Int, macs: Double)] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.filter { $0 != " " && $0 != "," && $0 != "`" } }
      documented[cells[0]] = (Int(cells[3]) ?? 0, Double(cells[4]) ?? 0)
    }
    for network in Architecture.all {
      let published = try #require(FigureTests.exact.first { $0.name == network.name && $0.options.isEmpty })
      let row = try #require(documented[network.name], "\(network.name) has no row")
      #expect(row.parameters == published.parameters)
      #expect(FigureTests.rounds(published.macs, to: row.macs, 1))
    }
    #expect(documented.count == Architecture.all.count)
  }

  // MARK: Counting

  /// Elements of the constants that training changes.
  static func parameters(_ graph: Graph) -> Int {
    var trained: Set<ValueID> = []
    for node in graph.nodes {
      switch node.op {
      case .conv, .gemm: trained.formUnion(node.inputs.dropFirst().compactMap { $0 })
      case .batchNormalization: trained.formUnion(node.inputs[1...2].compactMap { $0 })
      default: break
      }
    }
    return trained.reduce(0) { $0 + (graph[$1].constant?.count ?? 0) }
  }

  /// Of all convolutions and fully connected layers, for one sample.
  static func macs(_ graph: Graph) throws -> Double {
    let macs = LayerCost.macs(graph, inputShapes: try #require(LayerCost.inputShapes(graph, nil)))
    #expect(macs.count == graph.nodes.filter { $0.op == .conv || $0.op == .gemm }.count)
    return Double(macs.values.reduce(0, +)) / 1e6
  }

  static func isPublished(_ macs: Double, _ network: Case) -> Bool {
    let same = rounds(macs, to: network.macs, network.decimals)
    #expect(same, "\(macs) million MACs")
    return same
  }

  /// Whether `value` is at most half a unit of the last decimal away.
  static func rounds(_ value: Double, to published: Double, _ decimals: Int) -> Bool {
    let unit = (0..<decimals).reduce(1.0) { unit, _ in unit / 10 }
    return abs(value - published) <= unit / 2 + 1e-9
  }
}
