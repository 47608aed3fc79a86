import Netsuke
import Reference
import Tensors
import TestSupport
import Testing

/// Whole networks, from the file to the result, against the reference interpreter.
@Suite struct ModelTests {
  // #filePath is <checkout>/Tests/EndToEndTests/ModelTests.swift
  static let fashion =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/examples/fashion-mnist/fashion.onnx"

  /// The result of a session for one input, as a tensor.
  func run(_ model: Model, _ input: Tensor, threads: Int32 = 1) throws -> Tensor {
    var options = SessionOptions()
    options.threads = threads
    return try run(Session(model, options), input)
  }

  func run(_ session: Session, _ input: Tensor) throws -> Tensor {
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

  /// The largest difference to the interpreter's result, as a share of the largest output.
  func distance(_ model: Model, _ input: Tensor) throws -> Double {
    let expected = try Interpreter(model.graph).run([input])[0], result = try run(model, input)
    #expect(result.shape == expected.shape)
    return result.distance(to: expected) / (expected.doubles().map(\.magnitude).max() ?? 0)
  }

  @Test(arguments: [1, 3])
  func theDemosNetwork(batch: Int) throws {
    var random = Random(1)
    let input = try random.tensor([batch, 1, 28, 28], in: 0...1), model = try Model(path: ModelTests.fashion)
    // About 20 layers of sums of at most 600 products each: 1e-5 is far above their roundings and far below any mistake.
    #expect(try distance(model, input) <= 1e-5)
    #expect(try run(model, input, threads: 2).distance(to: run(model, input)) == 0)
  }

  @Test(arguments: ["weights-int8", "prune80", "int8"])
  func compressedNetworks(recipe: String) throws {
    var random = Random(2)
    let input = try random.tensor([2, 1, 28, 28], in: 0...1), model = try Model(path: ModelTests.fashion)
    let small = try model.compressed(recipe: recipe, samples: CalibrationSamples(count: 3) { _ in [input] }, threads: 1)
    // Where codes are requantized, a rounding that falls the other way is a whole step of a code, 1/255 of a tensor's range.
    #expect(try distance(small, input) <= (recipe == "int8" ? 0.02 : 1e-5))
    #expect(try small.report().contains("\"layers\":["))
    for format in [Int32(1), 2] {
      let again = try small.encoded(format: format).withUnsafeBytes { try Model(copying: $0) }
      #expect(try run(again, input).distance(to: run(small, input)) == 0, "format \(format)")
    }
  }

  /// Zeros in blocks of four output channels: the plan finds them by looking, and what it makes is what all weights make, zeros included.
  @Test func blocksOfChannelsAreFound() throws {
    var random = Random(7)
    let image = try random.tensor([2, 1, 28, 28], in: 0...1), model = try Model(path: ModelTests.fashion)
    func blocksFound(_ step: String) throws -> Int {
      let recipe = #"{"name": "zeros", "steps": [{\#(step), "sparsity": 0.9, "scope": "layer"}]}"#
      let small = try model.compressed(recipe: recipe, samples: CalibrationSamples(count: 1) { _ in [image] }, threads: 1)
      #expect(try distance(small, image) <= 1e-5)
      #expect(try run(small, image, threads: 2).distance(to: run(small, image)) == 0)
      let session = try Session(small, SessionOptions())
      _ = try run(session, image)
      return try session.planDescription().split(separator: "% of the weights in blocks of").count - 1
    }
    // Small layers that keep all weights count too: they are blocks.
    let found = try blocksFound(#""method": "prune.block", "rows": 4, "mixing": 0"#)
    let scattered = try blocksFound(#""method": "prune.magnitude""#)
    #expect(found >= 4 && found > scattered, "\(found) \(scattered)")
  }

  @Test func descriptionsAddUp() throws {
    let model = try Model(path: ModelTests.fashion)
    let text = model.description()
    #expect(text.contains(#""shape":["#) && text.contains(#""parameters":"#) && text.contains(#""name":"image","dtype":"f32""#))
  }

  @Test(
    .enabled(if: SharedData.directory != nil, "the real networks stand beside the checkout"),
    arguments: [
      ("mobilenet_v1", [1, 3, 224, 224]), ("mobilenet_v2", [1, 3, 224, 224]), ("squeezenet1.1", [2, 3, 96, 80]),
      ("squeezenet1.0_deep_compressed", [1, 3, 227, 227]),
    ] as [(String, [Int])])
  func realNetworks(name: String, shape: [Int]) throws {
    var random = Random(3)
    let directory = try #require(SharedData.directory)
    let model = try Model(path: directory + "/models/" + name + ".onnx")
    // The bound that the project promises against other engines too.
    #expect(try distance(model, try random.tensor(shape)) <= 1e-4)
  }
}
