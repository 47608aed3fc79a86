import Graph
import Plan
import Reference
import Runtime
import Tensors
import Testing

/// Products that read the caller's planes, or write them, in place of changes of layout.
@Suite struct PlanesOfProductsTests {
  private func pair(_ input: [Int], _ rank: Int, _ outputs: Int, _ activation: String? = nil, seed: UInt64 = 3) throws -> Net {
    var net = Net(seed: seed)
    let x = net.input(input)
    let thin = net.node(.conv, [x, try net.constant([rank, input[1], 1, 1]), try net.constant([rank])])
    let attributes = activation.map { ["activation": Attribute.string($0)] } ?? [:]
    net.output(net.node(.conv, [thin, try net.constant([outputs, rank, 1, 1]), try net.constant([outputs])], attributes))
    return net
  }

  /// A pair of factors between the caller's tensors: two products, and nothing turned.
  @Test(arguments: [([1, 512, 14, 14], 64), ([1, 96, 13, 7], 24), ([3, 40, 5, 3], 8), ([2, 64, 1, 9], 33)])
  func pairsTurnNothing(input: [Int], rank: Int) throws {
    for activation in [nil, "Relu", "HardSwish"] {
      var net = try pair(input, rank, 40, activation)
      let graph = try net.finished()
      let plan = try makePlan(graph)
      #expect(plan.steps.allSatisfy { $0.macs > 0 } && plan.steps.count == 2)
      let inputs = try net.randomInputs()
      try expectAgreement(graph, inputs, terms: input[1] + rank + 2)
      let one = try execute(graph, inputs)[0].floats()
      for threads in 2...3 { #expect(try execute(graph, inputs, threads: threads)[0].floats() == one) }
    }
  }

  /// An image's bits do not depend on the batch that it is in.
  @Test func imagesOfABatchAreAlike() throws {
    let graph = try pair([4, 48, 5, 5], 16, 24).finished()
    let single = try pair([1, 48, 5, 5], 16, 24).finished()
    var random = Random(seed: 8)
    let values = random.floats(4 * 48 * 25)
    let all = try execute(graph, [try Tensor([4, 48, 5, 5], values)])[0].floats()
    for image in 0..<4 {
      let one = try execute(single, [try Tensor([1, 48, 5, 5], Array(values[image * 1200..<(image + 1) * 1200]))])[0].floats()
      #expect(one == Array(all[image * 600..<(image + 1) * 600]))
    }
  }

  /// What else reads the operand or the result still gets what it needs, in whatever layout.
  @Test func otherReaders() throws {
    var net = Net(seed: 5)
    let x = net.input([1, 32, 9, 10])
    let a = net.node(.conv, [x, try net.constant([48, 32, 1, 1])])
    let b = net.node(.conv, [x, try net.constant([48, 32, 3, 3])], ["pads": .ints([1, 1, 1, 1])])
    net.output(a, net.node(.add, [a, b]), b)
    let graph = try net.finished()
    try expectAgreement(graph, try net.randomInputs(), terms: 9 * 32 + 8, slack: 1e-4)
  }

  /// A window at the end writes planes as well; with strides, and behind a concatenation.
  @Test func windowsAtTheEnd() throws {
    var net = Net(seed: 6)
    let x = net.input([2, 3, 21, 17])
    let a = net.node(.conv, [x, try net.constant([8, 3, 3, 3])], ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
    let c = net.node(.concat, [a, net.node(.relu, [a])], ["axis": .int(1)])
    net.output(net.node(.conv, [c, try net.constant([19, 16, 3, 3])], ["strides": .ints([2, 1]), "activation": .string("Relu")]))
    let graph = try net.finished()
    #expect(try makePlan(graph).steps.last?.macs ?? 0 > 0)
    try expectAgreement(graph, try net.randomInputs(), terms: 27 + 144 + 4)
  }
}
