import Graph
import Netsuke
import Reference
import Tensors
import TestSupport
import Testing

/// From a recipe that leaves a pattern of weights to the kernel that uses it.
@Suite struct PatternTests {
  @Test(arguments: [
    (#""prune.nm", "keep": 1, "of": 4"#, 0.75), (#""prune.nm", "keep": 4, "of": 8"#, 0.5),
    (#""prune.block", "sparsity": 0.8, "rows": 8, "columns": 1"#, 0.8),
  ])
  func prunedLayersRunOnTheirKernel(step: String, zeros: Double) throws {
    var random = Random(11)
    var graph = Graph(name: "classifier")
    let x = graph.addInput("x", ValueType(.f32, [.fixed(1), .fixed(512)]))
    let w = graph.addConstant("w", try random.tensor([384, 512])), bias = graph.addConstant("b", try random.tensor([384]))
    graph.outputs = [graph.append(.gemm, "head", [x, w, bias], ["transB": .int(1)])]
    try graph.inferTypes()
    let samples = try (0..<24).map { _ in try random.tensor([1, 512]) }
    let pruned = try Model(graph).compressed(
      recipe: #"{"steps": [{"method": \#(step)}]}"#, samples: CalibrationSamples(count: samples.count) { [samples[$0]] }, threads: 1)
    let floats = try #require(pruned.graph.values.compactMap { $0.constant }.first { $0.shape.count == 2 }).decoded().floats()
    #expect(abs(Double(floats.count { $0 == 0 }) / Double(floats.count) - zeros) < 0.01)
    let result = try ModelTests().run(pruned, samples[0]), expected = try Interpreter(pruned.graph).run([samples[0]])[0]
    // 513 terms: each sum is off by at most 513 · 2⁻²⁴ = 3.1e-5 of the sum of its terms' magnitudes, far more than it is off by on average.
    #expect(result.distance(to: expected) <= 3.1e-5 * 513)
    #expect(try ModelTests().run(pruned, samples[0], threads: 2).distance(to: result) == 0)
    #expect(try plan(pruned, samples[0]).contains("sparse_lanes_f32"))
  }

  private func plan(_ model: Model, _ input: Tensor) throws -> String {
    let session = try Session(model, SessionOptions())
    var argument = TensorArgument()
    argument.data = UnsafeMutableRawPointer(mutating: input.bytes.baseAddress)
    (argument.byteSize, argument.dtype, argument.rank) = (input.byteCount, Int32(input.dtype.rawValue), Int32(input.shape.count))
    for (axis, extent) in input.shape.enumerated() { argument[axis] = Int64(extent) }
    try withUnsafePointer(to: argument) {
      try session.prepare(UnsafeBufferPointer(start: $0, count: 1), UnsafeMutableBufferPointer(start: nil, count: 0))
    }
    return try session.planDescription()
  }
}
