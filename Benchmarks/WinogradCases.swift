import KernelContract

extension Layer {
  /// 3 × 3 and 5 × 5 layers of stride 1, from early and wide to late and deep.
  static let filters = [
    Layer(name: "vgg 224", size: 224, inChannels: 64, outChannels: 64, kernel: 3),
    Layer(name: "vgg 112", size: 112, inChannels: 128, outChannels: 128, kernel: 3),
    Layer(name: "vgg 56", size: 56, inChannels: 256, outChannels: 256, kernel: 3),
    Layer(name: "vgg 28", size: 28, inChannels: 512, outChannels: 512, kernel: 3),
    Layer(name: "vgg 14", size: 14, inChannels: 512, outChannels: 512, kernel: 3),
    Layer(name: "resnet 56", size: 56, inChannels: 64, outChannels: 64, kernel: 3),
    Layer(name: "resnet 28", size: 28, inChannels: 128, outChannels: 128, kernel: 3),
    Layer(name: "resnet 14", size: 14, inChannels: 256, outChannels: 256, kernel: 3),
    Layer(name: "resnet 7", size: 7, inChannels: 512, outChannels: 512, kernel: 3),
    Layer(name: "squeeze 55", size: 55, inChannels: 16, outChannels: 64, kernel: 3),
    Layer(name: "squeeze 27", size: 27, inChannels: 32, outChannels: 128, kernel: 3),
    Layer(name: "squeeze 13", size: 13, inChannels: 64, outChannels: 256, kernel: 3),
    Layer(name: "vgg 14, weights from memory", size: 14, inChannels: 512, outChannels: 512, kernel: 3, weightsInTurn: 96 << 20),
    Layer(name: "resnet 14, weights from memory", size: 14, inChannels: 256, outChannels: 256, kernel: 3, weightsInTurn: 96 << 20),
    Layer(name: "resnet 7, weights from memory", size: 7, inChannels: 512, outChannels: 512, kernel: 3, weightsInTurn: 96 << 20),
    Layer(name: "alex 13, weights from memory", size: 13, inChannels: 384, outChannels: 256, kernel: 3, weightsInTurn: 96 << 20),
    Layer(name: "alex 27 5×5", size: 27, inChannels: 64, outChannels: 192, kernel: 5),
    Layer(name: "inception 28 5×5", size: 28, inChannels: 32, outChannels: 96, kernel: 5),
    Layer(name: "inception 14 5×5", size: 14, inChannels: 48, outChannels: 128, kernel: 5),
  ]
}

func winogradCases() -> [Case] {
  Layer.filters.flatMap { layer in (layer.kernel == 3 ? [2, 4, 6] : [2, 4]).map { winogradCase(layer, tile: $0) } }
}

func winogradCase(_ layer: Layer, tile: Int) -> Case {
  let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
  let packing = WinogradPacking(
    tile: tile, window: layer.kernel, groupOutChannels: layer.outChannels, groupInChannels: layer.inChannels)
  let tiles = blocks(layer.outSize, of: tile) * blocks(layer.outSize, of: tile)
  let grid = WinogradBlocks(packing, tileCount: tiles, level2Bytes: 1 << 20, level3Bytes: 32 << 20, tileRows: 6, threads: 1)
  let descriptors = (0...layer.weightsInTurn / (4 * packing.weightCount)).map { _ in
    WinogradF32Descriptor(
      geometry: layer.geometry, groupInChannels: layer.inChannels, groupOutChannels: layer.outChannels, tile: tile,
      weights: Buffer.floats(packing.weightCount).pointer(), bias: Buffer.floats(layer.outChannels).pointer(), epilogue: .relu,
      tileBlock: grid.tiles, panelBlock: grid.panels)
  }
  return Case(
    "\(tile)×\(tile) \(layer.name)", macs: layer.macs, bytes: Double(4 * (input + output + packing.weightCount)), descriptors[0],
    [.floats(output), .floats(input)], others: Array(descriptors.dropFirst()))
}

/// Of codes, in 16 bits.
func winogradU8S8Cases() -> [Case] {
  Layer.filters.filter { $0.kernel == 3 }.map { layer in
    let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
    let packing = WinogradCodesPacking(groupOutChannels: layer.outChannels, groupInChannels: layer.inChannels)
    let tiles = blocks(layer.outSize, of: 4) * blocks(layer.outSize, of: 4)
    let grid = WinogradBlocks(packing, tileCount: tiles, level2Bytes: 1 << 20, level3Bytes: 32 << 20, tileRows: 6, threads: 1)
    let descriptors = (0...layer.weightsInTurn / (2 * packing.weightCount)).map { _ in
      WinogradU8S8Descriptor(
        geometry: layer.geometry, groupInChannels: layer.inChannels, groupOutChannels: layer.outChannels, inputZeroPoint: 128,
        weights: Buffer(bytes: 2 * packing.weightCount).pointer(), bias: Buffer(bytes: 64 * packing.panels).pointer(),
        scales: Buffer.floats(16 * packing.panels).pointer(), requantization: .u8(zeroPoint: 3), tileBlock: grid.tiles,
        panelBlock: grid.panels)
    }
    return Case(
      layer.name, macs: layer.macs, bytes: Double(input + output + 2 * packing.weightCount), descriptors[0],
      [.codes(output), .codes(input)], others: Array(descriptors.dropFirst()))
  }
}
