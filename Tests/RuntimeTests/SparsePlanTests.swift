import Graph
import KernelContract
import Kernels
import Plan
import Reference
import Runtime
import Tensors
import Testing

/// Plans that leave out the zeros of weights, and whose regions are planar: the results, and when it is done.
@Suite struct SparsePlanTests {
  /// Sets about `share` of the elements of weights to zero, and now and then a whole output channel or everything.
  private func pruned(_ net: inout Net, share: Float) throws {
    for index in net.graph.values.indices {
      guard let tensor = try net.graph.values[index].constant?.decoded(), tensor.dtype == .f32, tensor.shape.count >= 2 else { continue }
      let row = tensor.count / max(1, tensor.shape[0])
      let (noRow, nothing) = (net.random.int(0...tensor.shape[0] - 1), net.random.int(0...19) == 0)
      var floats = tensor.floats()
      for place in floats.indices {
        let draw = net.random.floats(1)[0] * 0.5 + 0.5
        if nothing || place / row == noRow || draw < share { floats[place] = 0 }
      }
      net.graph.values[index].constant = Weight(try Tensor(tensor.shape, floats))
    }
  }

  /// With every layer planar that can be, and with those that are estimated to gain.
  @Test(arguments: 0..<80) func randomNetworksAgree(seed: Int) throws {
    var (net, terms) = try RandomNetTests.network(UInt64(seed) + 4000)
    try pruned(&net, share: [0, 0.5, 0.9][seed % 3])
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    // The bound counts all terms of all layers, as the test of dense plans does.
    for sparse in [PlanOptions.Sparse.always, .chosen] {
      try expectAgreement(graph, inputs, terms: terms, slack: 4e-6, sparse: sparse)
      let (one, three) = (try execute(graph, inputs, sparse: sparse), try execute(graph, inputs, threads: 3, sparse: sparse))
      for (a, b) in zip(one, three) { #expect(a.bytes.elementsEqual(b.bytes)) }
    }
  }

  /// A chain as networks have them: first layer, depthwise, pointwise, pool, residual sum, squeeze and excite, concatenation, classifier.
  private func chain(batch: Int = 1, zeros: Float, seed: UInt64 = 1) throws -> Net {
    var net = Net(seed: seed)
    func scaled(_ net: inout Net, _ shape: [Int]) throws -> ValueID {
      let terms = Float(shape.dropFirst().reduce(1, *)).squareRoot()
      return try net.constant(shape, net.random.floats(shape.reduce(1, *)).map { $0 / terms })
    }
    func conv(_ net: inout Net, _ x: ValueID, _ shape: [Int], stride: Int = 1, group: Int = 1, relu: Bool = true) throws -> ValueID {
      var attributes: [String: Attribute] = [
        "pads": .ints([Int](repeating: shape[2] / 2, count: 4)), "strides": .ints([stride, stride]), "group": .int(group),
      ]
      if relu { attributes["activation"] = .string("Relu") }
      return net.node(.conv, [x, try scaled(&net, shape), try net.constant([shape[0]])], attributes)
    }
    let x = net.input([batch, 3, 40, 40])
    var y = try conv(&net, x, [32, 3, 3, 3], stride: 2)
    y = try conv(&net, y, [32, 1, 3, 3], group: 32)
    y = try conv(&net, y, [64, 32, 1, 1])
    y = net.node(.maxPool, [y], ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
    let z = try conv(&net, y, [64, 64, 3, 3], relu: false)
    y = net.node(.add, [z, y], ["activation": .string("Relu")])
    let squeezed = net.node(.sigmoid, [try conv(&net, net.node(.globalAveragePool, [y]), [64, 64, 1, 1])])
    y = net.node(.mul, [y, squeezed])
    let (left, right) = (try conv(&net, y, [48, 64, 1, 1], stride: 2), try conv(&net, y, [16, 64, 5, 5], stride: 2))
    y = net.node(.concat, [left, right], ["axis": .int(1)])
    y = try conv(&net, y, [64, 8, 3, 3], group: 8)
    net.output(y)
    y = net.node(.flatten, [net.node(.globalAveragePool, [y])])
    net.output(net.node(.gemm, [y, try scaled(&net, [100, 64]), try net.constant([100])], ["transB": .int(1)]))
    try pruned(&net, share: zeros)
    return net
  }

  @Test(arguments: [PlanOptions.Sparse.off, .chosen, .always], [0, 0.8, 0.95, 1] as [Float])
  func aChainAgrees(sparse: PlanOptions.Sparse, zeros: Float) throws {
    var net = try chain(batch: 2, zeros: zeros)
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    // The longest chain of sums: 27 + 9 + 32 + 576 + 1 + 100 + 64 + 1600 + 72 + 25 + 64 terms.
    try expectAgreement(graph, inputs, terms: 2570, slack: 4e-6, sparse: sparse)
    let one = try execute(graph, inputs, sparse: sparse)
    for threads in 2...4 {
      for (a, b) in zip(one, try execute(graph, inputs, threads: threads, sparse: sparse)) { #expect(a.bytes.elementsEqual(b.bytes)) }
    }
  }

  @Test func anImageDoesNotDependOnItsBatch() throws {
    for sparse in [PlanOptions.Sparse.chosen, .always] {
      let (single, triple) = (try chain(batch: 1, zeros: 0.9).finished(), try chain(batch: 3, zeros: 0.9).finished())
      var random = Random(seed: 5)
      let images = (0..<3).map { _ in random.floats(3 * 40 * 40) }
      let together = try execute(triple, [Tensor([3, 3, 40, 40], images.flatMap { $0 })], sparse: sparse)
      for (index, image) in images.enumerated() {
        for (one, all) in zip(try execute(single, [Tensor([1, 3, 40, 40], image)], sparse: sparse), together) {
          let floats = one.floats()
          #expect(Array(all.floats()[index * floats.count..<(index + 1) * floats.count]) == floats)
        }
      }
    }
  }

  @Test func manyZerosAreLeftOutAndThePlanSaysWhy() throws {
    let (plan, dense) = (try makePlan(chain(zeros: 0.9).finished()), try makePlan(chain(zeros: 0).finished()))
    #expect(plan.steps.filter { $0.kernel.hasPrefix("sparse_f32") }.count >= 3)
    #expect(plan.steps.contains { $0.kernel.hasPrefix("sparse_f32") && $0.operators.contains("Add") })
    #expect(plan.description.contains("% of the weights") && plan.json.contains("\"why\": \"sparse, "))
    #expect(plan.macs < dense.macs / 3)
    #expect(!dense.steps.contains { $0.kernel.hasPrefix("sparse") || $0.kernel.contains("planar") })
    let off = try Planner(kernels: kernelTable(), machine: .current()).plan(chain(zeros: 0.9).finished(), PlanOptions(sparse: .off))
    #expect(off.steps.map(\.kernel) == dense.steps.map(\.kernel))
  }

  /// Layers whose zeros come in blocks of channels are run as such, those with as many zeros anywhere are not; with a depthwise layer in front too.
  @Test(arguments: [2, 4, 8]) func blocksOfRowsAreFound(rows: Int) throws {
    for inBlocks in [true, false] {
      var net = Net(seed: 12)
      let x = net.input([1, 64, 14, 14])
      let relu: [String: Attribute] = ["activation": .string("Relu")]
      var y = net.node(.conv, [x, try net.constant([66, 64, 1, 1]), try net.constant([66])], relu)
      let window: [String: Attribute] = ["pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2]), "activation": .string("Relu")]
      y = net.node(.conv, [y, try net.constant([64, 66, 3, 3]), try net.constant([64])], window)
      let depthwise: [String: Attribute] = ["pads": .ints([1, 1, 1, 1]), "group": .int(64), "activation": .string("Relu")]
      y = net.node(.conv, [y, try net.constant([64, 1, 3, 3]), try net.constant([64])], depthwise)
      y = net.node(.conv, [y, try net.constant([192, 64, 1, 1]), try net.constant([192])])
      let grouped: [String: Attribute] = ["pads": .ints([1, 1, 1, 1]), "group": .int(2)]
      y = net.node(.conv, [y, try net.constant([92, 96, 3, 3]), try net.constant([92])], grouped)
      net.output(y)
      for index in net.graph.values.indices {
        guard let tensor = try net.graph.values[index].constant?.decoded(), tensor.shape.count == 4, tensor.shape[1] > 1 else { continue }
        let places = tensor.count / tensor.shape[0]
        // Groups' channels are counted from each group's first: 46 is a multiple of neither 4 nor 8.
        let perGroup = tensor.shape[0] == 92 ? 46 : tensor.shape[0]
        let floats = tensor.floats().enumerated().map { i, value in
          let row = i / places % perGroup
          let key = inBlocks ? (i / places - row + row / rows * rows) * places + i % places : i
          return (key &* 7919 + key / places &* 31) % 101 < 10 ? value * 0.1 : 0
        }
        net.graph.values[index].constant = Weight(try Tensor(tensor.shape, floats))
      }
      let graph = try net.finished()
      for sparse in [PlanOptions.Sparse.chosen, .always] {
        let plan = try makePlan(graph, sparse: sparse)
        let found = plan.steps.filter { $0.choice?.name.contains(rows == 2 ? "in blocks of 2 rows" : "in blocks of ") == true }.count
        let all = plan.steps.filter { $0.kernel.hasPrefix("sparse_f32") }.count
        #expect(inBlocks ? found >= 3 : found == 0 && all >= 3, "\(plan.description)")
        let inputs = try net.randomInputs()
        try expectAgreement(graph, inputs, terms: 64 + 594 + 9 + 64 + 864, slack: 4e-6, sparse: sparse)
        let one = try execute(graph, inputs, sparse: sparse)
        for threads in 2...4 {
          for (a, b) in zip(one, try execute(graph, inputs, threads: threads, sparse: sparse)) { #expect(a.bytes.elementsEqual(b.bytes)) }
        }
      }
    }
  }

  /// The last layers of mobilenet_v1: a depthwise convolution on 7 × 7 pixels is made by the product behind it, which says so; on larger images
  /// where everything is sparse.
  @Test(arguments: [(7, PlanOptions.Sparse.chosen), (20, .always)]) func depthwiseLayersAreMadeByTheProductBehind(
    size: Int, sparse: PlanOptions.Sparse
  ) throws {
    var net = Net(seed: 8)
    let x = net.input([2, 256, size, size])
    let relu: [String: Attribute] = ["activation": .string("Relu")]
    let first = net.node(.conv, [x, try net.constant([256, 256, 1, 1]), try net.constant([256])], relu)
    let attributes: [String: Attribute] = ["pads": .ints([1, 1, 1, 1]), "group": .int(256), "activation": .string("Relu")]
    let depthwise = net.node(.conv, [first, try net.constant([256, 1, 3, 3]), try net.constant([256])], attributes)
    net.output(net.node(.conv, [depthwise, try net.constant([256, 256, 1, 1]), try net.constant([256])], relu))
    for index in net.graph.values.indices {
      guard let tensor = try net.graph.values[index].constant?.decoded(), tensor.shape.count == 4, tensor.shape[1] > 1 else { continue }
      let floats = tensor.floats().enumerated().map { $0.offset % 11 == 0 ? $0.element * 0.1 : 0 }
      net.graph.values[index].constant = Weight(try Tensor(tensor.shape, floats))
    }
    let graph = try net.finished()
    let plan = try makePlan(graph, sparse: sparse)
    let step = try #require(plan.steps.first { $0.operators == ["Conv", "Relu", "Conv", "Relu"] }, "\(plan.description)")
    #expect(step.name.contains(" + ") && step.choice?.text.contains("depthwise in the panel") == true)
    let inputs = try net.randomInputs()
    try expectAgreement(graph, inputs, terms: 256 + 9 + 256, sparse: sparse)
    let one = try execute(graph, inputs, sparse: sparse)
    for threads in 2...4 {
      for (a, b) in zip(one, try execute(graph, inputs, threads: threads, sparse: sparse)) { #expect(a.bytes.elementsEqual(b.bytes)) }
    }
  }

  /// A product with one row, with and without transposed weights and a scale.
  @Test(arguments: [0, 1], [1, 3]) func fullyConnectedLayersLeaveOutZeros(transposed: Int, rows: Int) throws {
    var net = Net(seed: 3)
    let x = net.input([rows, 300])
    let w = try net.constant(transposed == 1 ? [200, 300] : [300, 200])
    let attributes: [String: Attribute] = ["transB": .int(transposed), "alpha": .float(0.5), "activation": .string("Relu")]
    net.output(net.node(.gemm, [x, w, try net.constant([200])], attributes))
    net.output(net.node(.matMul, [x, try net.constant([300, 64])]))
    try pruned(&net, share: 0.9)
    let graph = try net.finished()
    #expect(try makePlan(graph).steps.filter { $0.kernel.hasPrefix("sparse_lanes") }.count == 2)
    try expectAgreement(graph, net.randomInputs(), terms: 300)
  }

  /// What the kernel is depends on where the weights are: in patterns and blocks rows share a vector; of few weights each goes by itself.
  @Test(arguments: ["2:4", "1:8", "blocks of 8 rows", "1 %", "dense"], [0, 1])
  func thePlanSeesThePattern(pattern: String, transposed: Int) throws {
    var net = Net(seed: 4)
    let x = net.input([1, 512])
    var floats = net.random.floats(400 * 512).map { $0 == 0 ? 1 : $0 }
    for row in 0..<400 {
      for k in 0..<512 {
        let draw = (row * 7919 + k / 8 * 104_729) % 1009
        let isKept =
          switch pattern {
          case "2:4": k % 2 == draw % 2
          case "1:8": k % 8 == draw % 8
          case "blocks of 8 rows": (row / 8 * 7919 + k * 104_729) % 1009 % 10 == 0
          case "1 %": net.random.int(0...99) == 0
          default: true
          }
        if !isKept { floats[transposed == 1 ? row * 512 + k : k * 400 + row] = 0 }
      }
    }
    let w = try net.constant(transposed == 1 ? [400, 512] : [512, 400], floats)
    net.output(net.node(.gemm, [x, w, try net.constant([400])], ["transB": .int(transposed), "alpha": .float(0.5)]))
    let graph = try net.finished()
    let plan = try makePlan(graph)
    let expected = ["1 %": "sparse_vector_f32", "dense": "gemm_f32"][pattern] ?? "sparse_lanes_f32"
    #expect(plan.steps.count == 1 && plan.steps[0].kernel.hasPrefix(expected), "\(plan.description)")
    if expected == "sparse_lanes_f32" {
      #expect(plan.description.contains("in lanes 100 % full") && plan.description.contains("; gemm "), "\(plan.description)")
    }
    let inputs = try net.randomInputs()
    try expectAgreement(graph, inputs, terms: 512)
    let one = try execute(graph, inputs)
    for threads in 2...4 {
      for (a, b) in zip(one, try execute(graph, inputs, threads: threads)) { #expect(a.bytes.elementsEqual(b.bytes)) }
    }
  }

  /// Half of the weights in a pattern are faster than all of them for one row, and slower for many; the bits are the same.
  @Test func aBatchOfRowsGoesTheOtherWay() throws {
    func network(rows: Int) throws -> (Graph, Net) {
      var net = Net(seed: 6)
      let x = net.input([rows, 512])
      let floats = net.random.floats(400 * 512).enumerated().map { $0.offset % 2 == 0 ? $0.element : 0 }
      net.output(net.node(.gemm, [x, try net.constant([400, 512], floats), try net.constant([400])], ["transB": .int(1)]))
      return (try net.finished(), net)
    }
    var (many, net) = try network(rows: 96)
    let one = try network(rows: 1).0
    #expect(try makePlan(one).steps[0].kernel.hasPrefix("sparse_lanes") && makePlan(many).steps[0].kernel.hasPrefix("gemm"))
    let inputs = try net.randomInputs()
    let together = try execute(many, inputs)[0].floats()
    for row in [0, 41, 95] {
      let alone = try execute(one, [Tensor([1, 512], Array(inputs[0].floats()[row * 512..<(row + 1) * 512]))])[0].floats()
      #expect(alone == Array(together[row * 400..<(row + 1) * 400]))
    }
  }

  /// Weights stored small mean what their zeros and elements say.
  @Test func compactedWeightsGiveTheSameBits() throws {
    var net = try chain(zeros: 0.9)
    let inputs = try net.randomInputs()
    let graph = try net.finished()
    var small = graph
    for index in small.values.indices {
      if let weight = small.values[index].constant, weight.dtype == .f32, weight.shape.count > 1 {
        small.values[index].constant = try weight.compacted()
      }
    }
    #expect(small.values.contains { !($0.constant?.isDense ?? true) })
    for (a, b) in zip(try execute(graph, inputs), try execute(small, inputs)) { #expect(a.bytes.elementsEqual(b.bytes)) }
  }

  /// Layers on codes stay on codes, without their zeros.
  @Test func integerLayersStayIntegers() throws {
    var net = Net(seed: 9)
    let x = net.input([1, 16, 14, 14])
    let scale = try net.constant([], [0.05])
    let middle: [UInt8] = [128]
    let zero = net.graph.addConstant("zero", try Tensor(.u8, [], middle))
    let q = net.node(.dequantizeLinear, [net.node(.quantizeLinear, [x, scale, zero]), scale, zero])
    var codes = [Int8](repeating: 0, count: 32 * 16)
    for place in stride(from: 0, to: codes.count, by: 10) { codes[place] = Int8(place % 100) }
    let stored = try Tensor(.s8, [32, 16, 1, 1], codes)
    let affine = try AffineQuantization(scales: [0.01], zeroPoints: [0], axis: nil)
    let w = try Weight(shape: [32, 16, 1, 1], elements: .affine(codes: stored, affine), arrangement: .dense)
    let id = net.graph.addValue("w", constant: w)
    let y = net.node(.conv, [q, id])
    net.output(net.node(.dequantizeLinear, [net.node(.quantizeLinear, [y, scale, zero]), scale, zero]))
    let plan = try makePlan(net.finished())
    #expect(plan.steps.contains { $0.kernel.hasPrefix("sparse_u8s8") } && !plan.steps.contains { $0.kernel.hasPrefix("sparse_f32") })
  }
}

/// The least cut of small problems, against all ways to cut them.
@Suite struct MinimumCutTests {
  @Test(arguments: 0..<40) func isTheLeast(seed: Int) throws {
    var random = Random(seed: UInt64(seed) + 1)
    let count = random.int(1...8)
    let costs = (0..<count).map { _ in (first: random.int(0...20), second: random.int(0...20)) }
    let parts = (0..<random.int(0...12)).map { _ in (random.int(0...count - 1), random.int(0...count - 1), random.int(0...15)) }
    var cut = MinimumCut()
    let things = (0..<count).map { _ in cut.add() }
    for (thing, cost) in zip(things, costs) { cut.cost(thing, first: cost.first, second: cost.second) }
    for (a, b, cost) in parts { cut.part(things[a], things[b], cost) }
    func total(_ isFirst: (Int) -> Bool) -> Int {
      var sum = 0
      for (index, cost) in costs.enumerated() { sum += isFirst(index) ? cost.first : cost.second }
      for (a, b, cost) in parts where isFirst(a) && !isFirst(b) { sum += cost }
      return sum
    }
    let found = cut.firstSide()
    let first = try #require(found)
    var least = Int.max
    for bits in 0..<1 << count { least = min(least, total { bits >> $0 & 1 == 1 }) }
    let cost = total { first.contains(things[$0]) }
    #expect(cost == least)
  }
}
