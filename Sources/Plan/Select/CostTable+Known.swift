extension CostTable {
  /// Tables as `KernelBenchmarks --calibrate` printed them; where a figure was measured again after a kernel had changed, the later one.
  package static let known = [zen4Wide, zen4, zen3]

  private static let zen4Wide = CostTable(
    name: "AMD Zen 4, kernels for AVX-512", level2Bytes: 1024 << 10, level3Bytes: 32 << 20, tileRows: 8,
    tiles: [41.4, 72.8, 143.0, 283.0, 562.0, 1082.0, 2183.0, 9000.0], pointer: 1.62, copiedByte: 0.00428,
    winogradIn: [13.1, 45.0, 85.4], winogradOut: [9.55, 38.3, 92.7], strassenFloat: 0.104, weights: Stream(level3: 0, memory: 0.0169),
    winogradWeights: Stream(level3: 0.000333, memory: 0.006), winogradFetch: 0.0427, images: Stream(level3: 0.00664, memory: 0.0616))

  private static let zen4 = CostTable(
    name: "AMD Zen 4, kernels for AVX2", level2Bytes: 1024 << 10, level3Bytes: 32 << 20, tileRows: 6,
    tiles: [37.9, 64.1, 117.0, 223.0, 435.0, 868.0, 1611.0, 6748.0], pointer: 1.52, copiedByte: 0.00203,
    winogradIn: [13.0, 49.2, 94.7], winogradOut: [5.78, 29.0, 96.5], strassenFloat: 0.0947, weights: Stream(level3: 0.0106, memory: 0.0324),
    winogradWeights: Stream(level3: 0.000982, memory: 0.008), winogradFetch: 0.0427, images: Stream(level3: 0.00553, memory: 0.0655))

  /// Scaled from the table above by what the two machines were measured to have: a peak of 118 and 99 GFLOP/s, and 30 and 17 GB/s from memory.
  private static let zen3 = {
    var table = zen4
    let (slower, farther) = (118.0 / 99, 30.0 / 17)
    table.name = "AMD Zen 3, scaled from Zen 4"
    table.level2Bytes = 512 << 10
    table.tiles = table.tiles.map { $0 * slower }
    table.winogradIn = table.winogradIn.map { $0 * slower }
    table.winogradOut = table.winogradOut.map { $0 * slower }
    table.pointer *= slower
    table.copiedByte *= slower
    table.strassenFloat *= slower
    func scaled(_ stream: Stream) -> Stream { Stream(level3: stream.level3 * slower, memory: stream.memory * farther) }
    table.weights = scaled(table.weights)
    table.winogradWeights = scaled(table.winogradWeights)
    table.winogradFetch *= farther
    table.images = scaled(table.images)
    table.sparse = table.sparse.scaled(slower, farther: farther)
    return table
  }()

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
