import KernelContract

/// Times 3 × 3 layers whose Winograd coefficients are mostly zeros, in turns with the best dense kernels and with as many zeros in the taps.
struct SparseWinogradComparison {
  let entries: [KernelEntry]

  func run() {
    let rounds = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 15
    for (size, inChannels, outChannels) in [
      (28, 256, 256), (56, 64, 64), (28, 128, 128), (14, 256, 256), (7, 512, 512), (112, 128, 128), (56, 256, 256), (28, 512, 512),
      (14, 512, 512),
    ] {
      let layer = Layer(
        name: "3×3 \(size)² \(inChannels)→\(outChannels)", size: size, inChannels: inChannels, outChannels: outChannels, kernel: 3)
      for percent in [20, 10] { compare(layer, percent, rounds) }
    }
  }

  private func compare(_ layer: Layer, _ percent: Int, _ rounds: Int) {
    var items: [(String, Case)] =
      [("gemm", productF32Case(layer))] + [2, 4, 6].map { ("dense \($0)×\($0)", winogradCase(layer, tile: $0)) }
    items.append(("sparse taps", sparseCase(layer, percent: percent)))
    for tile in [2, 4] {
      items.append(("sparse \(tile)×\(tile)", sparseWinogradCase(layer, percent: percent, tile: tile)))
      items.append(("transforms \(tile)×\(tile)", sparseWinogradCase(layer, percent: 0, tile: tile)))
    }
    if CommandLine.arguments.contains("tiles") {
      for vectors in 2...6 {
        items.append(("sparse 4×4 \(vectors)", sparseWinogradCase(layer, percent: percent, tile: 4, tileVectors: vectors)))
      }
    }
    var times = items.map { _ in [Double]() }
    for _ in 0..<rounds {
      for (index, item) in items.enumerated() {
        guard let entry = entries.first(where: { $0.family == item.1.family }) else { continue }
        times[index].append(bestTime(budget: 0.006) { item.1.run(entry) })
      }
    }
    let sorted = times.map { $0.sorted() }
    func best(_ index: Int) -> Double { sorted[index][sorted[index].count / 6] }
    let dense = (0..<4).map(best).min() ?? .infinity
    print("\(layer.name), \(100 - percent) % zeros: best third (median) µs; against the best dense")
    for (index, item) in items.enumerated() {
      let median = sorted[index][sorted[index].count / 2]
      print(
        "  \(item.0): \(rounded(best(index) * 1e6)) (\(rounded(median * 1e6)))  \(rounded(10 * dense / best(index)))/10  \(item.1.name)")
    }
  }
}

/// Counted as the dense layer that it replaces.
func sparseWinogradCase(_ layer: Layer, percent: Int, tile: Int, tileVectors: Int? = nil) -> Case {
  var geometry = layer.geometry
  (geometry.inputPixelStride, geometry.outputPixelStride) = (1, 1)
  let points = (tile + 2) * (tile + 2)
  let matrix = Layer(name: "", size: 1, inChannels: layer.inChannels, outChannels: points * layer.outChannels, kernel: 1)
  let weights = matrix.sparseWeights(percent: percent)
  let strides = GemmPacking.Strides(output: layer.inChannels, input: 1)
  let packing = SparsePacking(
    SparseWinogradF32Descriptor.points(of: geometry, tile: tile), groups: points, groupInChannels: layer.inChannels,
    groupOutChannels: layer.outChannels, weights.pointer(), strides, level1Bytes: 32 << 10,
    tileVectors: tileVectors ?? SparseWinogradF32Descriptor.bestVectors(geometry, tile: tile))
  let packed = Buffer(bytes: packing.byteCount)
  packing.pack(weights.pointer(), strides, into: packed.base)
  func planes(_ size: Int, _ channels: Int) -> Planes { Planes(channelStride: size * size, imageStride: size * size * channels) }
  let descriptor = SparseWinogradF32Descriptor(
    geometry: geometry, tile: tile, packing: packing, input: planes(layer.size, layer.inChannels),
    output: planes(layer.outSize, layer.outChannels), weights: packed.base, bias: Buffer.floats(layer.outChannels).pointer(),
    epilogue: .relu)
  let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
  let form = packing.form
  return Case(
    "\(form.tileVectors) vectors, \(descriptor.blockLines)×\(descriptor.blockColumns) tiles, \(form.stripBlocks) blocks of \(form.stripBlock)",
    macs: layer.macs, bytes: Double(4 * (input + output) + packing.byteCount), descriptor, [.floats(output), .floats(input)])
}
