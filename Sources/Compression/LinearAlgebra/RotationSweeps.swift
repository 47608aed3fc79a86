/// Plane rotations of neighbouring rows in sweeps from row to row, as iterations on tridiagonal and bidiagonal matrices make them.
///
/// Collected first and applied together: a panel of eight columns stays in cache while all sweeps go over it.
struct RotationSweeps {
  private var starts: [(row: Int, step: Int, first: Int)] = []
  private var cosines: [Double] = []
  private var sines: [Double] = []

  /// Rotations that wait.
  var count: Int { cosines.count }

  /// Begins a sweep at `row`, whose rotations go to the next row in the direction of `step` (1 or −1).
  mutating func begin(at row: Int, step: Int) { starts.append((row, step, cosines.count)) }

  /// Rotates the sweep's row a and the next row b: a ← c·a + s·b; c·b − s·a takes b's place and goes on.
  mutating func rotate(_ cosine: Double, _ sine: Double) {
    cosines.append(cosine)
    sines.append(sine)
  }

  /// Applies what was collected, and forgets it.
  mutating func apply(to panels: inout RowPanels) {
    panels.forEachPanel { panel in
      for (index, start) in starts.enumerated() {
        let end = index + 1 < starts.count ? starts[index + 1].first : cosines.count
        var row = panel + start.row
        var carried = row.pointee
        for position in start.first..<end {
          let (c, s) = (cosines[position], sines[position])
          let next = row + start.step
          let x = next.pointee
          row.pointee = carried * c + x * s
          carried = x * c - carried * s
          row = next
        }
        row.pointee = carried
      }
    }
    forget()
  }

  mutating func forget() {
    starts.removeAll(keepingCapacity: true)
    cosines.removeAll(keepingCapacity: true)
    sines.removeAll(keepingCapacity: true)
  }
}

/// A matrix in panels of eight columns, each of them row after row.
struct RowPanels {
  let rows: Int
  let columns: Int
  private var lanes: [SIMD8<Double>]

  /// - matrix: row-major.
  init(_ matrix: [Double], rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    lanes = [SIMD8<Double>](repeating: .zero, count: (columns + 7) / 8 * rows)
    for column in 0..<columns {
      let start = column / 8 * rows
      for row in 0..<rows { lanes[start + row][column % 8] = matrix[row * columns + column] }
    }
  }

  mutating func forEachPanel(_ body: (UnsafeMutablePointer<SIMD8<Double>>) -> Void) {
    lanes.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, rows > 0 else { return }
      for start in stride(from: 0, to: buffer.count, by: rows) { body(base + start) }
    }
  }

  /// Row-major, the rows in this order.
  func matrix(rowsInOrder order: [Int]) -> [Double] {
    var matrix = [Double](repeating: 0, count: order.count * columns)
    for (place, row) in order.enumerated() {
      for column in 0..<columns { matrix[place * columns + column] = lanes[column / 8 * rows + row][column % 8] }
    }
    return matrix
  }
}
