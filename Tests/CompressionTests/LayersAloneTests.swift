import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct LayersAloneTests {
  private func compress(_ options: String, samples: Samples?) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"quantize.affine\", \(options)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(TinyNetwork.residual(), recipe: recipe, samples: samples) { _ in 1 }
  }

  /// A layer by itself is at least about as near the float layer as behind others, and the first layer has nothing before it.
  @Test func aloneIsNearer() throws {
    let (_, report) = try compress("\"weights\": 4, \"rounding\": \"nearest\", \"insist\": true", samples: TinyNetwork.samples(4))
    for layer in report.layers {
      let alone = try #require(layer.alone), noise = try #require(alone.signalToNoise), behind = try #require(layer.signalToNoise)
      // The one is of sums, the other of what activation and codes make of them: a few dB apart by that alone.
      #expect(noise > behind - 3, "\(layer.name)")
      #expect(try #require(alone.low) <= 0 && (try #require(alone.high)) > 0)
      #expect((0..<0.05).contains(try #require(alone.inputSaturation)) && (0..<0.6).contains(alone.weightSaturation))
    }
    #expect(try Report(fromJSON: report.toJSON()) == report)
  }

  /// Percentiles cut inputs off, and the report says how many; minmax cuts nothing that was calibrated on.
  @Test func saturationIsCounted() throws {
    let samples = try TinyNetwork.samples(4)
    let cut = try compress("\"calibrator\": \"percentile\", \"percentile\": 95, \"equalize\": false, \"insist\": true", samples: samples)
      .report
    let whole = try compress("\"calibrator\": \"minmax\", \"equalize\": false, \"insist\": true", samples: samples).report
    for (a, b) in zip(cut.layers, whole.layers) {
      #expect(try #require(a.alone?.inputSaturation) > 0.005 && b.alone?.inputSaturation == 0)
      // 8-bit scales of the largest magnitude cut no weight off.
      #expect(b.alone?.weightSaturation == 0)
    }
    let clipped = try compress("\"weights\": 2, \"edges\": null, \"activations\": null, \"rounding\": \"nearest\"", samples: nil).report
    #expect(clipped.layers.contains { ($0.alone?.weightSaturation ?? 0) > 0 })
    #expect(clipped.layers.allSatisfy { $0.alone?.low == nil && $0.alone?.signalToNoise == nil })
  }

  @Test func floatLayersHaveNone() throws {
    let recipe = try Recipe(#"{"steps": [{"method": "prune.magnitude", "sparsity": 0.5}]}"#)
    let report = try Compressor(evaluator: InterpreterEvaluator()).compress(TinyNetwork.residual(), recipe: recipe) { _ in 1 }.report
    #expect(report.layers.allSatisfy { $0.alone == nil })
  }
}
