/// What one call of the f32 micro-kernel reads and writes.
struct GemmTileF32 {
  /// For tap t and row i the first element of its channels: `rows[t · rowsStride + i]`.
  var rows: UnsafePointer<UnsafePointer<Float>>
  var rowsStride: Int
  var taps: Int
  /// Channels of a tap, `depthStep` elements apart.
  var depth: Int
  var depthStep: Int
  /// `[tap][depth][16]`
  var panel: UnsafePointer<Float>
  var bias: UnsafePointer<Float>
  var output: UnsafeMutablePointer<Float>
  var outputStride: Int
  var residual: UnsafePointer<Float>?
  var residualStride: Int
  /// Columns to write, 1 … 16.
  var columns: Int
  var low: Float
  var high: Float
  /// What to bring into the second-level cache meanwhile: half a panel (two lines for every four terms) from here on. Any address.
  var ahead: UnsafePointer<Float>? = nil
}
