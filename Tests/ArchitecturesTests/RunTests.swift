import Architectures
import Formats
import Graph
import Netsuke
import Reference
import TestSupport
import Tensors
import Testing

/// The networks run, give the interpreter's answer, and survive both file formats.
@Suite struct RunTests {
  /// Small enough for the interpreter: the least resolution that is interesting, and few channels where there is a choice.
  static let small: [(name: String, options: [(key: String, value: Double)])] = [
    ("lenet_300_100", []), ("lenet_5", []), ("alexnet", [("resolution", 67), ("classes", 10)]),
    ("alexnet_one_tower", [("resolution", 63), ("classes", 10)]), ("vgg16", [("resolution", 32), ("width", 0.25)]),
    ("squeezenet1_0", [("resolution", 67)]), ("squeezenet1_1", [("resolution", 67)]),
    ("mobilenet_v1", [("resolution", 64), ("width", 0.5)]), ("mobilenet_v2", [("resolution", 64), ("width", 0.5)]),
    ("xception", [("resolution", 43), ("classes", 10)]),
    ("shufflenet_v1", [("resolution", 64)]), ("shufflenet_v1", [("resolution", 64), ("groups", 8), ("width", 0.25)]),
    ("shufflenet_v1", [("resolution", 64), ("groups", 1), ("width", 0.3)]), ("shufflenet_v2", [("resolution", 64), ("width", 0.5)]),
    ("effnet", []), ("resnet8", []), ("resnet20", [("resolution", 31)]), ("resnet56", [("resolution", 16)]),
    ("resnet18", [("resolution", 64), ("width", 0.5)]), ("resnet50", [("resolution", 64), ("width", 0.25)]),
  ]

  static func input(_ graph: Graph, batch: Int) throws -> Tensor {
    var random = Random(7)
    let shape = try #require(graph[graph.inputs[0]].type?.shape)
    return try random.tensor([batch] + shape.dropFirst().map { try #require($0.value) })
  }

  @Test(arguments: small) func theSessionAgreesWithTheInterpreter(name: String, options: [(key: String, value: Double)]) throws {
    let model = Model(try Architecture.named(name).graph(options))
    let input = try RunTests.input(model.graph, batch: 2)
    let expected = try Interpreter(model.graph).run([input])[0]
    let largest = try #require(expected.doubles().map(\.magnitude).max())
    // A random network keeps the size of its input: neither vanishing nor exploding.
    #expect(largest > 1e-3 && largest < 1e3, "the largest output is \(largest)")
    let result = try run(model, input)
    // The bound that the project promises.
    #expect(result.distance(to: expected) <= 1e-4 * largest)
  }

  @Test(
    arguments: ["mobilenet_v2", "shufflenet_v1", "shufflenet_v2", "effnet", "resnet8", "squeezenet1_1"], [ModelFile.Format.onnx, .nsk])
  func filesGiveTheSameNetwork(name: String, format: ModelFile.Format) throws {
    let options = name == "effnet" || name == "resnet8" ? [] : [(key: "resolution", value: 32.0)]
    let graph = try Architecture.named(name).graph(options)
    let bytes = try ModelFile.encode(graph, as: format)
    let again = try bytes.withUnsafeBytes { bytes in
      try ModelFile.read(try Storage(byteCount: bytes.count) { $0.copyMemory(from: bytes) })
    }
    let input = try RunTests.input(graph, batch: 1)
    let (one, other) = (try Interpreter(graph).run([input])[0], try Interpreter(again).run([input])[0])
    #expect(one.bytes.elementsEqual(other.bytes))
  }

  /// The same bits on every machine: written down once.
  @Test(
    arguments: [
      ("effnet", 0, 0x6267_f587_5aab_d923), ("effnet", 7, 0x4f6f_d65b_a35a_f668), ("resnet8", 0, 0x43f4_fd07_eae6_7b9e),
    ] as [(String, Double, UInt64)])
  func theSameSeedGivesTheSameBits(name: String, seed: Double, expected: UInt64) throws {
    let architecture = try Architecture.named(name)
    #expect(RunTests.checksum(try architecture.graph([("seed", seed)])) == expected)
  }

  @Test func seedsMatter() throws {
    let architecture = try Architecture.named("lenet_300_100")
    let sums = try [0, 1, 2, 9_007_199_254_740_991].map { RunTests.checksum(try architecture.graph([("seed", $0)])) }
    #expect(Set(sums).count == sums.count)
  }

  /// FNV-1a over the bytes of every constant, in order.
  static func checksum(_ graph: Graph) -> UInt64 {
    var sum: UInt64 = 0xcbf2_9ce4_8422_2325
    for tensor in graph.values.compactMap({ $0.constant?.plain }) {
      for byte in tensor.bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return sum
  }

  @Test func aBuiltNetworkIsCompressed() throws {
    let model = try Model(architecture: "effnet", options: "{\"seed\": 3}")
    let input = try RunTests.input(model.graph, batch: 1)
    let small = try model.compressed(recipe: "int8", samples: CalibrationSamples(count: 2) { _ in [input] }, threads: 1)
    #expect(try small.encoded(format: 1).count * 2 < model.encoded(format: 1).count)
    #expect(model.description().contains("\"parameters\":151146,\"macs\":5640192,"))
  }

  /// The result of a session for one input.
  func run(_ model: Model, _ input: Tensor) throws -> Tensor {
    let session = try Session(model)
    var argument = TensorArgument(), result = TensorArgument()
    argument.data = UnsafeMutableRawPointer(mutating: input.bytes.baseAddress)
    (argument.byteSize, argument.dtype, argument.rank) = (input.byteCount, Int32(input.dtype.rawValue), Int32(input.shape.count))
    for (axis, extent) in input.shape.enumerated() { argument[axis] = Int64(extent) }
    try withUnsafeMutablePointer(to: &argument) { argument in
      try withUnsafeMutablePointer(to: &result) { result in
        try session.run(UnsafeBufferPointer(start: argument, count: 1), UnsafeMutableBufferPointer(start: result, count: 1))
      }
    }
    return try result.copied("the result")
  }
}
