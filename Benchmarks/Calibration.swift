import KernelContract
import Plan

/// Measures what `Sources/Plan/Select/CostTable+Known.swift` needs to know of this kind of machine, and prints it as it stands there.
struct Calibration {
  private let product: KernelEntry
  private let winograd: KernelEntry
  private let strassen: KernelEntry?
  private let level2Bytes: Int
  private let level3Bytes: Int
  private static let depths = [16, 32, 64, 128, 256, 512, 1024, 4096]

  /// - Parameter entries: the kernels of the machine, best first.
  init?(_ entries: [KernelEntry]) {
    guard let product = entries.first(where: { $0.family == .gemmF32 }),
      let winograd = entries.first(where: { $0.family == .winogradF32 })
    else { return nil }
    (self.product, self.winograd) = (product, winograd)
    strassen = entries.first { $0.family == .strassenF32 }
    guard let machine = try? Machine.current() else { return nil }
    (level2Bytes, level3Bytes) = (machine.level2Bytes, machine.level3Bytes)
  }

  /// Nanoseconds of the best run.
  private func nanoseconds(_ entry: KernelEntry, _ items: [Case]) -> Double {
    var next = 0
    return 1e9
      * bestTime(budget: 0.3) {
        items[next].run(entry)
        next = next + 1 == items.count ? 0 : next + 1
      }
  }

  // MARK: Products

  /// A tile of the product, alone with its operands in the second-level cache.
  private func tile(depth: Int) -> Double {
    let (tiles, columns) = (4, depth > 1024 ? 16 : 64)
    let rows = tiles * product.tile.rows
    let packing = GemmPacking(groupOutChannels: columns, groupInChannels: depth)
    let descriptor = GemmF32Descriptor(
      geometry: .matrix(rows: rows, inputStride: depth, outputStride: columns), groupInChannels: depth, groupOutChannels: columns,
      weights: Buffer.floats(packing.f32Bytes / 4).pointer(), bias: Buffer.floats(columns).pointer(), rowBlock: rows, panelBlock: 4)
    let item = Case("", bytes: 0, descriptor, [.floats(rows * columns), .floats(rows * depth)])
    return nanoseconds(product, [item]) / Double(tiles * (columns / 16))
  }

  private func products(_ tiles: [Double], rows: Int, depth: Int) -> Double {
    let upper = max(1, Self.depths.firstIndex { depth <= $0 } ?? Self.depths.count - 1)
    let share = Double(depth - Self.depths[upper - 1]) / Double(Self.depths[upper] - Self.depths[upper - 1])
    return (tiles[upper - 1] + (tiles[upper] - tiles[upper - 1]) * share) * Double(rows) / Double(product.tile.rows)
  }

  private func convolution(size: Int, _ inChannels: Int, _ outChannels: Int, rowBlock: Int? = nil) -> Case {
    let layer = Layer(name: "", size: size, inChannels: inChannels, outChannels: outChannels, kernel: 3)
    let packing = GemmPacking(groupOutChannels: outChannels, groupInChannels: inChannels, taps: 9)
    let descriptor = GemmF32Descriptor(
      geometry: layer.geometry, groupInChannels: inChannels, groupOutChannels: outChannels,
      weights: Buffer.floats(packing.f32Bytes / 4).pointer(), bias: Buffer.floats(packing.columnCount).pointer(), rowBlock: rowBlock,
      panelBlock: packing.panels)
    return Case("", bytes: 0, descriptor, [.floats(size * size * outChannels), .floats(size * size * inChannels)])
  }

  // MARK: Winograd

  private func filter(size: Int, _ inChannels: Int, _ outChannels: Int, tile: Int) -> (item: Case, tiles: Int, passes: Int, weights: Int) {
    let layer = Layer(name: "", size: size, inChannels: inChannels, outChannels: outChannels, kernel: 3)
    let packing = WinogradPacking(tile: tile, groupOutChannels: outChannels, groupInChannels: inChannels)
    let tiles = blocks(size, of: tile) * blocks(size, of: tile)
    let grid = WinogradBlocks(
      packing, tileCount: tiles, level2Bytes: level2Bytes, level3Bytes: level3Bytes, tileRows: winograd.tile.rows, threads: 1)
    let descriptor = WinogradF32Descriptor(
      geometry: layer.geometry, groupInChannels: inChannels, groupOutChannels: outChannels, tile: tile,
      weights: Buffer.floats(packing.weightCount).pointer(), bias: Buffer.floats(packing.panels * 16).pointer(), tileBlock: grid.tiles,
      panelBlock: grid.panels)
    let item = Case("", bytes: 0, descriptor, [.floats(size * size * outChannels), .floats(size * size * inChannels)])
    return (item, tiles, blocks(tiles, of: grid.tiles), 4 * packing.weightCount)
  }

  /// To transform eight channels of a tile in and out: two convolutions with the channels on one side or the other, two unknowns.
  private func transforms(_ tiles: [Double], tile: Int) -> (input: Double, output: Double) {
    let points = Double((tile + 2) * (tile + 2))
    func perTile(_ inChannels: Int, _ outChannels: Int) -> Double {
      let layer = filter(size: 4 * tile, inChannels, outChannels, tile: tile)
      let rest = points * Double(outChannels / 16) * products(tiles, rows: layer.tiles, depth: inChannels)
      return (nanoseconds(winograd, [layer.item]) - rest) / Double(layer.tiles)
    }
    // wide = 32 in + 2 out, deep = 2 in + 32 out
    let (wide, deep) = (perTile(256, 16), perTile(16, 256))
    return ((32 * wide - 2 * deep) / 1020, (32 * deep - 2 * wide) / 1020)
  }

  // MARK: Strassen

  /// What a product by halves takes above its seven products, for each float of its sums.
  private func sums(_ tiles: [Double]) -> Double {
    guard let strassen else { return 0 }
    let (rows, channels, block) = (784, 256, 7 * product.tile.rows)
    let packing = StrassenPacking(inChannels: channels, outChannels: channels)
    let descriptor = StrassenF32Descriptor(
      rows: rows, inputStride: channels, outputStride: channels, inChannels: channels, outChannels: channels,
      weights: Buffer.floats(packing.weightCount).pointer(), bias: Buffer.floats(packing.biasCount).pointer(), rowBlock: block,
      product: product.step)
    let item = Case("", bytes: 0, descriptor, [.floats(rows * channels), .floats(rows * channels)])
    let known = 7 * Double(packing.panels) * products(tiles, rows: rows / 2, depth: channels / 2)
    return max(0, nanoseconds(strassen, [item]) - known) / Double(rows / 2 * (4 * channels / 2 + 3 * packing.half))
  }

  // MARK: The table

  func run() {
    let tiles = Self.depths.map(tile)
    let moves = [2, 4, 6].map { transforms(tiles, tile: $0) }
    func filters(_ size: Int, _ inChannels: Int, _ outChannels: Int, tile: Int, copies: Int = 1) -> (extra: Double, weights: Double) {
      let layers = (0..<copies).map { _ in filter(size: size, inChannels, outChannels, tile: tile) }
      let (count, points) = (layers[0].tiles, Double((tile + 2) * (tile + 2)))
      let move = moves[tile / 2 - 1]
      let known =
        points * Double(blocks(outChannels, of: 16)) * products(tiles, rows: count, depth: inChannels)
        + Double(count) * (Double(inChannels / 8) * move.input + Double(outChannels / 8) * move.output)
      let extra = nanoseconds(winograd, layers.map(\.item)) - known
      return (max(0, extra), Double(layers[0].weights * layers[0].passes))
    }
    // Weights that stay in the last-level cache, and as many sets of them in turn as do not.
    let sets = level3Bytes * 2 / (36 * 256 * 256 * 4) + 1
    let (near, far) = (filters(14, 256, 256, tile: 4), filters(14, 256, 256, tile: 4, copies: sets))
    // Four tiles: a panel of weights takes longer to fetch than to use.
    let few = (0..<2).map { _ in filter(size: 7, 512, 512, tile: 4) }
    let fetch = nanoseconds(winograd, few.map(\.item)) / Double(few[0].weights)
    let directSets = level3Bytes * 2 / (9 * 256 * 256 * 4) + 1
    func direct(_ copies: Int) -> Double {
      let items = (0..<copies).map { _ in convolution(size: 14, 256, 256, rowBlock: 196) }
      return max(0, nanoseconds(product, items) - 16 * products(tiles, rows: 196, depth: 2304)) / (9 * 256 * 256 * 4)
    }
    let (middle, large) = (filters(112, 64, 64, tile: 4), filters(224, 64, 64, tile: 4))
    let pixels = 56.0 * 56
    let pointer = (nanoseconds(product, [convolution(size: 56, 32, 16)]) - products(tiles, rows: 3136, depth: 288)) / (pixels * 9)
    let copied = (nanoseconds(product, [convolution(size: 56, 16, 16)]) - products(tiles, rows: 3136, depth: 144)) / (pixels * 144 * 4)
    func list(_ values: [Double]) -> String { "[" + values.map(significant).joined(separator: ", ") + "]" }
    print(
      """
      CostTable(
        name: "…", level2Bytes: \(level2Bytes >> 10) << 10, level3Bytes: \(level3Bytes >> 20) << 20, tileRows: \(product.tile.rows),
        tiles: \(list(tiles)),
        pointer: \(significant(pointer)), copiedByte: \(significant(copied)),
        winogradIn: \(list(moves.map(\.input))), winogradOut: \(list(moves.map(\.output))),
        strassenFloat: \(significant(sums(tiles))),
        weights: Stream(level3: \(significant(direct(1))), memory: \(significant(direct(directSets)))),
        winogradWeights: Stream(level3: \(significant(near.extra / near.weights)), memory: \(significant(far.extra / far.weights))),
        winogradFetch: \(significant(fetch)),
        images: Stream(
          level3: \(significant(middle.extra / (12 * 112 * 112 * 64))), memory: \(significant(large.extra / (12 * 224 * 224 * 64)))))
      """)
  }

  /// Three figures.
  private func significant(_ value: Double) -> String {
    guard value > 0 else { return "0" }
    var scale = 1.0
    while value * scale < 100, scale < 1e9 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
