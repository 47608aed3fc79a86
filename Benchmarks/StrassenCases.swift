import KernelContract

/// Pointwise layers by halves, with the products made by `product`.
func strassenCases(_ product: KernelEntry?) -> [Case] {
  guard let product else { return [] }
  return [(56, 128, 128), (28, 256, 256), (19, 728, 728), (14, 512, 512), (14, 256, 1024), (7, 1024, 1024), (7, 2048, 512)].map {
    strassenCase($0, $1, $2, product)
  }
}

func strassenCase(_ size: Int, _ channels: Int, _ outputs: Int, _ product: KernelEntry) -> Case {
  let layer = Layer(name: "", size: size, inChannels: channels, outChannels: outputs, kernel: 1)
  let packing = StrassenPacking(inChannels: channels, outChannels: outputs)
  let rows = size * size
  let descriptor = StrassenF32Descriptor(
    rows: rows, inputStride: channels, outputStride: outputs, inChannels: channels, outChannels: outputs,
    weights: Buffer.floats(packing.weightCount).pointer(), bias: Buffer.floats(packing.biasCount).pointer(), epilogue: .relu,
    rowBlock: min(blocks(rows, of: 2), 48), product: product.step)
  let bytes = Double(4 * (rows * (channels + outputs) + packing.weightCount))
  return Case(
    "pw \(size) \(channels)→\(outputs)", macs: layer.macs, bytes: bytes, descriptor, [.floats(rows * outputs), .floats(rows * channels)])
}
