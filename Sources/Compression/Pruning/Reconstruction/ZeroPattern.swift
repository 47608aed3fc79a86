import Tensors

/// Which elements of a layer's matrix become zero together, and what may be zero beside what.
package enum ZeroPattern: Sendable, Equatable {
  /// Any element.
  case elements
  /// Of `of` neighbouring input channels at one tap `keep` stay; what is left over at the end stays whole.
  case ratio(keep: Int, of: Int)
  /// Blocks of `rows` output × `columns` input channels at one tap; those at the edges may be smaller.
  case blocks(rows: Int, columns: Int)

  /// How the columns of a matrix lie: input channels × taps.
  package struct Columns: Sendable {
    package let channels: Int
    package let taps: Int

    package init(channels: Int, taps: Int) {
      self.channels = channels
      self.taps = taps
    }
  }

  /// Fills `mask` (1: stays) for a matrix of rows × (channels·taps) by the squares of `values`.
  ///
  /// - share: how much becomes zero: of the elements, or of the blocks, rounded to the nearest number. `ratio` goes the same share of its way
  ///   when it is less than 1.
  /// - Throws: `notFinite` where a value is NaN or infinite.
  package func fill(_ mask: inout [UInt8], values: [Float], rows: Int, _ layout: Columns, share: Double) throws {
    switch self {
    case .elements: mask = try Self.largest(values, share: share)
    case .ratio(let keep, let of): fillRatio(&mask, values, rows, layout, keep: keep, of: of, share: share)
    case .blocks(let height, let width):
      let across = (layout.channels + width - 1) / width * layout.taps
      let down = (rows + height - 1) / height
      var energy = [Float](repeating: 0, count: across * down)
      var counts = [Float](repeating: 0, count: across * down)
      let columns = layout.channels * layout.taps
      func block(_ row: Int, _ column: Int) -> Int {
        row / height * across + column / layout.taps / width * layout.taps + column % layout.taps
      }
      for row in 0..<rows {
        for column in 0..<columns {
          let value = values[row * columns + column], index = block(row, column)
          energy[index] += value * value
          counts[index] += 1
        }
      }
      let kept = try Self.largest(zip(energy, counts).map { $0 / max($1, 1) }, share: share)
      for row in 0..<rows { for column in 0..<columns { mask[row * columns + column] = kept[block(row, column)] } }
    }
  }

  /// `values` with zeros where `fill` says, by magnitude alone.
  func applied(to values: [Float], rows: Int, _ layout: Columns, share: Double) throws -> [Float] {
    var mask = [UInt8](repeating: 1, count: values.count)
    try fill(&mask, values: values, rows: rows, layout, share: hasShare ? share : 1)
    return zip(values, mask).map { $1 == 0 ? 0 : $0 }
  }

  private func fillRatio(
    _ mask: inout [UInt8], _ values: [Float], _ rows: Int, _ layout: Columns, keep: Int, of: Int, share: Double
  ) {
    // On the way there fewer are dropped from each group.
    let dropped = Int((Double(of - keep) * min(max(share, 0), 1)).rounded())
    for index in mask.indices { mask[index] = 1 }
    for row in 0..<rows {
      for tap in 0..<layout.taps {
        for first in stride(from: 0, through: layout.channels - of, by: of) {
          var group = (first..<first + of).map { row * layout.channels * layout.taps + $0 * layout.taps + tap }
          group.sort { (values[$0].magnitude, $0) < (values[$1].magnitude, $1) }
          for index in group.prefix(dropped) { mask[index] = 0 }
        }
      }
    }
  }

  /// 0 for the share of smallest magnitude, ties by position.
  private static func largest(_ values: [Float], share: Double) throws -> [UInt8] {
    var mask = [UInt8](repeating: 1, count: values.count)
    let zeros = min(max(Int((Double(values.count) * share).rounded()), 0), values.count)
    try mask.withUnsafeMutableBufferPointer { mask in
      try values.withUnsafeBufferPointer { try MagnitudeMask.fill(mask, weights: $0, zeros: zeros) }
    }
    return mask
  }
}
