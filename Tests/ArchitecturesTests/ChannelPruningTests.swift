import Architectures
import Compression
import Graph
import Passes
import Reference
import TestSupport
import Tensors
import Testing

/// Every network of the literature can lose channels, and what is left computes what it computed with those channels at zero.
@Suite struct ChannelPruningTests {
  @Test(arguments: RunTests.small, [false, true])
  func cuttingEqualsMasking(_ network: (name: String, options: [(key: String, value: Double)]), simplified: Bool) throws {
    var graph = try Architecture.named(network.name).graph(network.options)
    if simplified { try Pipeline.simplify(&graph) }
    let dependencies = try ChannelDependencies(graph)
    var random = Random(3)
    var removed: [Int: [Int]] = [:]
    for (index, group) in dependencies.groups.enumerated() where group.frozen == nil {
      let scores = (0..<group.count).map { _ in Double(random.int(0...1_000_000)) }
      removed[index] = ChannelSelection(group).remove(group.count * 45 / 100, scores: scores)
    }
    let before = dependencies.groups.reduce(0) { $0 + ($1.frozen == nil ? $1.count : 0) }, gone = removed.values.reduce(0) { $0 + $1.count }
    #expect(gone * 4 > before, "only \(gone) of \(before) channels could go")
    let cut = try dependencies.cut(removed)
    let input = try RunTests.input(graph, batch: 2)
    let expected = try Interpreter(dependencies.masked(removed)).run([input])[0]
    // The removed terms are exact zeros in sums of doubles: the bits are the same.
    #expect(try Interpreter(cut).run([input])[0].distance(to: expected) == 0)
  }
}
