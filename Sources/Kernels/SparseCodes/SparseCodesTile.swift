import KernelContract

/// What one call reads and writes: 64 positions by a band of rows and a block of channels.
struct SparseCodesTile {
  var records: UnsafeRawPointer
  var rows: UnsafePointer<SparseCodesRow>
  var rowCount: Int
  var panel: UnsafePointer<UInt8>
  /// Of the band's rows; nil behind the first block, where sums begin with those at `sums`.
  var bias: UnsafePointer<Int32>?
  var scales: UnsafePointer<Float>
  /// `[row][64]`, positions in the order of `sparseSumPlace`.
  var sums: UnsafeMutablePointer<Int32>
  /// Where the sums are complete and leave as codes: `[row][64]`.
  var codes: UnsafeMutablePointer<UInt8>?
  var low: Int32
  var high: Int32
  var zeroPoint: Int32
}
