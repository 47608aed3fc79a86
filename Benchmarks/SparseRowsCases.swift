import KernelContract

/// Times layers whose zeros come in blocks of output channels, packed as such and in pairs of rows, in turns.
struct SparseRowsComparison {
  let entries: [KernelEntry]

  func run() {
    for (size, channels, kernel) in [(14, 512, 1), (28, 256, 1), (7, 1024, 1), (28, 256, 3), (14, 256, 3), (7, 512, 3)] {
      let layer = Layer(
        name: "\(kernel)×\(kernel) \(size)² \(channels)→\(channels)", size: size, inChannels: channels, outChannels: channels,
        kernel: kernel)
      let percents = CommandLine.arguments.contains("tiles") ? [20, 10] : [30, 20, 10, 5]
      for percent in percents { compare(layer, percent) }
    }
  }

  private func compare(_ layer: Layer, _ percent: Int) {
    guard let entry = entries.first(where: { $0.family == .sparseF32 }) else { return }
    let tiles: [Int?] = CommandLine.arguments.contains("tiles") ? [2, 3, 4, 5, 6, 7] : [nil]
    for rows in [2, 4] {
      var items = [("pairs", sparseCase(layer, percent: percent, rows: rows))]
      for rowBlock in [2, 4] where rowBlock <= rows {
        for tile in tiles {
          let name = "by \(rowBlock)" + (tile.map { ", tile \($0)" } ?? "")
          items.append((name, sparseCase(layer, percent: percent, tileVectors: tile, rows: rows, rowBlock: rowBlock)))
        }
      }
      var times = items.map { _ in [Double]() }
      for _ in 0..<9 {
        for (index, item) in items.enumerated() { times[index].append(bestTime(budget: 0.0025) { item.1.run(entry) }) }
      }
      // The middle of the best third.
      let seconds = times.map { $0.sorted()[1] }
      let useful = 2 * layer.macs * Double(percent) / 100 / 1e9
      print(
        "\(layer.name), \(100 - percent) % zeros in blocks of \(rows): "
          + zip(items, seconds).map { "\($0.0) \(rounded($1 * 1e6)) µs \(rounded(useful / $1))" }.joined(separator: "; ")
          + "; \(rounded(100 * seconds[0] / (seconds.dropFirst().min() ?? 1))) %")
    }
  }
}
