import Graph
import Plan
import Tensors
import Testing

/// Convolutions on codes whose weights are mostly zeros: when they leave them out, and that it makes no difference to a single code.
@Suite struct SparseCodesPlanTests {
  /// Layers as networks have them: strides, groups, an activation that is no clamp, results as codes and as reals.
  private func network(batch: Int, percent: Int) throws -> Net {
    var net = Net(seed: UInt64(percent) + 50)
    var y = try net.quantized(net.input([batch, 16, 17, 15]), scale: 0.008, zero: 121)
    for (inputs, outputs, kernel, stride, group, activation) in [
      (16, 64, 1, 1, 1, Activation.relu), (64, 64, 3, 1, 1, .none), (64, 72, 3, 2, 2, .hardSwish),
      (72, 40, 5, 1, 1, .clip(low: 0, high: 3)),
    ] {
      var attributes = Attributes([
        "group": .int(group), "strides": .ints([stride, stride]), "pads": .ints([Int](repeating: kernel / 2, count: 4)),
      ])
      activation.store(in: &attributes)
      let w = try net.integerWeights([outputs, inputs / group, kernel, kernel], percent: percent)
      let z = net.node(.conv, [y, w, try net.gridBias(outputs, input: 0.008)], attributes.values)
      y = try net.quantized(z, scale: 0.05, zero: 100)
    }
    net.output(net.node(.conv, [y, try net.integerWeights([30, 40, 1, 1], percent: percent)]))
    return net
  }

  @Test(arguments: [0, 10, 50, 100]) func everyWayGivesTheSameBits(percent: Int) throws {
    var net = try network(batch: 2, percent: percent)
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let dense = try execute(graph, inputs, sparse: .off)
    for sparse in [PlanOptions.Sparse.chosen, .always] {
      for threads in 1...4 {
        for (a, b) in zip(dense, try execute(graph, inputs, threads: threads, sparse: sparse)) { #expect(a.bytes.elementsEqual(b.bytes)) }
      }
    }
    let kernels = try makePlan(graph, sparse: .always).steps.map(\.kernel)
    #expect(kernels.count { $0.contains("sparse_u8s8") } == 5)
  }

  @Test func zerosAreLeftOutWhereThatPays() throws {
    func sparseSteps(percent: Int, _ sparse: PlanOptions.Sparse) throws -> [Step] {
      try makePlan(network(batch: 1, percent: percent).finished(), sparse: sparse).steps.filter { $0.kernel.contains("sparse_u8s8") }
    }
    let steps = try sparseSteps(percent: 5, .chosen)
    #expect(steps.count >= 3)
    for step in steps {
      let choice = try #require(step.choice)
      #expect(choice.losers.allSatisfy { $0.nanoseconds >= choice.nanoseconds } && !choice.losers.isEmpty)
    }
    #expect(try sparseSteps(percent: 5, .off).isEmpty)
    #expect(try sparseSteps(percent: 100, .chosen).isEmpty)
  }
}
