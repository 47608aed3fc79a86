import KernelContract
import Kernels
import Plan
import Reference
import Runtime
import Tensors
import Testing

/// When a convolution is run by Winograd's algorithm, and that the result is still right.
@Suite struct WinogradPlanTests {
  private func net(size: Int, channels: Int, window: Int = 3, _ weights: [Float]? = nil, seed: UInt64 = 1) throws -> Net {
    try net(size: size, channels: channels, window: (window, window), weights, seed: seed)
  }

  private func net(size: Int, channels: Int, window: (Int, Int), _ weights: [Float]? = nil, seed: UInt64 = 1) throws -> Net {
    var net = Net(seed: seed)
    let x = net.input([1, channels, size, size])
    let w = try net.constant([channels, channels, window.0, window.1], weights)
    let pads = [window.0 / 2, window.1 / 2, window.0 / 2, window.1 / 2]
    let y = net.node(.conv, [x, w, try net.constant([channels])], ["pads": .ints(pads), "activation": .string("Relu")])
    net.output(y)
    return net
  }

  /// The kernel of the convolution.
  private func kernel(_ plan: Plan) -> String { plan.steps.first { $0.macs > 0 }?.kernel ?? "" }

  @Test func wideLayersTakeIt() throws {
    let plan = try makePlan(net(size: 28, channels: 64).finished())
    #expect(kernel(plan).hasPrefix("winograd_f32"))
    #expect(try kernel(makePlan(net(size: 28, channels: 64, window: 5).finished())).hasPrefix("winograd_f32"))
    #expect(plan.description.contains("winograd 4×4") && plan.description.contains("gemm") && plan.json.contains("\"why\": \"winograd"))
  }

  @Test func exactPlansDoNot() throws {
    let plan = try makePlan(net(size: 28, channels: 64).finished(), exact: true)
    #expect(kernel(plan).hasPrefix("gemm_f32"))
  }

  /// The promise is 10⁻⁴ of the largest output, for any layer.
  @Test(arguments: [(7, 48), (14, 96), (29, 16), (40, 33)], [3, 5])
  func theErrorIsSmall(layer: (size: Int, channels: Int), window: Int) throws {
    let (size, channels) = layer
    var net = try net(size: size, channels: channels, window: window, seed: UInt64(size))
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let plan = try makePlan(graph)
    #expect(kernel(plan).hasPrefix("winograd_f32"))
    let (actual, expected) = (try Executor(plan).run(inputs)[0].floats(), try Interpreter(graph).run(inputs)[0].floats())
    let largest = expected.map(abs).max() ?? 0
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
  }

  @Test func theNumberOfThreadsDoesNotShow() throws {
    for (size, channels) in [(28, 64), (7, 256), (5, 16)] {
      for window in [(3, 3), (3, 1), (1, 3), (5, 1)] {
        var net = try net(size: size, channels: channels, window: window)
        let graph = try net.finished()
        let inputs = try net.randomInputs()
        let one = try execute(graph, inputs)[0].floats()
        for threads in 2...4 { #expect(try execute(graph, inputs, threads: threads)[0].floats() == one) }
      }
    }
  }

  /// Windows of a single row or column take tiles that are one, and keep the promise.
  @Test(arguments: [(3, 1), (1, 3), (5, 1), (1, 5), (7, 1), (1, 7)], [(7, 48), (28, 64), (40, 33)])
  func linesTakeIt(window: (Int, Int), layer: (size: Int, channels: Int)) throws {
    var net = try net(size: layer.size, channels: layer.channels, window: window, seed: UInt64(layer.size))
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let plan = try makePlan(graph)
    if layer.size == 28 {
      let shape = window.0 > 1 ? "×1" : " 1×"
      #expect(kernel(plan).hasPrefix("winograd_f32") && plan.description.contains("winograd") && plan.description.contains(shape))
    }
    let (actual, expected) = (try Executor(plan).run(inputs)[0].floats(), try Interpreter(graph).run(inputs)[0].floats())
    let largest = expected.map(abs).max() ?? 0
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
  }

  /// Weights whose transform is no number, or too large, or cancels: the product runs them as it always did.
  @Test(arguments: [Float.nan, .infinity, 3e38, 0])
  func weightsThatDoNotFitAreRefused(value: Float) throws {
    let count = 64 * 64 * 9
    let weights = (0..<count).map { index in value == 0 ? 0 : index % 64 == 5 ? value : Float(index % 7) - 3 }
    let plan = try makePlan(net(size: 28, channels: 64, weights).finished())
    #expect(kernel(plan).hasPrefix("gemm_f32") != (value == 0))
    if value != 0 { #expect(plan.description.contains("refused")) }
  }

  /// Other windows, strides and few channels are the product's.
  @Test func otherWindowsAreTheProducts() throws {
    for (kernel, stride, dilation, channels) in [
      (7, 1, 1, 64), (5, 2, 1, 64), (4, 1, 1, 64), (3, 2, 1, 64), (3, 1, 2, 64), (3, 1, 1, 8), (1, 1, 1, 64),
    ] {
      var net = Net()
      let x = net.input([1, channels, 28, 28])
      net.output(
        net.node(
          .conv, [x, try net.constant([64, channels, kernel, kernel])],
          ["strides": .ints([stride, stride]), "dilations": .ints([dilation, dilation])]))
      #expect(self.kernel(try makePlan(net.finished())).hasPrefix("gemm_f32"))
    }
  }

  @Test func theTrialFindsErrors() {
    var state: UInt64 = 7
    let weights = (0..<16 * 32 * 25).map { _ -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int64(bitPattern: state) >> 40) * 0x1p-23
    }
    func error(_ tile: Int, _ window: Int, _ weights: [Float]) -> Double {
      let packing = WinogradPacking(tile: tile, window: window, groupOutChannels: 16, groupInChannels: 32)
      return WinogradTrial(packing).error([Float](weights.prefix(16 * 32 * window * window)))
    }
    let errors = [2, 4, 6].map { error($0, 3, weights) }
    // One rounding is 2⁻²⁴; the error grows with the tile.
    #expect(errors[0] > 0x1p-26 && errors[0] < errors[2] && errors[1] < errors[2] && errors[2] < 2e-5)
    let wide = [2, 4].map { error($0, 5, weights) }
    #expect(wide[0] > 0x1p-26 && wide[0] < wide[1] && wide[1] < 2e-5)
    #expect(error(4, 3, [Float](repeating: .nan, count: weights.count)).isNaN)
    for (tile, height, width) in [(4, 3, 1), (6, 1, 3), (4, 5, 1), (2, 1, 7)] {
      let packing = WinogradPacking(tile: tile, windowHeight: height, windowWidth: width, groupOutChannels: 16, groupInChannels: 32)
      let line = WinogradTrial(packing).error([Float](weights.prefix(16 * 32 * max(height, width))))
      #expect(line > 0x1p-26 && line < 2e-5)
    }
  }
}
