import Graph
import Plan
import Reference
import Tensors
import Testing

/// WinogradConv planned and run, by all coefficients and by those that are not zero, against the interpreter.
@Suite struct CoefficientConvTests {
  /// The formula with absolute values, whose (C + 40)·2⁻²⁴ bounds the error: an element of a transform goes through 12 roundings on the way in and
  /// 14 on the way back, the sum over C channels through C, bias, residual and activation through 4; the interpreter's own through 1.
  private func sizes(_ x: Tensor, _ u: Tensor, _ form: WinogradTile, pads: [Int], output: [Int]) -> [Double] {
    let (inputs, weights, side) = (x.doubles().map(abs), u.doubles().map(abs), form.side)
    let (spread, gather) = (form.inputMatrix.map(abs), form.outputMatrix.map(abs))
    let (height, width, channels) = (x.shape[2], x.shape[3], x.shape[1])
    // The largest of |Bᵀ|·|d|·|B| over a tile is bounded by its row sums and the largest pixel of the tile.
    var result = [Double](repeating: 0, count: output.reduce(1, *))
    let rowSums = (0..<side).map { i in (0..<side).reduce(0) { $0 + spread[i * side + $1] } }
    for image in 0..<output[0] {
      for y in 0..<output[2] {
        for xx in 0..<output[3] {
          let (top, left) = (y / form.tile * form.tile - pads[0], xx / form.tile * form.tile - pads[1])
          let largest = (0..<channels).map { k in
            var most = 0.0
            for i in max(0, top)..<max(0, min(height, top + side)) {
              for j in max(0, left)..<max(0, min(width, left + side)) {
                most = max(most, inputs[((image * channels + k) * height + i) * width + j])
              }
            }
            return most
          }
          for o in 0..<output[1] {
            var sum = 0.0
            for i in 0..<side {
              for j in 0..<side {
                let out = gather[y % form.tile * side + i] * gather[xx % form.tile * side + j] * rowSums[i] * rowSums[j]
                if out == 0 { continue }
                for k in 0..<channels { sum += out * largest[k] * weights[((o * channels + k) * side + i) * side + j] }
              }
            }
            result[((image * output[1] + o) * output[2] + y) * output[3] + xx] = sum
          }
        }
      }
    }
    return result
  }

  struct Case: Sendable, CustomStringConvertible {
    var tile = 4, batch = 1, channels = 5, outputs = 7, height = 13, width = 10, pads = [1, 1, 1, 1], zeros: Float = 0.8
    var activation: Activation = .none
    var addsInput = false
    var description: String {
      "\(tile): \(batch)x\(channels)x\(height)x\(width) → \(outputs), p\(pads) \(zeros) \(activation) \(addsInput)"
    }
  }

  static let cases: [Case] = [
    Case(), Case(tile: 2), Case(batch: 2, pads: [0, 0, 0, 0]), Case(tile: 2, batch: 3, pads: [2, 1, 0, 2]), Case(zeros: 0), Case(zeros: 1),
    Case(channels: 66, outputs: 70, height: 28, width: 28, zeros: 0.9, activation: .relu),
    Case(tile: 2, channels: 66, outputs: 70, height: 14, width: 14, zeros: 0.9, activation: .clip(low: -0.5, high: 1)),
    Case(outputs: 5, activation: .none, addsInput: true), Case(tile: 2, outputs: 5, addsInput: true), Case(activation: .hardSwish),
    Case(tile: 2, height: 1, width: 3, activation: .leakyRelu(alpha: 0.1)), Case(batch: 0), Case(channels: 2, height: 3, width: 300),
  ]

  @Test(arguments: cases) func agrees(_ test: Case) throws {
    var net = Net(seed: 5)
    let form = try #require(WinogradTile(test.tile))
    let x = net.input([test.batch, test.channels, test.height, test.width])
    var coefficients = net.random.floats(test.outputs * test.channels * form.points)
    for index in coefficients.indices where net.random.floats(1)[0] * 0.5 + 0.5 < test.zeros { coefficients[index] = 0 }
    let u = try Tensor([test.outputs, test.channels, form.side, form.side], coefficients)
    let b = try net.constant([test.outputs])
    var attributes = Attributes(["tile": .int(test.tile), "pads": .ints(test.pads)])
    test.activation.store(in: &attributes)
    var y = net.node(.winogradConv, [x, net.graph.addConstant("u", u), b], attributes.values)
    if test.addsInput { y = net.node(.add, [y, x], ["activation": .string("Relu")]) }
    net.output(y)
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let expected = try Interpreter(graph).run(inputs)[0]
    let sizes = sizes(inputs[0], u, form, pads: test.pads, output: expected.shape)
    let wanted = expected.doubles()
    for sparse in [PlanOptions.Sparse.off, .chosen, .always] {
      let one = try execute(graph, inputs, sparse: sparse)[0]
      #expect(one.shape == expected.shape)
      let got = one.doubles()
      // Bias, residual and result are at most 2 + the bound; activations have slopes of at most 1.2.
      let wrong = got.indices.first { !(abs(got[$0] - wanted[$0]) <= 1.2 * Double(test.channels + 40) * 0x1p-24 * (sizes[$0] + 4)) }
      #expect(wrong == nil, "\(sparse)")
      for threads in 2...3 {
        let other = try execute(graph, inputs, threads: threads, sparse: sparse)[0]
        #expect(other.floats() == one.floats())
      }
    }
    let always = try makePlan(graph, sparse: .always)
    let planar = always.steps.filter { $0.kernel.hasPrefix("sparse_winograd") }
    #expect(planar.count == (test.batch == 0 || test.height * test.width == 1 ? 0 : 1))
  }

  /// Many zeros are left out by choice, few are not, and the plan says what the other way would have taken.
  @Test func thePlanChooses() throws {
    func plan(_ zeros: Float) throws -> Plan {
      var net = Net(seed: 7)
      let x = net.input([1, 128, 28, 28])
      var coefficients = net.random.floats(128 * 128 * 36)
      for index in coefficients.indices where net.random.floats(1)[0] * 0.5 + 0.5 < zeros { coefficients[index] = 0 }
      let u = net.graph.addConstant("u", try Tensor([128, 128, 6, 6], coefficients))
      net.output(net.node(.winogradConv, [x, u], ["pads": .ints([1, 1, 1, 1])]))
      return try makePlan(net.finished())
    }
    let (sparse, dense) = (try plan(0.95), try plan(0.1))
    #expect(sparse.steps.contains { $0.kernel.hasPrefix("sparse_winograd") })
    #expect(dense.steps.contains { $0.kernel.hasPrefix("winograd") })
    #expect(sparse.description.contains("% of the weights") && sparse.description.contains("coefficients"))
    #expect(sparse.macs < dense.macs / 10)
  }
}
