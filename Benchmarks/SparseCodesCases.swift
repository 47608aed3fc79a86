import KernelContract
import Kernels

extension Layer {
  /// Codes of which about `percent` of a hundred are not zero, [out][in][tap]: those of normal weights whose smallest were set to zero.
  func sparseCodes(percent: Int) -> Buffer {
    let count = outChannels * inChannels * kernel * kernel
    let buffer = Buffer(bytes: count)
    let codes = buffer.pointer(Int8.self)
    var state: UInt64 = 1
    func next() -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33)
    }
    for i in 0..<count { codes[i] = next() % 100 < percent ? Int8((40 + next() % 50 + next() % 38) * (next() % 2 * 2 - 1)) : 0 }
    return buffer
  }
}

/// Times sparse layers of codes beside the dense kernels and the sparse ones in f32, in turns: with the kernels for AVX2, and with all.
struct SparseCodesComparison {
  let entries: [KernelEntry]

  func run() {
    for (name, entries) in [("AVX2", kernelTable()), ("all", entries)] {
      for percent in [50, 30, 20, 10, 5] { compare(name, entries, (14, 512, 512, 1, 1), percent) }
      for shape in [
        (112, 32, 64, 1, 1), (56, 128, 128, 1, 1), (28, 256, 256, 1, 1), (7, 1024, 1024, 1, 1), (14, 256, 1024, 1, 1),
        (14, 1024, 256, 1, 1), (56, 64, 256, 1, 1), (56, 256, 64, 1, 1), (7, 2048, 512, 1, 1), (7, 512, 2048, 1, 1), (56, 64, 64, 3, 1),
        (28, 128, 128, 3, 1), (14, 256, 256, 3, 1), (7, 512, 512, 3, 1), (56, 128, 128, 3, 2), (56, 256, 512, 1, 2),
      ] { compare(name, entries, shape, 10) }
    }
  }

  private func compare(_ table: String, _ entries: [KernelEntry], _ shape: (Int, Int, Int, Int, Int), _ percent: Int) {
    let (size, inputs, outputs, kernel, stride) = shape
    let layer = Layer(
      name: "\(kernel)×\(kernel)\(stride > 1 ? "/2" : "") \(size)² \(inputs)→\(outputs)", size: size, inChannels: inputs,
      outChannels: outputs, kernel: kernel, stride: stride)
    let items = [
      sparseCodesCase(layer, percent: percent, entries), productU8S8Case(layer, inQuads: false), productU8S8Case(layer, inQuads: true),
      sparseCase(layer, percent: percent),
    ]
    var best = items.map { _ in Double.infinity }
    for _ in 0..<3 {
      for (index, item) in items.enumerated() {
        guard let entry = entries.first(where: { $0.family == item.family }) else { continue }
        best[index] = min(best[index], bestTime(budget: 0.01) { item.run(entry) })
      }
    }
    let names = ["sparse", "pairs", "quads", "sparse f32"]
    print(
      "\(table) \(layer.name), \(100 - percent) % zeros: "
        + zip(names, best).map { "\($0) \(rounded($1 * 1e6)) µs" }.joined(separator: ", ")
        + "; \(rounded(2 * layer.macs * Double(percent) / 100 / best[0] / 1e9)) GOP/s useful  [\(items[0].name)]")
  }
}

/// Counted as the dense layer that it replaces.
func sparseCodesCase(_ layer: Layer, percent: Int, _ entries: [KernelEntry]) -> Case {
  let weights = layer.sparseCodes(percent: percent)
  let taps = layer.kernel * layer.kernel
  let isExact = entries.first { $0.family == .sparseU8S8 }?.flags.contains(.anyCodes) ?? false
  guard
    let packing = SparseCodesPacking(
      layer.geometry, groupInChannels: layer.inChannels, groupOutChannels: layer.outChannels, weights.pointer(),
      GemmPacking.Strides(output: layer.inChannels * taps, input: taps, tap: 1), inPairs: !isExact, level1Bytes: 32 << 10)
  else { return productU8S8Case(layer, inQuads: false) }
  let packed = Buffer(bytes: packing.byteCount)
  packing.pack(into: packed.base)
  let descriptor = SparseU8S8Descriptor(
    geometry: layer.geometry, form: packing.form, inputZeroPoint: 3, weights: packed.base,
    bias: Buffer(bytes: 4 * layer.outChannels).pointer(), scales: Buffer.floats(layer.outChannels).pointer(),
    requantization: .u8(zeroPoint: 3))
  let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
  let form = packing.form
  return Case(
    "\(form.tilePositions) positions, \(form.channelBlocks) blocks of \(form.channelBlock), \(100 * packing.stored / max(1, packing.filled)) % full",
    macs: layer.macs, bytes: Double(input + output + packing.byteCount), descriptor, [.codes(output), .codes(input)])
}
