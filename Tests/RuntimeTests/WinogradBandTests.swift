import Graph
import Kernels
import Plan
import Reference
import Runtime
import Tensors
import Testing

/// Chains with Winograd's tiles in them, by bands: tiles lie where they lie in the whole image, so every bit is the same.
@Suite struct WinogradBandTests {
  private func plan(_ graph: Graph, _ bands: PlanOptions.Bands, threads: Int = 1) throws -> Plan {
    try Planner(kernels: kernelTable(), machine: .current()).plan(graph, PlanOptions(threads: threads, bands: bands))
  }

  /// Three to five layers as factorizations leave them: channels that end in half a panel, in part of one and in none.
  private func network(_ seed: Int) throws -> Net {
    var net = Net(seed: UInt64(seed) + 1)
    var channels = net.random.pick([16, 24, 33, 40])
    var extents = [net.random.int(9...41), net.random.int(9...30)]
    var value = net.input([net.random.int(1...2), channels] + extents)
    let activations: [[String: Attribute]] = [[:], ["activation": .string("Relu")], ["activation": .string("HardSwish")]]
    for _ in 0..<net.random.int(3...5) {
      let kernel = net.random.pick([[1, 1], [1, 1], [3, 1], [1, 3], [5, 1], [1, 5], [3, 3], [2, 2]])
      let outputs = net.random.pick([16, 24, 40, 72, 33])
      let stride = kernel == [2, 2] ? 2 : 1
      var pads = kernel.map { net.random.int(0...$0 / 2) } + kernel.map { net.random.int(0...$0 / 2) }
      if stride == 2 { pads = [0, 0, 0, 0] }
      let next = (0..<2).map { (extents[$0] + pads[$0] + pads[$0 + 2] - kernel[$0]) / stride + 1 }
      guard (0..<2).allSatisfy({ extents[$0] + pads[$0] + pads[$0 + 2] >= kernel[$0] }), next[0] > 2 else { continue }
      let attributes: [String: Attribute] = ["pads": .ints(pads), "strides": .ints([stride, stride])]
      value = net.node(
        .conv, [value, try net.constant([outputs, channels] + kernel), try net.constant([outputs])],
        attributes.merging(net.random.pick(activations)) { $1 })
      (channels, extents) = (outputs, next)
    }
    net.output(value)
    return net
  }

  @Test(arguments: 0..<60) func sameBits(seed: Int) throws {
    var net = try network(seed)
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let expected = try Executor(plan(graph, .off)).run(inputs)[0].floats()
    for (lines, threads) in [(1, 1), (net.random.int(2...9), 1), (net.random.int(1...5), 3), (100, 2)] {
      let plan = try plan(graph, .always(lines: lines), threads: threads)
      let actual = try Executor(plan, ExecutorOptions(threads: threads)).run(inputs)[0].floats()
      #expect(actual.map(\.bitPattern) == expected.map(\.bitPattern), "bands of \(lines), \(threads) threads")
    }
    // Each of at most five layers keeps 10⁻⁴ of its largest output; sums of random signs do not let that grow tenfold on the way.
    let exact = try Interpreter(graph).run(inputs)[0].floats()
    let largest = exact.map(abs).max() ?? 0
    #expect(zip(expected, exact).allSatisfy { abs($0 - $1) <= 1e-3 * largest })
  }

  /// Winograd's steps are in most of the bands, or the test above would show little; and where bands may not begin anywhere, chains are cut.
  @Test func chainsAreFound() throws {
    var (inside, outside) = (0, 0)
    for seed in 0..<60 {
      let graph = try network(seed).finished()
      func count(_ bands: PlanOptions.Bands) throws -> Int {
        try plan(graph, bands).steps.count { $0.kernel.hasPrefix("winograd_f32") }
      }
      let (whole, left) = (try count(.off), try count(.always(lines: 3)))
      inside += whole - left
      outside += left
    }
    #expect(inside > 40 && outside > 0)
  }

  /// Columns, rows and channels in place of 3 × 3: a chain of which no tensor in the middle is in memory.
  @Test(arguments: [8, 24, 40, 72]) func channelAndSpatial(rank: Int) throws {
    var net = Net(seed: UInt64(rank))
    let x = net.input([1, 64, 37, 30])
    let first = net.node(.conv, [x, try net.constant([rank, 64, 3, 1])], ["pads": .ints([1, 0, 1, 0])])
    let second = net.node(.conv, [first, try net.constant([rank, rank, 1, 3])], ["pads": .ints([0, 1, 0, 1])])
    let last = net.node(.conv, [second, try net.constant([64, rank, 1, 1])], ["activation": .string("Relu")])
    net.output(net.node(.globalAveragePool, [last]))
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let expected = try Executor(plan(graph, .off)).run(inputs)[0].floats()
    for (lines, threads) in [(1, 1), (6, 1), (5, 2), (12, 3)] {
      let bands = try plan(graph, .always(lines: lines), threads: threads)
      #expect(bands.steps.count { $0.macs > 0 } == 1)
      let actual = try Executor(bands, ExecutorOptions(threads: threads)).run(inputs)[0].floats()
      #expect(actual.map(\.bitPattern) == expected.map(\.bitPattern), "bands of \(lines), \(threads) threads")
    }
  }
}
