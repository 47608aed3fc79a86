import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct ReconstructTests {
  private let multiply = MatrixProducts(InterpreterEvaluator())

  /// A positive matrix of correlated inputs, with a ridge.
  private func gram(_ size: Int, seed: UInt64 = 3) -> [Double] {
    var noise = Noise(seed)
    let b = (0..<size * size).map { _ in Double(noise.next()) }
    return (0..<size * size).map { index in
      let (i, j) = (index / size, index % size)
      return (0..<size).reduce(i == j ? 0.3 : 0) { $0 + b[i * size + $1] * b[j * size + $1] }
    }
  }

  private func objective(_ z: [Float], _ gram: [Double], _ targets: [Double], _ size: Int) -> Double {
    var sum = 0.0
    for row in 0..<z.count / size {
      for i in 0..<size {
        let x = Double(z[row * size + i])
        sum -= 2 * x * targets[row * size + i]
        for j in 0..<size { sum += x * gram[i * size + j] * Double(z[row * size + j]) }
      }
    }
    return sum
  }

  /// The least value over all supports of one row, by normal equations on each.
  private func bruteForce(_ gram: [Double], _ targets: [Double], _ size: Int, kept: Int) -> Double {
    var best = Double.infinity
    for bits in 0..<1 << size where bits.nonzeroBitCount == kept {
      let support = (0..<size).filter { bits >> $0 & 1 == 1 }
      let part = support.flatMap { i in support.map { gram[i * size + $0] } }
      guard let factor = Cholesky(part, size: kept) else { continue }
      var solution = support.map { targets[$0] }
      solution.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { factor.solve(base) } }
      best = min(best, -zip(solution, support).reduce(0) { $0 + $1.0 * targets[$1.1] })
    }
    return best
  }

  @Test func comesNearTheBruteForceOptimum() throws {
    let size = 10
    var found = 0.0, least = 0.0
    for seed in 1...12 {
      let gram = gram(size, seed: UInt64(seed))
      var noise = Noise(UInt64(seed) + 50)
      let start = (0..<size).map { _ in noise.next() }
      let targets = (0..<size).map { i in (0..<size).reduce(0) { $0 + gram[i * size + $1] * Double(start[$1]) } }
      let regression = try #require(try SparseRegression(gram: gram, size: size, multiply: multiply))
      let (values, mask) = try regression.solve(
        targets: targets, start: start, allowed: [UInt8](repeating: 1, count: size), pattern: .elements, .init(channels: size, taps: 1),
        share: 0.5
      ) {}
      #expect(mask.count { $0 == 0 } == 5 && zip(values, mask).allSatisfy { $1 == 1 || $0 == 0 })
      let whole = objective(start, gram, targets, size)
      found += objective(values, gram, targets, size) - whole
      least += bruteForce(gram, targets, size, kept: 5) - whole
      // Magnitude keeps the largest as they are; reconstruction must lose less.
      let order = start.indices.sorted { start[$0].magnitude < start[$1].magnitude }
      let magnitude = start.indices.map { order.prefix(5).contains($0) ? 0 : start[$0] }
      #expect(objective(values, gram, targets, size) < objective(magnitude, gram, targets, size))
    }
    // Over the problems together at most half as much again as the best there is: the method is no search.
    #expect(found >= least - 1e-4 && found < 1.5 * least)
  }

  @Test func valuesMeetTheNormalEquationsOnTheSupport() throws {
    let size = 24, rows = 5
    let gram = gram(size)
    var noise = Noise(7)
    let targets = (0..<rows * size).map { _ in Double(noise.next()) }
    let start = (0..<rows * size).map { _ in noise.next() }
    let regression = try #require(try SparseRegression(gram: gram, size: size, multiply: multiply))
    let (values, mask) = try regression.solve(
      targets: targets, start: start, allowed: [UInt8](repeating: 1, count: rows * size), pattern: .elements,
      .init(channels: size, taps: 1), share: 0.6
    ) {}
    #expect(mask.count { $0 == 0 } == 72)
    for index in values.indices where mask[index] == 1 {
      let row = index / size, i = index % size
      let left = (0..<size).reduce(0) { $0 + gram[i * size + $1] * Double(values[row * size + $1]) }
      // Conjugate gradients on at most 24 unknowns: 30 steps reach f32 rounding times the condition (below 1e3).
      #expect(abs(left - targets[index]) < 2e-3)
    }
  }

  @Test func masksFromOutsideStay() throws {
    let size = 8
    let gram = gram(size)
    let start: [Float] = [1, 0, 2, 0, -1, 0.5, 0, 3]
    let targets = (0..<size).map { i in (0..<size).reduce(0) { $0 + gram[i * size + $1] * Double(start[$1]) } }
    let regression = try #require(try SparseRegression(gram: gram, size: size, multiply: multiply))
    let allowed = start.map { $0 == 0 ? UInt8(0) : 1 }
    for share in [0, 0.2, 0.375] {
      let (values, mask) = try regression.solve(
        targets: targets, start: start, allowed: allowed, pattern: .elements, .init(channels: size, taps: 1), share: share
      ) {}
      #expect(mask == allowed)
      // The optimum is the start itself.
      for (a, b) in zip(values, start) { #expect(abs(a - b) < 1e-3) }
    }
  }

  @Test func patternsHaveTheirForm() throws {
    var noise = Noise(4)
    let rows = 6, layout = ZeroPattern.Columns(channels: 10, taps: 3)
    let values = (0..<rows * 30).map { _ in noise.next() }
    var mask = [UInt8](repeating: 1, count: values.count)
    func at(_ row: Int, _ channel: Int, _ tap: Int) -> Int { row * 30 + channel * 3 + tap }
    try ZeroPattern.ratio(keep: 2, of: 4).fill(&mask, values: values, rows: rows, layout, share: 1)
    for row in 0..<rows {
      for tap in 0..<3 {
        for first in [0, 4] {
          let group = (first..<first + 4).map { at(row, $0, tap) }
          let kept = group.filter { mask[$0] == 1 }.map { values[$0].magnitude },
            gone = group.filter { mask[$0] == 0 }.map { values[$0].magnitude }
          #expect(kept.count == 2 && (kept.min() ?? 0) >= (gone.max() ?? 0))
        }
        #expect(mask[at(row, 8, tap)] == 1 && mask[at(row, 9, tap)] == 1)
      }
    }
    try ZeroPattern.blocks(rows: 4, columns: 2).fill(&mask, values: values, rows: rows, layout, share: 0.5)
    var zeros = 0
    for top in [0, 4] {
      for left in stride(from: 0, to: 10, by: 2) {
        for tap in 0..<3 {
          let block = (top..<min(top + 4, rows)).flatMap { row in (left..<left + 2).map { mask[at(row, $0, tap)] } }
          #expect(Set(block).count == 1)
          zeros += block[0] == 0 ? 1 : 0
        }
      }
    }
    #expect(zeros == 15)
    try ZeroPattern.elements.fill(&mask, values: values, rows: rows, layout, share: 0.25)
    #expect(mask.count { $0 == 0 } == 45)
  }

  // MARK: The methods

  private func prune(
    _ step: String, _ graph: Graph, samples: Samples?, progress: Progress? = nil
  ) throws -> (graph: Graph, report: Report) {
    let recipe = try Recipe("{\"steps\": [{\"method\": \(step)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples, progress: progress) { _ in 1
    }
  }

  private func weights(_ graph: Graph) throws -> [[Float]] {
    try Layer.all(in: graph).map { try graph[$0.weight].constant.map { try $0.decoded().floats() } ?? [] }
  }

  private func error(_ a: Graph, _ b: Graph, _ samples: Samples) throws -> Double {
    var sum = 0.0
    for sample in samples.tensors {
      let (x, y) = (try Interpreter(a).run(sample)[0].doubles(), try Interpreter(b).run(sample)[0].doubles())
      sum += zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return sum
  }

  @Test func losesLessThanMagnitude() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(12), others = try TinyNetwork.samples(12, seed: 77)
    let plain = try prune("\"prune.magnitude\", \"sparsity\": 0.6, \"layers\": [\"point\", \"head\"]", graph, samples: samples).graph
    for scope in ["layer", "global"] {
      let (pruned, report) = try prune(
        "\"prune.reconstruct\", \"sparsity\": 0.6, \"scope\": \"\(scope)\", \"layers\": [\"point\", \"head\"]", graph, samples: samples)
      let before = try weights(graph), after = try weights(pruned)
      // 104 weights; a share is rounded for each of two layers.
      let zeros = after[2].count { $0 == 0 } + after[3].count { $0 == 0 }
      #expect(abs(Double(zeros) - 62.4) <= 1.5, "\(zeros)")
      #expect(after[0] == before[0] && after[1] == before[1])
      #expect(try error(graph, pruned, others) < error(graph, plain, others))
      #expect(report.layers[2].format.contains("f32"))
    }
  }

  /// The head alone is pruned, so its targets are what it made; over the samples that it is fitted to, least squares make less variance
  /// than that (without damping), and the factors give it back. Sums of f32 and factors round at 2⁻²⁴ each, of some hundred terms: 1e-4 is far above.
  @Test func variancesComeBack() throws {
    var graph = try TinyNetwork.residual()
    let samples = try TinyNetwork.samples(24)
    let head = try #require(graph.nodes.lastIndex { $0.op == .gemm })
    (graph.outputs, graph.nodes) = (graph.nodes[head].outputs, Array(graph.nodes[...head]))
    func variances(_ graph: Graph) throws -> [Double] {
      let outputs = try samples.tensors.flatMap { sample -> [[Double]] in
        let y = try Interpreter(graph).run(sample)[0], values = y.doubles(), width = y.shape[1]
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
      }
      return outputs[0].indices.map { channel in
        let column = outputs.map { $0[channel] }, mean = column.reduce(0, +) / Double(column.count)
        return column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(column.count)
      }
    }
    let wanted = try variances(graph)
    func made(_ share: String) throws -> [Double] {
      let options = "\"sparsity\": 0.5, \"mixing\": 0, \"damping\": 0, \"restore_variance\": \(share), \"layers\": \"head\""
      return try variances(prune("\"prune.reconstruct\", " + options, graph, samples: samples).graph)
    }
    let (none, half, whole) = (try made("0"), try made("0.5"), try made("1"))
    for (channel, wanted) in wanted.enumerated() {
      #expect(none[channel] < wanted)
      guard none[channel] * 4 > wanted else { continue }
      #expect(abs(whole[channel] - wanted) < 1e-4 * wanted)
      // Half of the factor, not of the variance.
      let factor = (1 + (wanted / none[channel]).squareRoot()) / 2
      #expect(abs(half[channel] - factor * factor * none[channel]) < 1e-4 * wanted)
    }
    #expect(zip(none, wanted).contains { $0 * 4 > $1 })
  }

  @Test func blocksAndRatiosHaveTheirZeros() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(6)
    let half = try weights(prune("\"prune.nm\", \"keep\": 2, \"of\": 4, \"layers\": \"point\"", graph, samples: samples).graph)[2]
    for group in 0..<16 { #expect(half[group * 4..<group * 4 + 4].count { $0 == 0 } == 2) }
    let blocks = try weights(
      prune("\"prune.block\", \"sparsity\": 0.5, \"rows\": 4, \"columns\": 1, \"layers\": \"point\"", graph, samples: samples).graph)[2]
    for block in 0..<16 {
      let zeros = (0..<4).count { blocks[(block / 8 * 4 + $0) * 8 + block % 8] == 0 }
      #expect(zeros == 0 || zeros == 4)
    }
    #expect(blocks.count { $0 == 0 } == 32)
    #expect(message { try prune("\"prune.nm\", \"keep\": 4, \"of\": 4", graph, samples: samples) }.contains("steps[0].keep"))
  }

  @Test func everyKindOfLayerAndEqualBits() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(6)
    let step = "\"prune.reconstruct\", \"sparsity\": 0.5, \"scope\": \"layer\""
    let (a, report) = try prune(step, graph, samples: samples)
    #expect(try weights(a) == weights(prune(step, graph, samples: samples).graph))
    #expect(report.layers.allSatisfy { abs($0.zeros.after - 0.5) < 0.1 } && !report.notes.contains { $0.hasPrefix("'") })
    try Verifier.verify(a)
  }

  @Test func aMaskFromOutsideIsRefitted() throws {
    let graph = try TinyNetwork.residual(), samples = try TinyNetwork.samples(8)
    let masked = try prune("\"prune.magnitude\", \"sparsity\": 0.5, \"layers\": \"point\", \"bias_correction\": false", graph, samples: nil)
      .graph
    let refitted = try prune("\"prune.reconstruct\", \"sparsity\": 0, \"layers\": \"point\"", masked, samples: samples).graph
    #expect(try weights(refitted)[2].map { $0 == 0 } == weights(masked)[2].map { $0 == 0 })
  }

  @Test func deadAndConstantInputs() throws {
    var graph = try TinyNetwork.residual()
    // A depthwise layer that makes zeros: the layer behind it has nothing to go by, and keeps its output by its bias.
    let layer = try Layer.all(in: graph)[1]
    graph[layer.weight].constant = Weight(try Tensor(layer.shape, [Float](repeating: 0, count: layer.shape.reduce(1, *))))
    let samples = try TinyNetwork.samples(4)
    let pruned = try prune("\"prune.reconstruct\", \"sparsity\": 0.5, \"layers\": \"point\"", graph, samples: samples).graph
    // Logits below 10, probabilities: f32 rounding of both ways.
    #expect(try error(graph, pruned, samples) < 1e-9)
    let zeros = try weights(pruned)[2].count { $0 == 0 }
    #expect(zeros == 32, "\(zeros)")
  }

  @Test func refusesAndStops() throws {
    let graph = try TinyNetwork.residual()
    let step = "\"prune.reconstruct\", \"sparsity\": 0.5"
    #expect(status { try prune(step, graph, samples: nil) } == .recipe)
    #expect(status { try prune(step, graph, samples: TinyNetwork.samples(3)) { phase, _, _ in phase != "sensitivity" } } == .cancelled)
    let bad = Samples(tensors: [[try Tensor([1, 3, 8, 8], [Float](repeating: .nan, count: 192))]])
    let run = { try prune(step, graph, samples: bad) }
    #expect(status(run) == .notFinite && message(run).contains("'x'"))
    let quantized = try prune("\"quantize.affine\", \"activations\": null", graph, samples: nil).graph
    #expect(status { try prune(step, quantized, samples: TinyNetwork.samples(3)) } == .recipe)
  }
}
