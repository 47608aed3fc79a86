import Compression
import Graph
import Reference
import Tensors
import Testing

/// Convolutions of all sorts of windows, for the methods that decompose their kernels.
struct KernelNetwork {
  var kernel = [3, 3]
  var strides = [1, 1]
  var pads = [1, 1, 1, 1]
  var dilations = [1, 1]
  var groups = 1
  var inputs = 4
  var outputs = 6

  /// `inputs` → `outputs` channels on 11 × 9, ReLU behind.
  func graph(_ weight: [Float]? = nil) throws -> Graph {
    var noise = Noise(5)
    var graph = Graph(name: "net")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), .fixed(inputs), .fixed(11), .fixed(9)]))
    let shape = [outputs, inputs / groups] + kernel
    let tensor = try weight.map { try Tensor(shape, $0) } ?? noise.tensor(shape, scale: 0.5)
    let (w, b) = (graph.addConstant("w", tensor), graph.addConstant("b", try noise.tensor([outputs], scale: 0.2)))
    let y = graph.append(
      .conv, "a", [x, w, b],
      [
        "strides": .ints(strides), "dilations": .ints(dilations), "group": .int(groups), "activation": .string("Relu"),
        "kernel_shape": .ints(kernel), "pads": .ints(pads),
      ])
    graph.outputs = [y]
    try graph.inferTypes()
    return graph
  }

  func samples(_ count: Int) throws -> Samples {
    var noise = Noise(9)
    return Samples(tensors: try (0..<count).map { _ in [try noise.tensor([1, inputs, 11, 9])] })
  }

  /// The graph after one step.
  static func apply(_ step: String, to graph: Graph, samples: Samples? = nil, progress: Progress? = nil) throws -> (
    graph: Graph, report: Report
  ) {
    let recipe = try Recipe("{\"steps\": [{\"layers\": \"*\", \(step)}]}")
    return try Compressor(evaluator: InterpreterEvaluator()).compress(graph, recipe: recipe, samples: samples, progress: progress) { _ in 1
    }
  }

  /// The root mean square of the difference of both graphs' outputs, relative to the first one's.
  func difference(_ a: Graph, _ b: Graph) throws -> Double {
    var noise = Noise(21)
    let input = try noise.tensor([2, inputs, 11, 9])
    let (x, y) = (try Interpreter(a).run([input])[0], try Interpreter(b).run([input])[0])
    guard x.shape == y.shape else { return .infinity }
    let (p, q) = (x.doubles(), y.doubles())
    return (zip(p, q).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / p.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  static let windows = [
    KernelNetwork(), KernelNetwork(kernel: [3, 5], strides: [2, 3], pads: [0, 2, 1, 0]),
    KernelNetwork(kernel: [3, 2], pads: [2, 0, 2, 1], dilations: [2, 1]),
    KernelNetwork(kernel: [5, 5], strides: [2, 1], pads: [2, 2, 2, 2]),
  ]
}

@Suite struct TuckerTests {
  /// A kernel [n, c, taps] of exact ranks.
  private func kernel(_ n: Int, _ c: Int, _ taps: Int, _ a: Int, _ b: Int, seed: UInt64 = 3) -> [Double] {
    let (first, core, last) = (
      DenseCheck.random(a * c, seed), DenseCheck.random(b * a * taps, seed + 1), DenseCheck.random(n * b, seed + 2)
    )
    var out = [Double](repeating: 0, count: n * c * taps)
    let half = DenseCheck.product(last, core, n, b, a * taps)
    for i in 0..<n {
      for r in 0..<a {
        for j in 0..<c { for t in 0..<taps { out[(i * c + j) * taps + t] += half[(i * a + r) * taps + t] * first[r * c + j] } }
      }
    }
    return out
  }

  private func rebuilt(_ f: TuckerFactors, _ n: Int, _ c: Int, _ taps: Int) -> [Double] {
    let (a, b) = (f.first.count / c, f.last.count / n)
    let half = DenseCheck.product(f.last, f.core, n, b, a * taps)
    var out = [Double](repeating: 0, count: n * c * taps)
    for i in 0..<n {
      for r in 0..<a {
        for j in 0..<c { for t in 0..<taps { out[(i * c + j) * taps + t] += half[(i * a + r) * taps + t] * f.first[r * c + j] } }
      }
    }
    return out
  }

  @Test(arguments: [1.0, 1e300, 1e-300]) func exactRanksAreRecovered(scale: Double) throws {
    for (n, c, taps, a, b) in [(12, 10, 9, 3, 4), (7, 20, 4, 5, 2), (6, 5, 9, 1, 1), (5, 4, 9, 4, 5)] {
      let k = kernel(n, c, taps, a, b)
      let modes = try TuckerModes(k.map { $0 * scale }, outputs: n, inputs: c, taps: taps)
      #expect(modes.energies()[b * (c + 1) + a] > 1 - 1e-12)
      let factors = try TuckerFactors(modes, inputRank: a, outputRank: b)
      #expect(factors.energy > 1 - 1e-12)
      // Directions come from matrices of squares: right to the root of a double's rounding where values are small, to 1e-12 here.
      for (x, y) in zip(rebuilt(factors, n, c, taps), k) { #expect(abs(x / scale - y) < 1e-11) }
    }
    let zero = try TuckerFactors(
      TuckerModes([Double](repeating: 0, count: 24), outputs: 2, inputs: 3, taps: 4), inputRank: 1, outputRank: 1)
    #expect(zero.energy == 1 && zero.core.allSatisfy { $0 == 0 })
    #expect(throws: Failure.self) { try TuckerModes([1, .nan], outputs: 1, inputs: 2, taps: 1) }
    #expect(throws: Failure.self) { try TuckerModes([1, 2, 3], outputs: 1, inputs: 2, taps: 1) }
  }

  @Test func turnsNeverLose() throws {
    let k = DenseCheck.random(16 * 12 * 9, 4), modes = try TuckerModes(k, outputs: 16, inputs: 12, taps: 9), energies = modes.energies()
    for (a, b) in [(3, 4), (6, 2), (10, 14)] {
      let (one, many) = try (
        TuckerFactors(modes, inputRank: a, outputRank: b, sweeps: 1), TuckerFactors(modes, inputRank: a, outputRank: b)
      )
      #expect(many.energy >= one.energy - 1e-12 && one.energy >= energies[b * 13 + a] - 1e-12)
      // What is kept is what the factors rebuild.
      let lost = zip(rebuilt(many, 16, 12, 9), k).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / k.reduce(0) { $0 + $1 * $1 }
      #expect(abs(1 - lost - many.energy) < 1e-12)
    }
  }

  @Test(arguments: KernelNetwork.windows) func fullRanksAreTheLayer(_ network: KernelNetwork) throws {
    let graph = try network.graph()
    let step = "\"method\": \"factorize.tucker2\", \"energy\": 1, \"keep\": \"always\", \"data_aware\": false"
    let (factored, _) = try KernelNetwork.apply(step, to: graph)
    #expect(factored.nodes.count(where: { $0.op == .conv }) == 3)
    // Three chains of f32 products, each rounded to 2⁻²⁴ of sums of up to 100 terms.
    #expect(try network.difference(graph, factored) < 1e-5)
    let (aware, _) = try KernelNetwork.apply(
      step.replacing("false", by: "true"), to: graph, samples: network.samples(8))
    #expect(try network.difference(graph, aware) < 1e-3)
  }

  @Test func samplesHelp() throws {
    let network = KernelNetwork(inputs: 12, outputs: 16)
    let graph = try network.graph()
    // Inputs that live in few directions.
    var noise = Noise(4)
    let mix = (0..<12 * 3).map { _ in noise.next() }
    let samples = Samples(
      tensors: try (0..<8).map { _ in
        var out = [Float](repeating: 0, count: 12 * 99)
        let sources = (0..<3 * 99).map { _ in noise.next() }
        for c in 0..<12 { for p in 0..<99 { for s in 0..<3 { out[c * 99 + p] += mix[c * 3 + s] * sources[s * 99 + p] } } }
        return [try Tensor([1, 12, 11, 9], out)]
      })
    func error(_ flag: Bool) throws -> Double {
      let step = "\"method\": \"factorize.tucker2\", \"rank\": 4, \"keep\": \"always\", \"data_aware\": \(flag)"
      let factored = try KernelNetwork.apply(step, to: graph, samples: samples).graph
      let input = samples.tensors[0]
      let (x, y) = (try Interpreter(graph).run(input)[0].doubles(), try Interpreter(factored).run(input)[0].doubles())
      return zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / x.reduce(0) { $0 + $1 * $1 }
    }
    #expect(try error(true) < 0.5 * error(false))
  }

  @Test func bayesianRanks() throws {
    // Signal of rank 6 in noise: singular values about 60 against a noise of at most √200 + √120.
    let (m, n) = (120, 200)
    let (a, b, noise) = (DenseCheck.random(m * 6, 2), DenseCheck.random(6 * n, 3), DenseCheck.random(m * n, 4))
    let signal = DenseCheck.product(a, b, m, 6, n)
    let values = try SVD(zip(signal, noise).map { $0 + 0.5 * $1 }, rows: m, columns: n).values
    #expect(EmpiricalBayesRank.rank(values, rows: m, columns: n) == 6)
    #expect(EmpiricalBayesRank.rank(values.map { $0 * 1e200 }, rows: n, columns: m) == 6)
    #expect(EmpiricalBayesRank.rank(values, rows: m, columns: n, noise: 0.25 / 3) == 6)
    let pure = try SVD(noise, rows: m, columns: n).values
    #expect(EmpiricalBayesRank.rank(pure, rows: m, columns: n) == 0)
    let exact = try SVD(signal, rows: m, columns: n).values
    #expect(EmpiricalBayesRank.rank(exact, rows: m, columns: n) == 6)
    #expect(EmpiricalBayesRank.rank([0, 0], rows: 2, columns: 9) == 0)
    #expect(EmpiricalBayesRank.rank([3], rows: 1, columns: 1) <= 1)
  }

  @Test func bayesianStep() throws {
    let network = KernelNetwork(inputs: 40, outputs: 48)
    var noise = Noise(6)
    let exact = kernel(48, 40, 9, 5, 6).map { Float($0) + 0.02 * noise.next() }
    let graph = try network.graph(exact)
    func ranks(_ options: String) throws -> [Int] {
      let (factored, _) = try KernelNetwork.apply(
        "\"method\": \"factorize.tucker2\", \"ranks\": \"vbmf\", \"keep\": \"always\", \(options)", to: graph)
      let shapes = try Layer.all(in: factored).map(\.shape)
      return [shapes[0][0], shapes[1][0]]
    }
    #expect(try ranks("\"floor\": 1") == [5, 6])
    #expect(try ranks("\"floor\": 12") == [12, 12])
    // Half the way: 22.5 and 27, rounded up to eights.
    #expect(try ranks("\"weakening\": 0.5") == [24, 32])
    #expect(throws: Failure.self) { try ranks("\"rank\": 4") }
  }

  @Test func whatItIsNotFor() throws {
    #expect(throws: Failure.self) {
      try KernelNetwork.apply("\"method\": \"factorize.tucker2\"", to: KernelNetwork(groups: 2).graph())
    }
    #expect(throws: Failure.self) {
      try KernelNetwork.apply("\"method\": \"factorize.tucker2\", \"rank\": 2", to: KernelNetwork().graph()) { _, _, _ in false }
    }
    // At full rank the chain costs more than the layer: refused with figures.
    let graph = try KernelNetwork().graph()
    let (same, report) = try KernelNetwork.apply("\"method\": \"factorize.tucker2\", \"energy\": 1", to: graph)
    #expect(same.nodes.count == graph.nodes.count)
    #expect(report.refused.first?.reason.hasPrefix("at or above break-even") ?? false)
  }
}

@Suite struct DecouplingTests {
  @Test(arguments: KernelNetwork.windows + [KernelNetwork(groups: 2)]) func fullRankIsTheLayer(_ network: KernelNetwork) throws {
    let graph = try network.graph()
    let step = "\"method\": \"factorize.depthwise\", \"energy\": 1, \"keep\": \"always\", \"data_aware\": "
    let (plain, _) = try KernelNetwork.apply(step + "false", to: graph)
    #expect(plain.nodes.count(where: { $0.op == .conv }) == 2)
    #expect(try network.difference(graph, plain) < 1e-5)
    let (aware, _) = try KernelNetwork.apply(step + "true", to: graph, samples: network.samples(8))
    #expect(try network.difference(graph, aware) < 1e-3)
  }

  @Test func exactRankAndEnergies() throws {
    let (n, c, taps) = (6, 4, 9)
    var kernel = [Double](repeating: 0, count: n * c * taps)
    let (u, v) = (DenseCheck.random(n * c * 2, 3), DenseCheck.random(c * 2 * taps, 4))
    for i in 0..<n {
      for j in 0..<c {
        for t in 0..<taps { for r in 0..<2 { kernel[(i * c + j) * taps + t] += u[(i * c + j) * 2 + r] * v[(j * 2 + r) * taps + t] } }
      }
    }
    let filters = try DecoupledFilters(kernel, outputs: n, inputs: c, taps: taps)
    let (depthwise, pointwise) = filters.factors(rank: 2)
    for i in 0..<n {
      for j in 0..<c {
        for t in 0..<taps {
          let made = (0..<2).reduce(0.0) { $0 + pointwise[(i * c + j) * 2 + $1] * depthwise[(j * 2 + $1) * taps + t] }
          #expect(abs(made - kernel[(i * c + j) * taps + t]) < 1e-13)
        }
      }
    }
    #expect(filters.energies.dropFirst(2).allSatisfy { $0 < 1e-25 })
    #expect(abs(filters.energies.reduce(0, +) / kernel.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
  }
}

extension String {
  fileprivate func replacing(_ old: String, by new: String) -> String {
    split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
  }
}

@Suite struct PolyadicTests {
  /// Σ of `terms` random terms, [n, c, h, w].
  private func kernel(_ extents: [Int], terms: Int) -> [Double] {
    let factors = extents.enumerated().map { DenseCheck.random(terms * $1, UInt64($0) + 2) }
    var out: [Double] = []
    for n in 0..<extents[0] {
      for c in 0..<extents[1] {
        for y in 0..<extents[2] {
          for x in 0..<extents[3] {
            var sum = 0.0
            for r in 0..<terms {
              let channels = factors[0][r * extents[0] + n] * factors[1][r * extents[1] + c]
              sum += channels * factors[2][r * extents[2] + y] * factors[3][r * extents[3] + x]
            }
            out.append(sum)
          }
        }
      }
    }
    return out
  }

  @Test(arguments: [1.0, 1e300, 1e-300]) func exactRanksAreRecovered(scale: Double) throws {
    var options = CanonicalPolyadic.Options()
    options.penalty = 0
    for (extents, terms) in [([12, 10, 3, 3], 4), ([8, 6, 5, 2], 3), ([5, 4, 1, 3], 2), ([3, 1, 1, 1], 1)] {
      let k = kernel(extents, terms: terms)
      let found = try CanonicalPolyadic(k.map { $0 * scale }, extents: extents, rank: terms, options: options)
      // Errors are differences of sums of squares: their roots are told from zero down to √2⁻⁵².
      #expect(found.relativeError < 1e-6 && found.growth < 10)
      var rebuilt = 0.0
      for r in 0..<terms {
        rebuilt +=
          found.last[r * extents[0]] * found.first[r * extents[1]] * found.vertical[r * extents[2]] * found.horizontal[r * extents[3]]
      }
      #expect(abs(rebuilt / scale - k[0]) < 1e-5)
    }
  }

  @Test func zeroSurplusTermsAndDeterminism() throws {
    let zero = try CanonicalPolyadic([Double](repeating: 0, count: 36), extents: [2, 2, 3, 3], rank: 2)
    #expect(zero.relativeError == 0 && zero.last.allSatisfy { $0 == 0 })
    let k = kernel([6, 5, 3, 3], terms: 2)
    let (one, two) = try (
      CanonicalPolyadic(k, extents: [6, 5, 3, 3], rank: 9), CanonicalPolyadic(k, extents: [6, 5, 3, 3], rank: 9)
    )
    #expect(one.last == two.last && one.relativeError < 1e-2 && one.growth < 10)
    #expect(throws: Failure.self) { try CanonicalPolyadic([1, .infinity], extents: [2, 1, 1, 1], rank: 1) }
    #expect(throws: Failure.self) { try CanonicalPolyadic(k, extents: [6, 5, 3], rank: 1) }
    #expect(throws: Failure.self) {
      try CanonicalPolyadic(k, extents: [6, 5, 3, 3], rank: 2, progress: ProgressReporter { _, _, _ in false })
    }
  }

  @Test func penalizedTermsDoNotCancelEachOther() throws {
    // a∘a∘b + a∘b∘a + b∘a∘a has rank 3 and is the limit of rank 2: without a penalty two terms grow without bound.
    var k = [Double](repeating: 0, count: 8)
    (k[1], k[2], k[4]) = (1, 1, 1)
    let found = try CanonicalPolyadic(k, extents: [2, 2, 2, 1], rank: 2)
    #expect(found.growth < 1000 && found.relativeError < 0.3)
    var strong = CanonicalPolyadic.Options()
    strong.penalty = 1e-2
    #expect(try CanonicalPolyadic(k, extents: [2, 2, 2, 1], rank: 2, options: strong).growth < 10)
  }

  @Test(arguments: KernelNetwork.windows) func enoughTermsAreTheLayer(_ network: KernelNetwork) throws {
    // Kernels of two terms: strides, padding and dilations of both axes come through.
    let graph = try network.graph(kernel([6, 4] + network.kernel, terms: 2).map(Float.init))
    let step = "\"method\": \"factorize.cp\", \"rank\": 2, \"keep\": \"always\", \"penalty\": 1e-9, \"data_aware\": "
    let (plain, _) = try KernelNetwork.apply(step + "false", to: graph)
    #expect(plain.nodes.count(where: { $0.op == .conv }) == 4)
    #expect(try network.difference(graph, plain) < 1e-4)
    let (aware, _) = try KernelNetwork.apply(step + "true", to: graph, samples: network.samples(8))
    #expect(try network.difference(graph, aware) < 1e-3)
  }

  @Test func ranksByEnergyAndWhatItIsNotFor() throws {
    let graph = try KernelNetwork().graph()
    let (factored, _) = try KernelNetwork.apply(
      "\"method\": \"factorize.cp\", \"target_macs\": 0.6, \"keep\": \"always\"", to: graph)
    #expect(factored.nodes.count(where: { $0.op == .conv }) == 4)
    #expect(throws: Failure.self) { try KernelNetwork.apply("\"method\": \"factorize.cp\"", to: KernelNetwork(groups: 2).graph()) }
    #expect(throws: Failure.self) { try KernelNetwork.apply("\"method\": \"factorize.cp\", \"rank\": 9999", to: graph) }
  }
}
