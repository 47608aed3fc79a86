extension CostTable {
  /// Tables as `KernelBenchmarks --calibrate` printed them.
  package static let known = [zen4Wide, zen4]

  private static let zen4Wide = CostTable(
    name: "AMD Zen 4, kernels for AVX-512", level2Bytes: 1024 << 10, level3Bytes: 32 << 20, tileRows: 8,
    tiles: [45, 80, 149, 289, 568, 1126, 2253, 9066], pointer: 1.2, copiedByte: 0.1, winogradIn: [15, 32, 70], winogradOut: [14, 28, 60],
    weights: Stream(level3: 0.008, memory: 0.04), winogradWeights: Stream(level3: 0.008, memory: 0.04),
    images: Stream(level3: 0.01, memory: 0.05))

  private static let zen4 = CostTable(
    name: "AMD Zen 4, kernels for AVX2", level2Bytes: 1024 << 10, level3Bytes: 32 << 20, tileRows: 6,
    tiles: [34, 60, 112, 217, 426, 845, 1690, 6800], pointer: 1.2, copiedByte: 0.1, winogradIn: [15, 32, 70], winogradOut: [14, 28, 60],
    weights: Stream(level3: 0.008, memory: 0.04), winogradWeights: Stream(level3: 0.008, memory: 0.04),
    images: Stream(level3: 0.01, memory: 0.05))

  /// The table of the machine that is most like this one: the same kernels first, then the nearest caches.
  package static func nearest(to machine: Machine, tileRows: Int) -> CostTable {
    func ratio(_ a: Int, _ b: Int) -> Double {
      let (a, b) = (Double(max(a, 1)), Double(max(b, 1)))
      return max(a / b, b / a)
    }
    func distance(_ table: CostTable) -> Double {
      ratio(table.level2Bytes, machine.level2Bytes) + ratio(table.level3Bytes, machine.level3Bytes)
        + (table.tileRows == tileRows ? 0 : 1e9)
    }
    return known.min { distance($0) < distance($1) } ?? zen4
  }
}
