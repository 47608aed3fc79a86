import KernelContract

/// Fully connected layers of one row with codes of few bits, and the dense product in f32 with its weights from where they are.
struct LowBitComparison {
  let entries: [KernelEntry]

  func run() {
    for (inputs, outputs) in [(4096, 4096), (25088, 4096), (9216, 4096), (2048, 1000), (1024, 1000)] {
      var dense = Layer(name: "\(inputs)→\(outputs)", size: 1, inChannels: inputs, outChannels: outputs, kernel: 1)
      // Small ones stay in the caches, as the codes do.
      dense.weightsInTurn = 0
      let product = productF32Case(dense)
      for (bits, group) in [(4, 32), (4, 64), (4, 128), (4, inputs), (8, 128), (8, inputs)] {
        for isCentered in [true, false] where isCentered || group == 64 {
          let item = lowBitCase(
            inputs: inputs, outputs: outputs, bits: bits, group: group, zeroPoint: isCentered ? 1 << Int32(bits - 1) : nil)
          var line = "\(inputs)→\(outputs), \(item.name):"
          let all =
            [entries.first { $0.family == .gemmF32 }].compactMap { $0 }.map { ($0, product) }
            + entries.filter { $0.family == .lowBitF32 }.map { ($0, item) }
          var best = all.map { _ in Double.infinity }
          for _ in 0..<3 {
            for (index, (entry, item)) in all.enumerated() { best[index] = min(best[index], bestTime(budget: 0.02) { item.run(entry) }) }
          }
          for (index, (entry, _)) in all.enumerated() {
            line += "  \(entry.id) \(rounded(best[index] * 1e6)) µs" + (index > 0 ? " \(rounded(best[0] / best[index]))×" : "")
          }
          print(line)
        }
      }
    }
  }
}

func lowBitCase(inputs: Int, outputs: Int, bits: Int, group: Int, zeroPoint: Int32?) -> Case {
  let packing = LowBitPacking(columns: outputs, depth: inputs, bits: bits, groupSize: group, zeroPoint: zeroPoint)
  let groups = blocks(inputs, of: group)
  let codes = Buffer.codes(inputs * outputs)
  let bytes = codes.pointer(UInt8.self)
  for i in 0..<inputs * outputs { bytes[i] &= UInt8(1 << bits - 1) }
  let (scales, zeros) = (Buffer.floats(outputs * groups), Buffer(bytes: 4 * outputs * groups))
  let packed = Buffer(bytes: packing.byteCount)
  packing.pack(bytes, .init(output: inputs, input: 1), scales: scales.pointer(), zeroPoints: zeros.pointer(), into: packed.base)
  for buffer in [codes, scales, zeros] { buffer.free() }
  let descriptor = LowBitF32Descriptor(
    form: packing.form, inputStride: inputs, outputStride: outputs, weights: packed.base,
    bias: Buffer.floats(packing.form.columnCount).pointer(), epilogue: .relu)
  return Case(
    "\(bits) bits, groups of \(group)" + (zeroPoint == nil ? ", zero points" : ""), macs: Double(inputs * outputs),
    bytes: Double(packing.byteCount), descriptor, [.floats(outputs), .floats(inputs)])
}
