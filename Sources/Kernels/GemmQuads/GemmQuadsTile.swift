/// What one call of a quads micro-kernel reads and writes.
struct GemmQuadsTile {
  /// Row i begins at `rows + i · rowStride`.
  var rows: UnsafePointer<UInt8>
  var rowStride: Int
  /// Quads of depth.
  var quads: Int
  /// `[quad][16][4]`; with two panels, the second begins `panelStep` behind the first.
  var panel: UnsafePointer<Int8>
  var panelStep: Int
  /// What sums begin with; that of row i is `biasStride · i` further on, with the flag `anyCodes` the same for all rows.
  var bias: UnsafePointer<Int32>
  var biasStride = 0
  /// `[row][16 · panels]`
  var sums: UnsafeMutablePointer<Int32>
  /// Columns that count, 1 … 16 · panels.
  var columns: Int
}
