import Graph
import Kernels
import KernelsAVX512
import Plan
import Runtime
import Tensors

/// Factorized layers beside the layers they replace: KernelBenchmarks factors [threads [part of a case's name]].
///
/// Each case runs in turns: the dense layer as the plan likes it best, the dense layer summed term by term (neither Winograd nor Strassen), and
/// the chain of factors. Times are medians.
struct FactorComparison {
  let threads: Int
  let wanted: String?

  init(_ arguments: [String]) {
    threads = arguments.first.flatMap { Int($0) } ?? 1
    wanted = arguments.count > 1 ? arguments[1] : nil
  }

  func run() throws {
    print(
      "case | share of the MACs | direct µs | dense µs | factors µs | to dense | to direct | share of the MACs' time | best time of each step, and its estimate"
    )
    for item in FactorCase.all where wanted.map({ item.name.contains($0) }) ?? true {
      let planner = Planner(kernels: wide + kernelTable(), machine: try Machine.current())
      let (dense, factors) = (try item.graph([item.dense]), try item.graph(item.factors))
      let plans = [
        try planner.plan(dense, PlanOptions(threads: threads, exact: true)), try planner.plan(dense, PlanOptions(threads: threads)),
        try planner.plan(factors, PlanOptions(threads: threads)),
      ]
      let executors = try plans.map { try Executor($0, ExecutorOptions(threads: threads)) }
      let input = try Tensor(item.input, (0..<item.input.reduce(1, *)).map { Float(($0 &* 7919) % 101 - 50) / 50 })
      let medians = try mediansInTurn(executors, [input], seconds: 1.5)
      let share = Double(item.factors.reduce(0) { $0 + $1.macs(item.input) }) / Double(item.dense.macs(item.input))
      let steps = zip(plans[2].steps, try bestSteps(plans[2], [input])).filter { $0.0.macs > 0 }.map { step, nanoseconds in
        "\(rounded(nanoseconds / 1e3)) µs \(step.choice.map { String($0.text.prefix { $0 != ";" }) } ?? step.kernel)"
      }
      let numbers = [medians[2] / medians[1], medians[2] / medians[0], medians[2] / medians[1] / share].map(thousandths)
      print(
        "\(item.name) | \(thousandths(share)) | " + medians.map { rounded($0 * 1e6) }.joined(separator: " | ") + " | "
          + numbers.joined(separator: " | ") + " | \(steps.joined(separator: ", "))")
    }
  }

  /// Nanoseconds of each step, the best of 30 runs.
  private func bestSteps(_ plan: Plan, _ inputs: [Tensor]) throws -> [Double] {
    let executor = try Executor(plan, ExecutorOptions(threads: threads, profile: true))
    var best = plan.steps.map { _ in Double.infinity }
    for _ in 0..<30 {
      try executor.runOnce(inputs)
      for (index, time) in executor.profile.enumerated() { best[index] = min(best[index], Double(time.lastNanoseconds)) }
    }
    return best
  }

  private func thousandths(_ value: Double) -> String {
    let count = Int((value * 1000).rounded())
    let digits = String(count % 1000)
    return "\(count / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
  }
}

/// A convolution without bias, or, of a kernel of 0, a fully connected layer.
struct FactorLayer {
  var inputs: Int
  var outputs: Int
  var kernel = (height: 1, width: 1)

  func macs(_ input: [Int]) -> Int {
    let pixels = input.count == 4 ? input[2] * input[3] : 1
    return input[0] * pixels * inputs * outputs * kernel.height * kernel.width
  }
}

/// A layer and the chain of factors in its place; images keep their size.
struct FactorCase {
  var name: String
  /// [N, channels, height, width], or [N, features].
  var input: [Int]
  var dense: FactorLayer
  var factors: [FactorLayer]

  static var all: [FactorCase] {
    var cases: [FactorCase] = []
    for size in [14, 28] {
      for rank in [64, 128] {
        cases.append(
          FactorCase(
            name: "pair 1×1 512→\(rank)→512, \(size)²", input: [1, 512, size, size], dense: FactorLayer(inputs: 512, outputs: 512),
            factors: [FactorLayer(inputs: 512, outputs: rank), FactorLayer(inputs: rank, outputs: 512)]))
      }
    }
    let filter = FactorLayer(inputs: 256, outputs: 256, kernel: (3, 3))
    for rank in [96, 103, 104] {
      cases.append(
        FactorCase(
          name: "tucker 3×3 256→\(rank)→\(rank)→256, 28²", input: [1, 256, 28, 28], dense: filter,
          factors: [
            FactorLayer(inputs: 256, outputs: rank), FactorLayer(inputs: rank, outputs: rank, kernel: (3, 3)),
            FactorLayer(inputs: rank, outputs: 256),
          ]))
    }
    for rank in [154, 160, 96] {
      cases.append(
        FactorCase(
          name: "jaderberg 3×3 256→\(rank)→256, 28²", input: [1, 256, 28, 28], dense: filter,
          factors: [FactorLayer(inputs: 256, outputs: rank, kernel: (3, 1)), FactorLayer(inputs: rank, outputs: 256, kernel: (1, 3))]))
    }
    // Ranks of a quarter of the MACs, the middle product square.
    for (size, inputs, outputs, rank) in [
      (224, 64, 64, 26), (112, 128, 128, 54), (56, 256, 256, 109), (28, 512, 512, 218), (14, 512, 512, 218),
    ] {
      cases.append(
        FactorCase(
          name: "channel + spatial 3×3 \(inputs)→\(rank)→\(rank)→\(outputs), \(size)²", input: [1, inputs, size, size],
          dense: FactorLayer(inputs: inputs, outputs: outputs, kernel: (3, 3)),
          factors: [
            FactorLayer(inputs: inputs, outputs: rank, kernel: (3, 1)), FactorLayer(inputs: rank, outputs: rank, kernel: (1, 3)),
            FactorLayer(inputs: rank, outputs: outputs),
          ]))
    }
    for rows in [1, 16] {
      cases.append(
        FactorCase(
          name: "fc 25088→256→4096, batch \(rows)", input: [rows, 25088], dense: FactorLayer(inputs: 25088, outputs: 4096),
          factors: [FactorLayer(inputs: 25088, outputs: 256), FactorLayer(inputs: 256, outputs: 4096)]))
    }
    return cases
  }

  /// A network of these layers, the last one with a relu.
  func graph(_ layers: [FactorLayer]) throws -> Graph {
    var graph = Graph(name: name)
    var value = graph.addInput("input", ValueType(.f32, input.map(Dim.fixed)))
    for (index, layer) in layers.enumerated() {
      let isConv = input.count == 4
      let shape = isConv ? [layer.outputs, layer.inputs, layer.kernel.height, layer.kernel.width] : [layer.outputs, layer.inputs]
      let scale = 1 / Float(layer.inputs * layer.kernel.height * layer.kernel.width).squareRoot()
      var state: UInt64 = UInt64(index) &* 0x9E37_79B9 &+ 12345
      let weights = (0..<shape.reduce(1, *)).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Float(state >> 40) * 0x1p-23 - 1) * scale
      }
      let inputs = [
        value, graph.addConstant("w\(index)", try Tensor(shape, weights)),
        graph.addConstant("b\(index)", try Tensor([layer.outputs], [Float](repeating: 0.01, count: layer.outputs))),
      ]
      var attributes: [String: Attribute] = index == layers.count - 1 ? ["activation": .string("Relu")] : [:]
      if isConv {
        let (y, x) = (layer.kernel.height / 2, layer.kernel.width / 2)
        attributes["pads"] = .ints([y, x, y, x])
      } else {
        attributes["transB"] = .int(1)
      }
      value = graph.append(isConv ? .conv : .gemm, "layer\(index)", inputs, attributes)
    }
    graph.outputs = [value]
    try graph.inferTypes()
    return graph
  }
}
