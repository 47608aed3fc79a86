import Graph
import KernelContract
import Tensors

/// A way to run a dense convolution.
enum ConvWay {
  case product
  case winograd(tile: Int)
  case strassen

  var isProduct: Bool { if case .product = self { true } else { false } }
}

extension PlanBuilder {
  /// The ways to run a dense convolution, the product first, which always may.
  ///
  /// - Parameters:
  ///   - geometry: of one image of the batch; estimates are for that one too.
  ///   - fromPlanes: the product would read the caller's image as it is.
  func denseWays(
    _ conv: ConvShape, _ w: ValueID, _ bias: [Float], _ geometry: Geometry, _ grid: ProductBlocks, copiesRows: Bool, fromPlanes: Bool
  ) -> [(way: ConvWay, candidate: Candidate)] {
    let costs = convCosts(conv, geometry)
    var product = costs.gemm(grid, copiesRows: copiesRows)
    // Large images cost the product what they cost Winograd's tiles; where the window is square that decides nothing.
    if geometry.kernelHeight == 1 || geometry.kernelWidth == 1, isWinograd(geometry) { product += costs.images }
    var ways = [(way: ConvWay.product, candidate: Candidate(name: "gemm", nanoseconds: product))]
    if !options.exact, !fromPlanes, isWinograd(geometry), conv.groupIn >= 16, bias.allSatisfy(\.isFinite) {
      for tile in winogradTiles(geometry) {
        let packing = winogradPacking(conv, tile: tile)
        let count = tileCount(geometry, packing)
        // As for one thread: the choice must not depend on their number.
        let nanoseconds = costs.winograd(packing, winogradBlocks(packing, count, threads: 1), tileCount: count)
        let candidate = Candidate(name: "winograd \(packing.tileHeight)×\(packing.tileWidth)", nanoseconds: nanoseconds) {
          try self.refusal(packing, w)
        }
        ways.append((.winograd(tile: tile), candidate))
      }
    }
    if !options.exact, !fromPlanes, isStrassen(conv, geometry), bias.allSatisfy(\.isFinite) {
      let nanoseconds = costs.strassen(strassenBlocks(conv, geometry, threads: 1).rows)
      ways.append((.strassen, Candidate(name: "strassen", nanoseconds: nanoseconds) { try self.strassenRefusal(w, conv) }))
    }
    return ways
  }

  func convCosts(_ conv: ConvShape, _ geometry: Geometry) -> ConvCosts {
    ConvCosts(conv: conv, geometry: geometry, machine: machine, table: costTable, networkBytes: networkBytes)
  }

  private func isWinograd(_ g: Geometry) -> Bool {
    !winogradTiles(g).isEmpty && g.strideY == 1 && g.strideX == 1 && g.dilationY == 1 && g.dilationX == 1 && g.outputPixels > 0
  }

  /// The tiles that there are for a window.
  private func winogradTiles(_ g: Geometry) -> [Int] {
    switch (min(g.kernelHeight, g.kernelWidth), max(g.kernelHeight, g.kernelWidth)) {
    case (3, 3): [2, 4, 6]
    case (5, 5), (1, 5): [2, 4]
    case (1, 3): [4, 6]
    case (1, 7): [2]
    default: []
    }
  }

  func winogradPacking(_ conv: ConvShape, tile: Int) -> WinogradPacking {
    WinogradPacking(
      tile: tile, windowHeight: conv.window.vertical.kernel, windowWidth: conv.window.horizontal.kernel, groups: conv.groups,
      groupOutChannels: conv.groupOut, groupInChannels: conv.groupIn)
  }

  func tileCount(_ g: Geometry, _ packing: WinogradPacking) -> Int {
    g.batch * blocks(g.outputHeight, of: packing.tileHeight) * blocks(g.outputWidth, of: packing.tileWidth)
  }

  func winogradBlocks(_ packing: WinogradPacking, _ tileCount: Int, threads: Int) -> WinogradBlocks {
    WinogradBlocks(
      packing, tileCount: tileCount, level2Bytes: machine.level2Bytes, level3Bytes: machine.level3Bytes,
      tileRows: tileRows(.winogradF32), threads: threads)
  }

  /// Why weights are not fit for tiles of a size: the rounding errors would be too large.
  private func refusal(_ packing: WinogradPacking, _ w: ValueID) throws -> String? {
    guard let weights = try graph[w].constant?.decoded().floats() else { return "the weights are not constant" }
    let error = WinogradTrial(packing).error(weights)
    if error <= WinogradTrial.tolerance { return nil }
    return error.isNaN ? "a trial gave no numbers" : "its error would be \(Float(error)) of the largest output"
  }

  /// The Winograd convolution with tiles of `tile` × `tile` pixels, its weights packed; `bias` as for the product.
  func winograd(
    _ conv: ConvShape, _ w: ValueID, tile: Int, geometry: Geometry, bias: UnsafePointer<Float>, epilogue: Epilogue,
    residualPixelStride: Int?
  ) throws -> WinogradF32Descriptor {
    let packing = winogradPacking(conv, tile: tile)
    let grid = winogradBlocks(packing, tileCount(geometry, packing), threads: options.threads)
    let weights = try packed(w, "winograd \(tile) \(conv.groups)") {
      guard let floats = try graph[w].constant?.decoded().floats() else { throw unsupported("the weights must be constant") }
      let target = try memory.constant(byteCount: 4 * packing.weightCount)
      floats.withUnsafeBufferPointer { source in
        if let base = source.baseAddress {
          packing.pack(base, conv.packing.oihw, into: target.bindMemory(to: Float.self, capacity: packing.weightCount))
        }
      }
      return UnsafeRawPointer(target)
    }
    return WinogradF32Descriptor(
      geometry: geometry, groups: conv.groups, groupInChannels: conv.groupIn, groupOutChannels: conv.groupOut, tile: tile,
      weights: weights.assumingMemoryBound(to: Float.self), bias: bias, epilogue: epilogue, residualPixelStride: residualPixelStride,
      tileBlock: grid.tiles, panelBlock: grid.panels)
  }
}
