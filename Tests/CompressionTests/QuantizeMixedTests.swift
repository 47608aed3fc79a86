import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct QuantizeMixedTests {
  private func mixed(_ options: String) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \"quantize.mixed\"\(options)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(
      TinyNetwork.residual(), recipe: recipe, samples: TinyNetwork.samples(12)
    ) { _ in 1 }
  }

  private func weightBytes(_ graph: Graph) throws -> Int {
    try Layer.all(in: graph).reduce(0) { $0 + (graph[$1.weight].constant?.storedByteCount ?? 0) }
  }

  /// A budget holds, is used, and more of it does less harm.
  @Test func budgetsHold() throws {
    let floats = try weightBytes(TinyNetwork.residual())
    var last = -Double.infinity
    for ratio in [0.25, 0.3, 0.45] {
      let (small, report) = try mixed(", \"target_ratio\": \(ratio), \"activations\": null, \"rounding\": \"nearest\"")
      let bytes = try weightBytes(small)
      #expect(Double(bytes) <= ratio * Double(floats))
      // The largest layer has 216 weights: a bit more for it is 27 bytes.
      if ratio < 0.4 { #expect(Double(bytes) > ratio * Double(floats) - 27) }
      let noise = try #require(report.signalToNoise)
      #expect(noise > last)
      last = noise
      #expect(report.notes.contains { $0.hasPrefix("quantize.mixed chose bits for 4 layers: ") })
    }
    let (small, _) = try mixed(", \"target_bytes\": 400, \"activations\": null")
    #expect(try weightBytes(small) <= 400)
  }

  @Test func aNoiseRatioIsEnough() throws {
    let rough = try mixed(", \"least_snr\": 12, \"activations\": null"), fine = try mixed(", \"least_snr\": 30, \"activations\": null")
    #expect(try weightBytes(rough.graph) < weightBytes(fine.graph))
    // What layers do alone adds up but for chance; reconstruction only helps.
    #expect(try #require(fine.report.signalToNoise) > 24)
  }

  @Test func somethingMustBeAskedFor() throws {
    #expect(status { try mixed("") } == .recipe)
    #expect(status { try Recipe(#"{"steps": [{"method": "quantize.mixed", "target_ratio": 2}]}"#) } == .recipe)
    // Three bits for every layer are more than this: the narrowest there is, and a note.
    let (small, report) = try mixed(", \"target_bytes\": 1, \"activations\": null, \"rounding\": \"nearest\"")
    #expect(try Layer.all(in: small).allSatisfy { small[$0.weight].constant?.quantization?.bits == 3 })
    #expect(report.notes.contains { $0.contains("more than the budget") })
  }

  /// Bytes go where they do most good, by whole steps over flat places of a curve.
  @Test func bitsAreSpentByGain() {
    let choice = SpendBits(damage: [[8, 4, 1], [100, 100, 0], [5, 5, 5]], bytes: [[1, 2, 3], [10, 20, 30], [1, 2, 3]])
    #expect(choice.levels(bytes: 13, damage: nil) == [1, 0, 0])
    #expect(choice.levels(bytes: 32, damage: nil) == [0, 2, 0])
    #expect(choice.levels(bytes: 1000, damage: nil) == [2, 2, 0])
    #expect(choice.levels(bytes: nil, damage: 9.5) == [1, 2, 0])
    #expect(choice.levels(bytes: nil, damage: 1000) == [0, 0, 0])
    #expect(SpendBits(damage: [], bytes: []).levels(bytes: 5, damage: 0).isEmpty)
  }
}
