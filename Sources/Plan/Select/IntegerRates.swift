import KernelContract

/// What the products of codes were measured to take on one core of an AMD EPYC (Zen 4), in nanoseconds (`KernelBenchmarks sparse-codes`). They are
/// compared with one another only, so a processor that is slower in all of them needs no figures of its own.
struct IntegerRates {
  /// Four stored weights times 64 positions, a row of 64 sums, and a byte that is turned into a plane or back into pixels.
  var record: Double
  var row: Double
  var byte: Double
  /// A multiplication of the dense product, and a sum that it writes.
  var product: Double
  var sum: Double

  /// - Parameters:
  ///   - anyCodes: whether the kernels are those with `vpdpbusd`.
  ///   - inQuads: whether the dense product is by quads.
  ///   - inTiles: whether the dense layer may be made in Winograd's tiles.
  init(anyCodes: Bool, inQuads: Bool, inTiles: Bool) {
    (record, row, byte) = anyCodes ? (2.1, 3.5, 0.05) : (3.6, 4.5, 0.05)
    (product, sum) = !inQuads ? (0.0119, 0.2) : anyCodes ? (0.00444, 0.096) : (0.00896, 0.17)
    if inTiles { product = min(product, 0.0037) }
  }

  /// `sparse_u8s8` for one image.
  func sparse(_ packing: SparseCodesPacking, outputs: Int) -> Double {
    let form = packing.form
    let passes = Double(blocks(form.positions, of: SparseCodesForm.pass))
    let rows = Double(form.groups * form.groupOutChannels * form.channelBlocks)
    let panel = Double(form.groups * form.groupInChannels * form.planes * form.planeBytes) * Double(form.tiles)
    let bytes = panel + Double(outputs * form.groups * form.groupOutChannels)
    return passes * (Double(packing.filled / 4) * record + rows * row) + bytes * byte
  }

  /// A dense product of `macs` multiplications and `sums` results.
  func dense(macs: Double, sums: Double) -> Double { macs * product + sums * sum }
}
