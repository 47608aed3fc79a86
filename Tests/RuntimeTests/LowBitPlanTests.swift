import Graph
import Plan
import Reference
import Tensors
import Testing

/// Fully connected layers whose weights are codes of few bits, with float vectors: they stay codes where that pays.
@Suite struct LowBitPlanTests {
  private func network(
    _ dtype: DType, bits: Int, group: Int?, transB: Bool, inputs: Int = 300, outputs: Int = 400, rows: Int = 1, gaps: Bool = false,
    sameZeros: Bool = true
  ) throws -> Net {
    var net = Net(seed: UInt64(bits))
    let shape = transB ? [outputs, inputs] : [inputs, outputs]
    let axis = transB ? 0 : 1
    let range = AffineQuantization.codes(bits: bits, signed: dtype == .s8)
    let groups = group.map { AffineQuantization.Group(axis: 1 - axis, size: $0).count(over: inputs) } ?? 1
    let zeros = (0..<outputs * groups).map { _ in sameZeros ? 0 : Int32(net.random.int(Int(range.lowerBound)...Int(range.upperBound))) }
    let quantization = try AffineQuantization(
      scales: net.random.floats(outputs * groups).map { 0.01 + abs($0) * 0.01 }, zeroPoints: zeros, axis: axis, bits: bits,
      group: group.map { .init(axis: 1 - axis, size: $0) })
    let codes = (0..<inputs * outputs).map { _ in net.random.int(Int(range.lowerBound)...Int(range.upperBound)) }
    let tensor = try dtype == .s8 ? Tensor(.s8, shape, codes.map { Int8($0) }) : Tensor(.u8, shape, codes.map { UInt8($0) })
    let weight = try Weight(shape: shape, elements: .affine(codes: tensor, quantization), arrangement: .dense)
    let w = net.graph.addValue("w", constant: gaps ? try weight.compacted() : weight)
    let x = net.input([rows, inputs])
    net.output(net.node(.gemm, [x, w, try net.constant([outputs])], ["transB": .int(transB ? 1 : 0), "activation": .string("Relu")]))
    return net
  }

  @Test(arguments: [2, 3, 4, 6, 8], [nil, 32, 100])
  func resultsAreTheFloatGraphs(bits: Int, group: Int?) throws {
    for (dtype, transB, same) in [(DType.s8, true, true), (.u8, false, false), (.s8, false, false)] {
      var net = try network(dtype, bits: bits, group: group, transB: transB, rows: 3, sameZeros: same)
      let graph = try net.finished()
      let plan = try makePlan(graph)
      #expect(plan.steps.contains { $0.kernel.hasPrefix("low_bit") }, "\(plan.steps.map(\.kernel))")
      let inputs = try net.randomInputs()
      let (actual, expected) = (try execute(graph, inputs)[0].floats(), try Interpreter(graph).run(inputs)[0].floats())
      let bounds = try Interpreter(graph.absolute()).run(inputs.map { try Tensor($0.shape, $0.floats().map { _ in 1 }) })[0].floats()
      // Inputs are below 1, so an element is off by 2⁻¹⁶ at most; few roundings of f32 come on top.
      for place in actual.indices { #expect(abs(actual[place] - expected[place]) <= 0x1.1p-16 * bounds[place] + 1e-6) }
      for threads in 2...3 {
        let other = try execute(graph, inputs, threads: threads)[0].floats()
        #expect(zip(actual, other).allSatisfy { $0.bitPattern == $1.bitPattern })
      }
    }
  }

  @Test func aRowDoesNotDependOnItsBatch() throws {
    var net = try network(.s8, bits: 4, group: 64, transB: true, rows: 11)
    let inputs = try net.randomInputs()
    let all = try execute(net.finished(), inputs)[0].floats()
    let single = try network(.s8, bits: 4, group: 64, transB: true).finished()
    for row in [0, 7, 8, 10] {
      let one = try execute(single, [Tensor([1, 300], Array(inputs[0].floats()[300 * row..<300 * row + 300]))])[0].floats()
      #expect(one == Array(all[400 * row..<400 * row + 400]))
    }
  }

  @Test func exactAndSmallProductsAreDecoded() throws {
    let graph = try network(.s8, bits: 4, group: 64, transB: true).finished()
    #expect(try !makePlan(graph, exact: true).steps.contains { $0.kernel.hasPrefix("low_bit") })
    let small = try network(.s8, bits: 4, group: 8, transB: true, inputs: 16, outputs: 10).finished()
    #expect(try !makePlan(small).steps.contains { $0.kernel.hasPrefix("low_bit") })
  }
}
