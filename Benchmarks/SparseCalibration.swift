import KernelContract
import Plan

/// Measures what `SparseRates` needs to know of this kind of machine, and prints it as it stands there.
struct SparseCalibration {
  let entries: [KernelEntry]

  func run() {
    guard let kernel = entries.first(where: { $0.family == .sparseF32 }) else { return }
    let neighbours = fit(kernel, Self.layers, unknowns: 4)
    let strided = fit(kernel, Self.stridedLayers, known: neighbours)
    let rows = SparseForm.rowBlocks.map { fitRows(kernel, $0, panel: neighbours[2]) }
    func byRows(_ index: Int) -> String { "[\(text(rows[0][index])), \(text(rows[1][index]))]" }
    print(
      """
        vector: \(text(neighbours[0])), weight: \(text(neighbours[1])), panel: \(text(neighbours[2])), row: \(text(neighbours[3])),
        strided: \(text(strided)), rowsVector: \(byRows(0)), rowsRecord: \(byRows(1)), rowsRow: \(byRows(2)),
        weights: Stream(level3: \(text(stream(kernel, 4))), memory: \(text(stream(kernel, 96)))),
        gathered: \(text(vector(.sparseVectorF32))), picked: \(text(vector(.sparseBlocksF32))), lanes: \(text(vector(.sparseLanesF32))),
      """)
    for layer in Self.layers + Self.stridedLayers {
      let (work, time) = (counts(layer), measure(kernel, layer))
      let estimate = zip([work.vectors, work.weights, work.panel, work.rows], neighbours).reduce(0) { $0 + $1.0 * $1.1 }
      print("// \(layer.0.name), \(layer.1) %: \(rounded(time / 1e3)) µs, \(rounded((estimate + work.strided * strided) / 1e3)) estimated")
    }
  }

  /// Layers whose images and weights stay in the second-level cache or near it, with per cent of weights.
  private static let layers: [(Layer, Int)] =
    [
      (14, 512, 512, 1, 50), (14, 512, 512, 1, 20), (14, 512, 512, 1, 10), (14, 512, 512, 1, 5), (28, 256, 256, 1, 10),
      (28, 512, 128, 1, 5),
      (56, 64, 64, 1, 10), (56, 64, 256, 1, 5), (56, 256, 64, 1, 5), (7, 512, 2048, 1, 10), (7, 1024, 1024, 1, 5), (14, 256, 1024, 1, 10),
      (14, 1024, 256, 1, 5), (4, 512, 512, 1, 20), (5, 512, 512, 1, 10), (56, 64, 64, 3, 10), (56, 64, 64, 3, 5), (28, 128, 128, 3, 20),
      (28, 128, 128, 3, 5), (14, 256, 256, 3, 10),
      (14, 256, 256, 3, 5), (7, 512, 512, 3, 10), (28, 256, 256, 3, 10),
    ].map(named)

  private static let stridedLayers: [(Layer, Int)] =
    [(56, 128, 128, 3, 10), (28, 256, 256, 3, 5), (14, 512, 512, 3, 10), (56, 256, 512, 1, 5), (28, 512, 1024, 1, 10)].map {
      var (layer, percent) = named($0)
      layer.stride = 2
      return (layer, percent)
    }

  private static func named(_ item: (Int, Int, Int, Int, Int)) -> (Layer, Int) {
    let (size, inputs, outputs, kernel, percent) = item
    return (
      Layer(
        name: "\(kernel)×\(kernel) \(size)² \(inputs)→\(outputs)", size: size, inChannels: inputs, outChannels: outputs, kernel: kernel),
      percent
    )
  }

  private func measure(_ entry: KernelEntry, _ layer: (Layer, Int), rows: Int = 1) -> Double {
    let item = sparseCase(layer.0, percent: layer.1, rows: rows, rowBlock: rows)
    return 1e9 * bestTime(budget: 0.1) { item.run(entry) }
  }

  private func counts(_ item: (Layer, Int), rows: Int = 1) -> SparseWork {
    let (layer, percent) = item
    var geometry = layer.geometry
    (geometry.inputPixelStride, geometry.outputPixelStride) = (1, 1)
    let taps = layer.kernel * layer.kernel
    let packing = SparsePacking(
      geometry, groupInChannels: layer.inChannels, groupOutChannels: layer.outChannels,
      layer.sparseWeights(percent: percent, rows: rows).pointer(),
      GemmPacking.Strides(output: layer.inChannels * taps, input: taps, tap: 1), level1Bytes: 32 << 10, rowBlock: rows)
    return SparseWork(packing, geometry)
  }

  /// Rates with the least sum of squared relative errors; one that would be negative is 0.
  private func fit(_ entry: KernelEntry, _ layers: [(Layer, Int)], unknowns: Int) -> [Double] {
    let rows = layers.map { layer -> [Double] in
      let (work, time) = (counts(layer), measure(entry, layer))
      return [work.vectors, work.weights, work.panel, work.rows].map { $0 / time }
    }
    return fit(rows, unknowns)
  }

  /// The same of blocks of so many rows, where it is known what filling panels takes: values, records and rows.
  private func fitRows(_ entry: KernelEntry, _ rowBlock: Int, panel: Double) -> [Double] {
    let works = Self.layers.map { counts($0, rows: rowBlock) }
    let times = Self.layers.map { measure(entry, $0, rows: rowBlock) }
    let rates = fit(
      zip(works, times).map { work, time in [work.vectors, work.weights, work.rows].map { $0 / (time - work.panel * panel) } }, 3)
    for ((layer, percent), (work, time)) in zip(Self.layers, zip(works, times)) {
      let estimate = zip([work.vectors, work.weights, work.rows], rates).reduce(work.panel * panel) { $0 + $1.0 * $1.1 }
      print("// \(layer.name), \(percent) % in blocks of \(rowBlock): \(rounded(time / 1e3)) µs, \(rounded(estimate / 1e3)) estimated")
    }
    return rates
  }

  private func fit(_ rows: [[Double]], _ unknowns: Int) -> [Double] {
    var used = Array(0..<unknowns)
    while true {
      let rates = solve(rows.map { row in used.map { row[$0] } })
      guard let worst = rates.indices.min(by: { rates[$0] < rates[$1] }), rates[worst] < 0, used.count > 1 else {
        var all = [Double](repeating: 0, count: unknowns)
        for (index, rate) in zip(used, rates) { all[index] = rate }
        return all
      }
      used.remove(at: worst)
    }
  }

  /// What copying every other pixel takes, where the rest is known.
  private func fit(_ entry: KernelEntry, _ layers: [(Layer, Int)], known: [Double]) -> Double {
    var (above, below) = (0.0, 0.0)
    for layer in layers {
      let (work, time) = (counts(layer), measure(entry, layer))
      let rest = time - work.vectors * known[0] - work.weights * known[1] - work.rows * known[3]
      above += work.strided / time * rest / time
      below += work.strided / time * work.strided / time
    }
    return max(0, above / below)
  }

  /// The rates for which each row's sum of products is nearest to 1, from the normal equations.
  private func solve(_ rows: [[Double]]) -> [Double] {
    let count = rows[0].count
    var matrix = (0..<count).map { i in (0..<count).map { j in rows.reduce(0) { $0 + $1[i] * $1[j] } } + [rows.reduce(0) { $0 + $1[i] }] }
    for pivot in 0..<count {
      let best = (pivot..<count).max { abs(matrix[$0][pivot]) < abs(matrix[$1][pivot]) } ?? pivot
      matrix.swapAt(pivot, best)
      for row in 0..<count where row != pivot {
        let factor = matrix[row][pivot] / matrix[pivot][pivot]
        for column in pivot...count { matrix[row][column] -= factor * matrix[pivot][column] }
      }
    }
    return (0..<count).map { matrix[$0][count] / matrix[$0][$0] }
  }

  /// Nanoseconds that a byte of weights takes more where `megabytes` of them come by turns.
  private func stream(_ entry: KernelEntry, _ megabytes: Int) -> Double {
    let layer = (Layer(name: "", size: 7, inChannels: 1024, outChannels: 1024, kernel: 1), 10)
    let one = sparseCase(layer.0, percent: layer.1)
    let bytes = 6 * 0.1 * 1024 * 1024
    let many = (0..<max(2, megabytes * 1_048_576 / Int(bytes))).map { _ in sparseCase(layer.0, percent: layer.1) }
    var next = 0
    let far = bestTime(budget: 0.3) {
      for _ in many {
        many[next].run(entry)
        next = next + 1 == many.count ? 0 : next + 1
      }
    }
    return max(0, 1e9 * (far / Double(many.count) - bestTime(budget: 0.1) { one.run(entry) }) / bytes)
  }

  /// Nanoseconds for a stored weight of a product with one vector, or for eight of them in lanes.
  private func vector(_ family: KernelFamily) -> Double {
    guard let entry = entries.first(where: { $0.family == family }) else { return 0 }
    let layer = Layer(name: "", size: 1, inChannels: 1024, outChannels: 1024, kernel: 1)
    if family == .sparseLanesF32 {
      let item = lanesCase(layer, .kept(1, of: 8))
      return 1e9 * bestTime(budget: 0.1) { item.run(entry) } / (1024 * 1024 / 64)
    }
    let item = family == .sparseVectorF32 ? fetchedCase(layer, .percent(10)) : pickedCase(layer, .percent(10))
    return 1e9 * bestTime(budget: 0.1) { item.run(entry) } / (1024 * 1024 * 0.1)
  }

  private func text(_ value: Double) -> String {
    var scale = 1.0
    while value * scale < 100, scale < 1e6 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
