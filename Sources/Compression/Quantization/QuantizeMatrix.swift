import Graph
import Tensors

/// Quantizes a layer's matrix: finds the scales and the levels of every row.
struct QuantizeMatrix {
  let layer: Layer
  let codes: WeightCodes
  /// For each group of the layer: what tells how errors of weights add up in the outputs; nil: every weight counts alike.
  let gram: [GramRounding?]
  /// Rough: enough to see which of the outputs are cut off.
  var effort = Effort.full

  enum Effort { case rough, full }

  /// How often the scales are fitted to the levels again.
  private static let refits = 4

  /// How many scales of the search are tried with all of the rounding: the more, the less that costs.
  private func tries(_ width: Int) -> Int { width <= 32 ? 64 : effort == .rough ? 1 : codes.bits > 6 ? 2 : 5 }

  /// - wanted: the matrix to come near, which may differ from the layer's own.
  /// - zeros: the layer's own matrix: what is zero in it stays zero.
  func quantized(_ wanted: LayerMatrix, zeros: LayerMatrix, check: () throws -> Void) throws -> Weight {
    guard wanted.elements.allSatisfy(\.isFinite) else {
      throw Failure(.notFinite, "a weight of the layer is NaN or infinite", node: layer.name)
    }
    let width = wanted.width, rows = wanted.rows
    let runs = codes.runs(over: width)
    let shared = codes.isPerChannel ? nil : choice(forAll: wanted)
    var scales: [Float] = []
    var zeroPoints: [Int32] = []
    var bytes = [UInt8](repeating: 0, count: rows * width)
    for row in 0..<rows {
      if row % 64 == 0 { try check() }
      let range = row * width..<(row + 1) * width
      let (best, points) = rounded(
        Array(wanted.elements[range]), isZero: zeros.elements[range].map { $0 == 0 }, runs,
        gram[min(row / wanted.rowsPerGroup, gram.count - 1)], shared)
      for (run, columns) in runs.enumerated() {
        for column in columns {
          let code = Int32(best.levels[column]) + points[run]
          bytes[wanted.stored(row, column)] = UInt8(truncatingIfNeeded: code)
        }
        if codes.isPerChannel || row == 0 {
          scales.append(best.steps[columns.lowerBound])
          zeroPoints.append(points[run])
        }
      }
    }
    let quantization = try AffineQuantization(
      scales: scales, zeroPoints: zeroPoints, axis: codes.isPerChannel ? layer.outputAxis : nil, bits: codes.bits,
      group: codes.isPerChannel && runs.count > 1 ? codes.group.map { .init(axis: layer.inputAxis, size: $0) } : nil)
    let tensor = try Tensor(codes.isSymmetric ? .s8 : .u8, layer.shape, bytes)
    return try Weight(shape: layer.shape, elements: .affine(codes: tensor, quantization), arrangement: .dense).compacted()
  }

  /// One scale for the whole matrix.
  private func choice(forAll matrix: LayerMatrix) -> ScaleSearch.Choice {
    let weights = gram.count == 1 ? gram[0].map { gram in (0..<matrix.width).map { gram.weight($0) } } : nil
    return matrix.elements.withUnsafeBufferPointer { all in
      let rows = (0..<matrix.rows).map { UnsafeBufferPointer(rebasing: all[$0 * matrix.width..<($0 + 1) * matrix.width]) }
      return ScaleSearch(codes).choices(rows, weights: weights, count: 1)[0]
    }
  }

  private func rounded(
    _ wanted: [Float], isZero: [Bool], _ runs: [Range<Int>], _ gram: GramRounding?, _ shared: ScaleSearch.Choice?
  ) -> (GramRounding.Row, zeroPoints: [Int32]) {
    let search = ScaleSearch(codes)
    let tries = runs.count > 1 || shared != nil || gram == nil ? 1 : tries(wanted.count)
    let candidates: [[ScaleSearch.Choice]] = wanted.withUnsafeBufferPointer { wanted in
      runs.map { run in
        if let shared { return [shared] }
        return search.choices(
          [UnsafeBufferPointer(rebasing: wanted[run])], weights: gram.map { gram in run.map { gram.weight($0) } }, count: tries)
      }
    }
    var best: (row: GramRounding.Row, points: [Int32])?
    for attempt in 0..<(candidates.map(\.count).min() ?? 1) {
      let choices = candidates.map { $0[attempt] }
      var row = GramRounding.Row(wanted: wanted, steps: wanted, lowest: wanted, highest: wanted)
      for (run, choice) in zip(runs, choices) {
        for column in run {
          row.steps[column] = choice.scale
          row.lowest[column] = isZero[column] ? 0 : Float(codes.range.lowerBound - choice.zeroPoint)
          row.highest[column] = isZero[column] ? 0 : Float(codes.range.upperBound - choice.zeroPoint)
        }
      }
      if let gram {
        gram.walk(&row)
        gram.descend(&row)
      } else {
        row.round()
      }
      if best.map({ row.error < $0.row.error }) ?? true { best = (row, choices.map(\.zeroPoint)) }
    }
    if let gram, shared == nil, let found = best {
      var row = found.row
      gram.refit(&row, runs, times: effort == .full ? Self.refits : 1)
      best = (row, found.points)
    }
    return best ?? (GramRounding.Row(wanted: wanted, steps: wanted, lowest: wanted, highest: wanted), runs.map { _ in 0 })
  }
}
