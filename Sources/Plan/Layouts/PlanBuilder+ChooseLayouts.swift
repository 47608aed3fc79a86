import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Decides for every layer that can run on either whether its tensors are planar (NCHW, what leaving out zeros wants) or have their
  /// channels innermost (what dense products want), such that layers and changes of layout together are estimated to take the least time.
  ///
  /// Two layouts and costs of single layers and of neighbours that differ: that is a minimum cut. Nothing is done for a network without
  /// zeros in its weights.
  func chooseLayouts() throws {
    guard options.sparse != .off, kernels.contains(where: { $0.family == .sparseF32 }), try hasZeros() else { return }
    for (id, stored) in storedCounts where 6 * stored < 4 * (graph[id].constant?.count ?? 0) {
      networkBytes -= min(networkBytes, 4 * (graph[id].constant?.count ?? 0) - 6 * stored)
    }
    let mayBeCodes = try valuesWithCodes()
    var cut = MinimumCut()
    var things: [Int: Int] = [:]
    var able: Set<Int> = []
    var ties: [(conv: Int, add: Int)] = []
    var fusable: [(depthwise: Int, product: Int, gain: Int)] = []
    for index in graph.nodes.indices {
      (node, nodeIndex) = (graph.nodes[index], index)
      guard let costs = try layoutCosts(mayBeCodes) else { continue }
      let thing = cut.add()
      things[index] = thing
      cut.cost(thing, first: costs.planar, second: costs.pixels)
      if costs.planar < MinimumCut.forbidden { able.insert(thing) }
      if node.op == .conv, costs.planar < MinimumCut.forbidden, let both = try fusedDepthwiseCosts(convShape()), both.fused < both.apart,
        let next = uses.soleConsumer(of: node.outputs[0])
      {
        fusable.append((index, next, whole(both.apart - both.fused)))
      }
      if node.op == .conv || node.op == .winogradConv, try Activation(node.attributes) == .none,
        let (add, other) = try addition(to: node.outputs[0]),
        uses.producer(of: other) ?? -1 < index
      {
        ties.append((index, add))
      }
    }
    for (depthwise, product, gain) in fusable {
      guard let a = things[depthwise], let b = things[product] else { continue }
      // The gain is in the costs of a planar depthwise layer already; it is lost where the product behind is not planar.
      cut.part(a, b, gain)
    }
    for (conv, add) in ties {
      guard let a = things[conv], let b = things[add] else { continue }
      // The sum is made where the product is.
      cut.part(a, b, MinimumCut.forbidden)
      cut.part(b, a, MinimumCut.forbidden)
    }
    let planar = cut.add()
    cut.cost(planar, first: 0, second: MinimumCut.forbidden)
    for index in graph.values.indices { try addConversions(ValueID(index), things, planar, &cut) }
    guard let first = options.sparse == .always ? able : cut.firstSide() else { return }
    for (index, thing) in things { labels[index] = first.contains(thing) }
    // Without a layer that gains, all is as it would be for a dense network.
    if !labels.contains(where: { $0.value && [.conv, .winogradConv].contains(graph.nodes[$0.key].op) }) { labels = [:] }
  }

  /// Whether leaving out zeros could pay anywhere.
  private func hasZeros() throws -> Bool {
    var found = options.sparse == .always
    for node in graph.nodes where [.conv, .winogradConv, .gemm, .matMul].contains(node.op) {
      guard let w = node.input(1), let weight = graph[w].constant, weight.dtype == .f32, weight.count > 0 else { continue }
      if try 4 * stored(w) <= 3 * weight.count, node.op == .conv || node.op == .winogradConv { found = true }
    }
    return found
  }

  /// Values that may exist as codes of 8 bits: their layers are not looked at.
  private func valuesWithCodes() throws -> Set<ValueID> {
    var found = Set(graph.inputs.filter { graph[$0].type?.dtype != .f32 })
    let ends: Set<Operator> = [.conv, .winogradConv, .gemm, .matMul]
    for node in graph.nodes {
      let reads = node.inputs.contains { $0.map(found.contains) ?? false }
      if node.op == .dequantizeLinear || node.op == .quantizeLinear || node.op == .cast || (reads && !ends.contains(node.op)) {
        found.formUnion(node.outputs)
      }
    }
    return found
  }

  /// Whether the layouts of a value differ: it has several channels of several pixels.
  func hasTwoLayouts(_ id: ValueID) -> Bool {
    guard let type = graph[id].type, type.dtype == .f32, let shape = type.shape?.fixed, shape.count >= 3, shape[1] > 1 else { return false }
    return saturatingProduct(Array(shape.dropFirst(2))) > 1
  }

  /// What the node being looked at takes in either layout, nanoseconds; nil for one that has no layout to choose.
  private func layoutCosts(_ mayBeCodes: Set<ValueID>) throws -> (pixels: Int, planar: Int)? {
    guard let x = node.input(0), let out = node.outputs.first, node.outputs.count == 1, !mayBeCodes.contains(out),
      hasTwoLayouts(out) || hasTwoLayouts(x), node.inputs.allSatisfy({ $0.map { !mayBeCodes.contains($0) } ?? true })
    else { return nil }
    let fixed = MinimumCut.forbidden
    switch node.op {
    case .conv:
      guard let w = node.input(1), graph[w].constant != nil else { return nil }
      let conv = try convShape()
      let costs = imageCosts(conv)
      if conv.isDepthwise {
        guard PlanarStrip(costs.geometry) != nil else { return (0, fixed) }
        let gain = try fusedDepthwiseCosts(conv).map { max(0, $0.apart - $0.fused) } ?? 0
        return (whole(costs.depthwise()), whole(costs.planarDepthwise() - gain))
      }
      guard try mayBeSparse(conv, w) else { return (0, fixed) }
      let direct = try isDirect(x, conv)
      let dense = try denseWays(conv, w, bias(2, count: conv.outputs), fromPlanes: direct).map(\.candidate.nanoseconds).min()
      return (whole(dense ?? 0), whole(try costs.sparse(sparsePacking(conv, w))))
    case .winogradConv:
      guard let u = node.input(1), graph[u].constant != nil else { return nil }
      let conv = try coefficients()
      return (whole(denseCost(conv)), whole(try sparseCost(conv, u)))
    case .maxPool, .averagePool:
      let shape = try shape(x)
      let window = try WindowGeometry(node, in: graph)
      guard PlanarStrip(Geometry(window, batch: shape[0], inputPixelStride: 1, outputPixelStride: 1)) != nil else { return (0, fixed) }
      let outputs = Double(saturatingProduct([shape[1]] + window.outputs))
      let taps = Double(saturatingProduct(window.kernel))
      let rates = costTable.sparse
      return (
        whole(outputs * taps * rates.depthwise),
        whole(outputs * taps * rates.planarTap + Double(shape.dropFirst().reduce(1, *)) * rates.planarFloat)
      )
    case .globalAveragePool, .relu, .clip, .sigmoid, .hardSigmoid, .hardSwish, .leakyRelu, .tanh, .add, .sub, .mul, .div, .concat:
      return (0, 0)
    case .globalMaxPool, .lrn, .batchNormalization, .channelShuffle, .resize: return (0, fixed)
    case .reshape, .flatten: return (fixed, 0)
    default: return nil
    }
  }

  /// Whether a convolution reads the caller's image as it lies.
  private func isDirect(_ x: ValueID, _ conv: ConvShape) throws -> Bool {
    try graph.inputs.contains(x) && conv.groups == 1 && (2...4).contains(conv.groupIn) && shape(x).count == 4
  }

  private func whole(_ nanoseconds: Double) -> Int { Int(min(max(nanoseconds, 0), 1e12)) }

  /// What it costs to have a value in both layouts: once, however many read it in the other.
  private func addConversions(_ id: ValueID, _ things: [Int: Int], _ planar: Int, _ cut: inout MinimumCut) throws {
    guard hasTwoLayouts(id) else { return }
    let isInput = graph.inputs.contains(id)
    guard let from = isInput ? planar : uses.producer(of: id).flatMap({ things[$0] }) else { return }
    var readers: [Int] = []
    for index in uses.consumers(of: id) {
      guard let thing = things[index] else { continue }
      (node, nodeIndex) = (graph.nodes[index], index)
      if isInput, node.op == .conv, try isDirect(id, convShape()) { continue }
      readers.append(thing)
    }
    if uses.isOutput(id) { readers.append(planar) }
    guard !readers.isEmpty else { return }
    let floats = saturatingProduct(Array(try shape(id).dropFirst()))
    let cost = whole(Double(floats) * costTable.sparse.converted + 2000)
    // One that is planar only while all readers are, and one that has its channels innermost only while all readers have.
    let (allPlanar, allPixels) = (cut.add(), cut.add())
    cut.part(from, allPlanar, cost)
    cut.part(allPixels, from, cost)
    for reader in readers {
      cut.part(allPlanar, reader, MinimumCut.forbidden)
      cut.part(reader, allPixels, MinimumCut.forbidden)
    }
  }
}
