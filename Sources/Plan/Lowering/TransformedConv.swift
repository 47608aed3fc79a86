import Graph
import KernelContract
import Tensors

/// The numbers of a WinogradConv being lowered.
struct CoefficientConv {
  let conv: ConvShape
  let tile: WinogradTile
}

extension PlanBuilder {
  func coefficients() throws -> CoefficientConv {
    CoefficientConv(conv: try convShape(), tile: try WinogradTile(node.attributes))
  }

  /// A convolution by coefficients of Winograd's transform: dense with channels innermost, without their zeros on planar tensors.
  func lowerWinogradConv() throws {
    let (x, u, out) = (try node.requiredInput(0), try node.requiredInput(1), node.outputs[0])
    guard graph[u].constant != nil else { throw unsupported("the coefficients must be constant") }
    try requireFloat(x)
    let layer = try coefficients()
    let (conv, bias, activation) = (layer.conv, try bias(2, count: layer.conv.outputs), try Activation(node.attributes))
    let input = try isPlanar ? planes(x) : pixels(x)
    let join = activation == .none ? try residual(of: out) : nil
    let target = join?.output ?? out
    let output = try isPlanar ? planarDestination(target) : pixelDestination(target, .f32)
    let epilogue = Epilogue(join?.activation ?? activation)
    let views = [output, input] + (join.map { [$0.view] } ?? [])
    let fusing = (join == nil ? [] : ["Add"]) + names(join?.activation ?? activation)
    if isPlanar {
      guard let from = input.planes, let to = output.planes else { throw unsupported("no planar layout") }
      let packing = try coefficientPacking(layer, u)
      let weights = try packed(u, "sparse coefficients \(nodeIndex)") {
        let bytes = try memory.constant(byteCount: packing.byteCount)
        try withPoints(layer, u) { packing.pack($0, CoefficientConv.strides(layer), into: bytes) }
        return UnsafeRawPointer(bytes)
      }
      let descriptor = SparseWinogradF32Descriptor(
        geometry: conv.geometry(input: 1, output: 1), tile: layer.tile.tile, packing: packing, input: from, output: to,
        residual: join?.view.planes, weights: weights, bias: try memory.constant(bias), epilogue: epilogue, threads: options.threads)
      try emit(
        descriptor, views, macs: saturatingProduct([conv.batch, packing.stored, layer.tiles]), inPlace: [2], fusing: fusing,
        choice: coefficientChoice(layer, u))
    } else {
      guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no pixel layout") }
      let geometry = conv.geometry(input: inStride, output: outStride)
      let packing = winogradPacking(conv, tile: layer.tile.tile)
      let grid = winogradBlocks(packing, tileCount(geometry, packing), threads: options.threads)
      let weights = try packed(u, "coefficients") {
        let floats = try memory.constant(byteCount: 4 * packing.weightCount)
        try withFloats(u) { packing.packCoefficients($0, into: floats.bindMemory(to: Float.self, capacity: packing.weightCount)) }
        return UnsafeRawPointer(floats)
      }
      let descriptor = WinogradF32Descriptor(
        geometry: geometry, groupInChannels: conv.channels, groupOutChannels: conv.outputs, tile: layer.tile.tile,
        weights: weights.assumingMemoryBound(to: Float.self), bias: try packedColumns(bias, fill: 0, conv.packing), epilogue: epilogue,
        residualPixelStride: join?.view.pixelStride, tileBlock: grid.tiles, panelBlock: grid.panels)
      let macs = saturatingProduct([conv.batch, conv.outputs, conv.channels, layer.tile.points, layer.tiles])
      try emit(descriptor, views, macs: macs, inPlace: [2], fusing: fusing, choice: coefficientChoice(layer, u))
    }
    if let join { fused.insert(join.node) }
    define(target, output)
  }

  /// Runs the body with the coefficients in the order [point][output channel][input channel].
  private func withPoints<Result>(_ layer: CoefficientConv, _ u: ValueID, _ body: (UnsafePointer<Float>) throws -> Result) throws -> Result
  {
    let (points, pairs) = (layer.tile.points, layer.conv.outputs * layer.conv.channels)
    return try withFloats(u) { source in
      let ordered = [Float](unsafeUninitializedCapacity: points * pairs) { buffer, count in
        for pair in 0..<pairs { for point in 0..<points { buffer[point * pairs + pair] = source[pair * points + point] } }
        count = points * pairs
      }
      return try ordered.withUnsafeBufferPointer { floats in
        guard let base = floats.baseAddress else { throw unsupported("the coefficients are empty") }
        return try body(base)
      }
    }
  }

  /// How the coefficients of the convolution being lowered are packed without their zeros.
  func coefficientPacking(_ layer: CoefficientConv, _ u: ValueID) throws -> SparsePacking {
    if let known = sparsePackings[nodeIndex] { return known }
    let conv = layer.conv
    let geometry = conv.geometry(input: 1, output: 1)
    let packing = try withPoints(layer, u) {
      SparsePacking(
        SparseWinogradF32Descriptor.points(of: geometry, tile: layer.tile.tile), groups: layer.tile.points, groupInChannels: conv.channels,
        groupOutChannels: conv.outputs, $0, CoefficientConv.strides(layer), level1Bytes: machine.level1Bytes,
        tileVectors: SparseWinogradF32Descriptor.bestVectors(geometry, tile: layer.tile.tile))
    }
    sparsePackings[nodeIndex] = packing
    return packing
  }

  /// What multiplying by all coefficients takes, and by those that are stored, for one image: nanoseconds.
  func denseCost(_ layer: CoefficientConv) -> Double {
    let packing = winogradPacking(layer.conv, tile: layer.tile.tile)
    let costs = imageCosts(layer.conv)
    let count = tileCount(costs.geometry, packing)
    return costs.winograd(packing, winogradBlocks(packing, count, threads: 1), tileCount: count)
  }

  func sparseCost(_ layer: CoefficientConv, _ u: ValueID) throws -> Double {
    imageCosts(layer.conv).sparseWinograd(try coefficientPacking(layer, u), tile: layer.tile.tile)
  }

  /// Why the convolution being lowered is run as it is; what the other way would have taken, where it was thought of.
  private func coefficientChoice(_ layer: CoefficientConv, _ u: ValueID) throws -> Choice {
    let side = layer.tile.tile
    let dense = (name: "winograd \(side)×\(side) coefficients", cost: denseCost(layer))
    guard let packing = sparsePackings[nodeIndex] else { return Choice(name: dense.name, nanoseconds: dense.cost, losers: []) }
    let count = layer.conv.outputs * layer.conv.channels * layer.tile.points
    let sparse = (name: "winograd \(side)×\(side) " + sparseName(packing.stored, of: count), cost: try sparseCost(layer, u))
    let (winner, loser) = isPlanar ? (sparse, dense) : (dense, sparse)
    let refusal = loser.cost < winner.cost ? PlanBuilder.regional : nil
    return Choice(
      name: winner.name, nanoseconds: winner.cost,
      losers: [Choice.Loser(name: loser.name, nanoseconds: loser.cost, refusal: refusal)])
  }
}

extension CoefficientConv {
  /// Tiles of one image.
  var tiles: Int { conv.window.outputs.reduce(1) { $0 * tile.tiles(over: $1) } }

  /// Of [point][output channel][input channel], points being groups.
  static func strides(_ layer: CoefficientConv) -> GemmPacking.Strides { GemmPacking.Strides(output: layer.conv.channels, input: 1) }
}
