import CMachine
import Graph
import Plan
import Tensors
import Testing

@Suite struct PlanTests {
  private func kernels(_ graph: Graph) throws -> [String] { try makePlan(graph).steps.map(\.kernel) }

  /// Concatenation and splitting along channels are addressing: no step copies.
  @Test func joinsAndSplitsCostNothing() throws {
    var net = Net()
    let x = net.input([1, 3, 8, 8])
    let squeeze = net.node(.conv, [x, try net.constant([8, 3, 1, 1])])
    let a = net.node(.conv, [squeeze, try net.constant([8, 8, 1, 1])])
    let b = net.node(.conv, [squeeze, try net.constant([8, 8, 3, 3])], ["pads": .ints([1, 1, 1, 1])])
    let c = net.node(.relu, [squeeze])
    let joined = net.node(.concat, [a, net.node(.concat, [b, c], ["axis": .int(1)])], ["axis": .int(1)])
    let halves = net.nodes(.split, [joined], outputs: 2, ["axis": .int(1), "num_outputs": .int(2)])
    let last = net.node(.conv, [halves[1], try net.constant([4, 12, 1, 1])])
    net.output(net.node(.flatten, [net.node(.globalAveragePool, [last])]))
    let graph = try net.finished()
    let used = try kernels(graph)
    #expect(!used.contains { $0.contains("copy") || $0.contains("transpose") })
    try expectAgreement(graph, net.randomInputs(), terms: 8 * 9 + 12 + 64 + 3)
  }

  @Test func elementwiseStepsWorkInPlace() throws {
    var net = Net()
    let x = net.input([1, 4, 32, 32])
    var y = net.node(.conv, [x, try net.constant([16, 4, 1, 1])])
    for _ in 0..<5 { y = net.node(.sigmoid, [net.node(.tanh, [y])]) }
    net.output(net.node(.globalMaxPool, [y]))
    let plan = try makePlan(net.finished())
    #expect(plan.arenaBytes <= (16 + 4) * 32 * 32 * 4 + 16 * 4 + 128)
  }

  @Test func theArenaIsSmallerThanItsTensors() throws {
    var net = Net()
    var y = net.input([1, 3, 16, 16])
    for _ in 0..<10 { y = net.node(.conv, [y, try net.constant([3, 3, 3, 3])], ["pads": .ints([1, 1, 1, 1])]) }
    net.output(y)
    // Two of ten are alive at a time.
    #expect(try makePlan(net.finished()).arenaBytes <= 2 * 3 * 16 * 16 * 4 + 128)
  }

  @Test func descriptionsNameEveryStep() throws {
    var net = Net()
    let x = net.input([1, 3, 8, 8])
    net.output(net.node(.conv, [x, try net.constant([8, 3, 3, 3])], ["activation": .string("Relu")]))
    let plan = try makePlan(net.finished())
    #expect(plan.description.contains("Conv+Relu") && plan.description.contains("gemm_f32") && plan.description.contains("1x8x6x6"))
    #expect(plan.macs == 6 * 6 * 8 * 27)
    #expect(plan.constantBytes == (27 * 16 + 16) * 4)
  }

  @Test func sharedWeightsArePackedOnce() throws {
    func bytes(layers: Int, exact: Bool) throws -> Int {
      var net = Net()
      let w = try net.constant([16, 16, 3, 3])
      var y = net.input([1, 16, 8, 8])
      for _ in 0..<layers { y = net.node(.conv, [y, w], ["pads": .ints([1, 1, 1, 1])]) }
      net.output(y)
      return try makePlan(net.finished(), exact: exact).constantBytes
    }
    // Two layers more add their biases only.
    for exact in [false, true] { #expect(try bytes(layers: 3, exact: exact) - bytes(layers: 1, exact: exact) == 2 * 16 * 4) }
  }

  @Test func machinesWithoutTheInstructionsAreRefused() throws {
    #if arch(x86_64)
      #expect { try Machine.requireKernelInstructions(UInt32(CMACHINE_AVX2)) } throws: { error in
        let failure = error as? Failure
        return failure?.status == .unsupportedMachine && failure?.message.contains("FMA") == true
      }
    #endif
    let machine = try Machine.current()
    #expect(machine.level1Bytes >= 8 << 10 && machine.level2Bytes >= machine.level1Bytes)
  }

  @Test func openExtentsAreRefused() throws {
    var net = Net()
    let x = net.graph.addInput("x", ValueType(.f32, [.symbol("N"), 3]))
    net.output(net.node(.relu, [x]))
    #expect { try makePlan(net.finished()) } throws: { ($0 as? Failure)?.status == .unsupported }
  }

  @Test func weightsMadeAtRunTimeAreRefusedByName() throws {
    var net = Net()
    let x = net.input([1, 3, 8, 8])
    net.output(net.node(.conv, [x, net.input([4, 3, 1, 1])]))
    #expect { try makePlan(net.finished()) } throws: { ($0 as? Failure)?.node == "Conv0" }
  }

  /// Neither a long chain of joins nor a claim of absurd work may end the process.
  @Test func hostileGraphsAreSurvived() throws {
    var net = Net()
    let x = net.input([1, 1, 2, 2])
    var y = net.node(.conv, [x, try net.constant([1, 1, 1, 1], [1])])
    for _ in 0..<3000 { y = net.node(.flatten, [net.node(.concat, [y], ["axis": .int(1)])]) }
    net.output(y)
    #expect(try execute(net.finished(), [Tensor([1, 1, 2, 2], [1, 2, 3, 4])])[0].floats() == [1, 2, 3, 4])
    var huge = Net()
    let side = 1 << 21
    huge.output(huge.node(.matMul, [huge.input([side, side]), huge.input([side, side])]))
    let plan = try makePlan(huge.finished())
    #expect(plan.macs == Int.max)
  }
}
