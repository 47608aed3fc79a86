import CMachine

extension CostTable {
  /// Tables as `KernelBenchmarks --calibrate` printed them.
  package static let known = [zen4]

  private static let zen4 = CostTable(
    name: "AMD Zen 4, 1 MiB + 32 MiB", level2Bytes: 1 << 20, level3Bytes: 32 << 20, hasAVX512: true, tileRows: 8,
    tiles: [45, 80, 149, 289, 568, 1126, 2253, 9066], pointer: 1.2, copiedByte: 0.1, winogradIn: [15, 32, 70], winogradOut: [14, 28, 60],
    level3Byte: 0.008, memoryByte: 0.04, task: 300)

  /// The table of the machine that is most like this one: the same vectors first, then the nearest caches.
  package static func nearest(to machine: Machine) -> CostTable {
    let wide = machine.features & UInt32(CMACHINE_AVX512) != 0
    func distance(_ table: CostTable) -> Double {
      func ratio(_ a: Int, _ b: Int) -> Double {
        let (a, b) = (Double(max(a, 1)), Double(max(b, 1)))
        return max(a / b, b / a)
      }
      return ratio(table.level2Bytes, machine.level2Bytes) + ratio(table.level3Bytes, machine.level3Bytes)
        + (table.hasAVX512 == wide ? 0 : 1000)
    }
    return known.min { distance($0) < distance($1) } ?? zen4
  }
}
