import Kernels
import Plan
import Reference
import Runtime
import Tensors
import Testing

/// When a pointwise convolution is run by Strassen's method, and that the result is still right.
@Suite struct StrassenPlanTests {
  /// A pointwise layer, with a residual behind it where one is asked for.
  private func net(size: Int, _ channels: Int, _ outputs: Int, residual: Bool = false, weights: [Float]? = nil) throws -> Net {
    var net = Net(seed: UInt64(size))
    let x = net.input([1, channels, size, size])
    let y = net.node(.conv, [x, try net.constant([outputs, channels, 1, 1], weights), try net.constant([outputs])])
    net.output(residual ? net.node(.add, [y, net.input([1, outputs, size, size])], ["activation": .string("Relu")]) : y)
    return net
  }

  private func kernel(_ plan: Plan) -> String { plan.steps.first { $0.macs > 0 }?.kernel ?? "" }

  @Test func deepLayersTakeItAndExactPlansDoNot() throws {
    let graph = try net(size: 14, 512, 512).finished()
    let plan = try makePlan(graph)
    #expect(kernel(plan).hasPrefix("strassen_f32") && plan.description.contains("gemm"))
    #expect(kernel(try makePlan(graph, exact: true)).hasPrefix("gemm_f32"))
  }

  /// The promise is 10⁻⁴ of the largest output, for any layer; odd rows, incomplete halves and residuals included.
  @Test(arguments: [(14, 512, 512, false), (7, 512, 1000, true), (9, 640, 536, true), (19, 512, 376, false)])
  func theErrorIsSmallAndThreadsDoNotShow(size: Int, channels: Int, outputs: Int, residual: Bool) throws {
    var net = try net(size: size, channels, outputs, residual: residual)
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let plan = try makePlan(graph)
    #expect(kernel(plan).hasPrefix("strassen_f32"))
    let (actual, expected) = (try Executor(plan).run(inputs)[0].floats(), try Interpreter(graph).run(inputs)[0].floats())
    let largest = expected.map(abs).max() ?? 0
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
    for threads in 2...4 { #expect(try execute(graph, inputs, threads: threads)[0].floats() == actual) }
  }

  @Test(arguments: [Float.nan, .infinity, 3e38])
  func weightsThatDoNotFitAreRefused(value: Float) throws {
    let weights = (0..<512 * 512).map { $0 == 77 ? value : Float($0 % 7) - 3 }
    let plan = try makePlan(net(size: 14, 512, 512, weights: weights).finished())
    #expect(kernel(plan).hasPrefix("gemm_f32") && plan.description.contains("refused"))
  }
}
