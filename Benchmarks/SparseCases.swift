import KernelContract

extension Layer {
  /// Weights of which about `percent` of a hundred are not zero, [out][in][tap], `rows` output channels alike.
  func sparseWeights(percent: Int, rows: Int = 1) -> Buffer {
    let row = inChannels * kernel * kernel
    let buffer = Buffer.floats(outChannels * row)
    let weights = buffer.pointer(Float.self)
    var state: UInt64 = 1
    for i in 0..<outChannels * row {
      if i / row % rows == 0 { state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407 }
      weights[i] = i / row % rows != 0 ? weights[i - row] : Int((state >> 33) % 100) < percent ? 0.01 : 0
    }
    return buffer
  }
}

/// Times sparse layers beside the best dense kernel for each, in turns, and prints how many times as fast they are.
struct SparseComparison {
  let entries: [KernelEntry]

  func run() {
    let pointwise = Layer(name: "1×1 14² 512→512", size: 14, inChannels: 512, outChannels: 512, kernel: 1)
    let filter = Layer(name: "3×3 28² 256→256", size: 28, inChannels: 256, outChannels: 256, kernel: 3)
    convolution(pointwise, [50, 30, 20, 10, 5])
    convolution(filter, [20, 10, 5])
    // Patterns of weights beside as many weights anywhere: pixels are the vectors, so a pattern neither helps nor hurts.
    for layer in [pointwise, filter] {
      for pattern in [SparsePattern.percent(50), .kept(2, of: 4), .percent(25), .kept(1, of: 4), .kept(2, of: 8)] {
        var named = layer
        named.name += " " + pattern.name
        let sparse = sparseCase(layer, percent: pattern.percent, weights: pattern.weights(layer))
        compare(named, pattern.percent, [productF32Case(layer)], sparse)
      }
    }
    for (size, inChannels, outChannels) in [
      (112, 32, 64), (56, 128, 128), (28, 256, 256), (7, 1024, 1024), (14, 256, 1024), (14, 1024, 256), (19, 728, 728),
    ] {
      let name = "1×1 \(size)² \(inChannels)→\(outChannels)"
      convolution(Layer(name: name, size: size, inChannels: inChannels, outChannels: outChannels, kernel: 1), [10])
    }
    for (size, channels) in [(56, 64), (28, 128), (14, 256), (7, 512)] {
      let name = "3×3 \(size)² \(channels)→\(channels)"
      convolution(Layer(name: name, size: size, inChannels: channels, outChannels: channels, kernel: 3), [10])
    }
    convolution(Layer(name: "3×3/2 56² 128→128", size: 56, inChannels: 128, outChannels: 128, kernel: 3, stride: 2), [10])
    vectors()
  }

  private func convolution(_ layer: Layer, _ percents: [Int]) {
    var dense = [productF32Case(layer)]
    if layer.kernel == 3 && layer.stride == 1 { dense += [2, 4, 6].map { winogradCase(layer, tile: $0) } }
    if layer.kernel == 1, let product = entries.first(where: { $0.family == .gemmF32 }) {
      dense.append(strassenCase(layer.size, layer.inChannels, layer.outChannels, product))
    }
    if CommandLine.arguments.contains("tiles") {
      for percent in percents { tiles(layer, percent) }
      return
    }
    for percent in percents { compare(layer, percent, dense, sparseCase(layer, percent: percent)) }
  }

  private func tiles(_ layer: Layer, _ percent: Int) {
    var items: [(String, Case)] = []
    for shares in layer.kernel > 1 ? [true, false] : [false] {
      for level1 in [28, 32, 40] {
        for vectors in [4, 5, 6, 7] {
          let item = sparseCase(layer, percent: percent, level1Bytes: level1 << 10, tileVectors: vectors, spansLines: shares)
          items.append(("\(shares) L1 \(level1) \(item.name)", item))
        }
      }
    }
    items.append(("chosen", sparseCase(layer, percent: percent)))
    guard let entry = entries.first(where: { $0.family == .sparseF32 }) else { return }
    var best = items.map { _ in Double.infinity }
    for _ in 0..<2 {
      for (index, item) in items.enumerated() { best[index] = min(best[index], bestTime(budget: 0.01) { item.1.run(entry) }) }
    }
    for index in items.indices.sorted(by: { best[$0] < best[$1] }) {
      print("\(layer.name) \(percent) %: \(rounded(best[index] * 1e6)) µs \(items[index].0)")
    }
  }

  func compare(_ layer: Layer, _ percent: Int, _ dense: [Case], _ sparse: Case) {
    let items = dense + [sparse]
    var best = items.map { _ in Double.infinity }
    for _ in 0..<3 {
      for (index, item) in items.enumerated() {
        guard let entry = entries.first(where: { $0.family == item.family }) else { continue }
        best[index] = min(best[index], bestTime(budget: 0.03) { item.run(entry) })
      }
    }
    let fastest = best.dropLast().min() ?? .infinity
    let seconds = best[dense.count]
    print(
      "\(layer.name), \(100 - percent) % zeros: \(rounded(seconds * 1e6)) µs, \(rounded(2 * layer.macs * Double(percent) / 100 / seconds / 1e9)) "
        + "GFLOP/s useful; dense \(rounded(best[0] * 1e6)) µs, \(rounded(best[0] / seconds))×; best dense \(rounded(fastest * 1e6)) µs, "
        + "\(rounded(fastest / seconds))×  [\(sparse.name)]")
  }
}

/// Counted as the dense layer that it replaces.
func sparseCase(
  _ layer: Layer, percent: Int, weights: Buffer? = nil, level1Bytes: Int = 32 << 10, tileVectors: Int? = nil, spansLines: Bool? = nil,
  rows: Int = 1, rowBlock: Int = 1
) -> Case {
  var geometry = layer.geometry
  (geometry.inputPixelStride, geometry.outputPixelStride) = (1, 1)
  let weights = weights ?? layer.sparseWeights(percent: percent, rows: rows)
  let taps = layer.kernel * layer.kernel
  let strides = GemmPacking.Strides(output: layer.inChannels * taps, input: taps, tap: 1)
  let packing = SparsePacking(
    geometry, groupInChannels: layer.inChannels, groupOutChannels: layer.outChannels, weights.pointer(), strides, level1Bytes: level1Bytes,
    tileVectors: tileVectors, spansLines: spansLines, rowBlock: rowBlock)
  let packed = Buffer(bytes: packing.byteCount)
  packing.pack(weights.pointer(), strides, into: packed.base)
  let descriptor = SparseF32Descriptor(
    geometry: geometry, packing: packing, weights: packed.base, bias: Buffer.floats(layer.outChannels).pointer(), epilogue: .relu)
  let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
  let form = packing.form
  return Case(
    "\(form.tileVectors) vectors, \(form.stripBlocks) blocks of \(form.stripBlock) strips", macs: layer.macs,
    bytes: Double(4 * (input + output) + packing.byteCount),
    descriptor, [.floats(output), .floats(input)])
}
