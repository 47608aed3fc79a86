import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct ReportTests {
  private func compress(
    _ recipe: String, machine: String = "a processor", progress: Progress? = nil
  ) throws -> (graph: Graph, report: Report) {
    try Compressor(evaluator: InterpreterEvaluator(), machine: machine, time: "2026-01-01T00:00:00Z").compress(
      TinyNetwork.residual(), recipe: Recipe(recipe), samples: TinyNetwork.samples(2), progress: progress
    ) { graph in
      graph.values.reduce(100) { $0 + ($1.constant?.storedByteCount ?? 0) } + (graph.metadata[Report.metadataKey]?.utf8.count ?? 0)
    }
  }

  @Test func addsUp() throws {
    let (graph, report) = try compress("prune80-int8")
    // Elements: 8·3·9+8, 8·9+8, 8·8+8, 5·8+5.
    #expect(report.parameters == 224 + 80 + 72 + 45)
    #expect(report.layers.map(\.bytes.before) == [224 * 4, 80 * 4, 72 * 4, 45 * 4])
    // Codes (20 % of 216, rounded), a scale and zero point for each of 8 channels, the bitmap, the bias.
    #expect(report.layers[0].bytes.after == 43 + 8 * 8 + 27 + 32)
    #expect(report.bytes.before == 100 + 421 * 4)
    let text = try #require(graph.metadata[Report.metadataKey])
    let constants = graph.values.reduce(0) { $0 + ($1.constant?.storedByteCount ?? 0) }
    #expect(report.bytes.after == 100 + constants + text.utf8.count)
    let total = try #require(try JSONValue(parsing: text)["total"]), ratio = try #require(total["size_ratio"])
    guard case .number(let number) = ratio else { throw Failure(.internal, "not a number") }
    #expect(abs(number - Double(report.bytes.before) / Double(report.bytes.after)) <= 0.00005 + 1e-9)
    // MACs of one sample at 8×8: 8·27, 8·9 and 8·8 for each pixel, 5·8.
    #expect(report.layers.map(\.macs) == [216 * 64, 72 * 64, 64 * 64, 40] && report.macs == 352 * 64 + 40)
    #expect(report.zeros.before == 0 && report.zeros.after >= 0.8)
    #expect(report.machine == "a processor" && report.samples == 2)
    #expect(report.notes == ["times were not measured: the interpreter has no clock"] && report.milliseconds.before == nil)
    #expect(try Report(fromJSON: text) == report)
    #expect(try Report(fromJSON: report.toJSON(indented: true)) == report)
  }

  /// The report counts itself, its own figures included, whatever their digits are.
  @Test func countsItselfAtAnyLength() throws {
    for length in 0..<30 {
      let (graph, report) = try compress("weights-int8", machine: String(repeating: "x", count: length))
      let text = try #require(graph.metadata[Report.metadataKey])
      let constants = graph.values.reduce(0) { $0 + ($1.constant?.storedByteCount ?? 0) }
      #expect(report.bytes.after == 100 + constants + text.utf8.count)
    }
  }

  @Test func totalsDoNotOverflow() {
    #expect(LayerCost.total([:]) == nil && LayerCost.total(["a": 3, "b": 4]) == 7)
    #expect(LayerCost.total(["a": .max - 1, "b": 2, "c": 5]) == .max)
  }

  @Test func signalToNoiseFollowsItsFormula() throws {
    let (small, report) = try compress("weights-int8")
    let graph = try TinyNetwork.residual()
    var signal = 0.0, noise = 0.0
    for sample in try TinyNetwork.samples(2).tensors {
      let a = try Interpreter(graph).run(sample)[0].doubles(), b = try Interpreter(small).run(sample)[0].doubles()
      for (x, y) in zip(a, b) { (signal, noise) = (signal + x * x, noise + (x - y) * (x - y)) }
    }
    // 10^(dB/10) is the quotient; both sides are sums of the same doubles.
    var ratio = 1.0
    for _ in 0..<Int(report.signalToNoise ?? 0) { ratio *= 1.2589254117941673 }
    #expect(ratio <= signal / noise && signal / noise < ratio * 1.2589254117941673 * 1.000001)
  }

  @Test func isTheSameEveryTime() throws {
    let (a, b) = (try compress("int8"), try compress("int8"))
    #expect(a.report == b.report && a.graph.text == b.graph.text)
    for (x, y) in zip(a.graph.values, b.graph.values) {
      #expect(x.constant.map { Array($0.elements.stored.bytes) } == y.constant.map { Array($0.elements.stored.bytes) })
    }
  }

  @Test func cancelsAtEveryCall() throws {
    var calls = 0
    _ = try compress("prune80-int8") { _, done, total in
      calls += 1
      #expect(done >= 0 && done <= total)
      return true
    }
    #expect(calls > 10)
    for stop in stride(from: 1, through: calls, by: 3) {
      var count = 0
      #expect(
        status {
          try compress("prune80-int8") { _, _, _ in
            count += 1
            return count < stop
          }
        } == .cancelled)
      #expect(count == stop)
    }
  }

  @Test func sampleErrorsComeThrough() throws {
    struct Broken: SampleSource {
      struct Disk: Error {}
      let count = 3
      func sample(_ index: Int) throws -> [Tensor] { throw Disk() }
    }
    #expect(throws: Broken.Disk.self) {
      try Compressor(evaluator: InterpreterEvaluator()).compress(
        TinyNetwork.residual(), recipe: Recipe("int8"), samples: Broken()
      ) { _ in 1 }
    }
  }

  @Test(arguments: ["", "{}", "[]", "{\"version\": 2}", "{\"version\": 1}", "{\"version\": \"1\"}"])
  func refusesWhatIsNoReport(text: String) {
    #expect(status { try Report(fromJSON: text) } == .malformedFile)
  }
}
