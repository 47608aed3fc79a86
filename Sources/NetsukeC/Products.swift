import CNetsuke
import Netsuke

@_cdecl("nsk_csr_from_dense") @implementation
public func nsk_csr_from_dense(
  _ dense: UnsafePointer<Float>?, _ rows: Int, _ columns: Int, _ row_offsets: UnsafeMutablePointer<Int32>?,
  _ column_indices: UnsafeMutablePointer<Int32>?, _ values: UnsafeMutablePointer<Float>?, _ capacity: Int,
  _ nonzeros: UnsafeMutablePointer<Int>?
) -> nsk_status {
  attempt {
    let nonzeros = try required(nonzeros, "nonzeros")
    guard (column_indices == nil) == (values == nil) else { throw Failure(.invalidArgument, "column_indices and values go together") }
    nonzeros.pointee = try SparseTensor.compress(
      try elements(dense, rows, columns, name: "dense"), rows: rows, columns: columns, rowOffsets: try optional(row_offsets, "row_offsets"),
      columnIndices: try optional(column_indices, "column_indices"), values: try optional(values, "values"),
      capacity: capacity < 0 ? Int.max : capacity)
  }
}

@_cdecl("nsk_spmm_f32") @implementation
public func nsk_spmm_f32(
  _ rows: Int, _ columns: Int, _ width: Int, _ row_offsets: UnsafePointer<Int32>?, _ column_indices: UnsafePointer<Int32>?,
  _ values: UnsafePointer<Float>?, _ b: UnsafePointer<Float>?, _ ldb: Int, _ c: UnsafeMutablePointer<Float>?, _ ldc: Int
) -> nsk_status {
  attempt {
    let right = try requireMatrix(b, columns, width, leading: ldb, name: "b")
    let result = UnsafeMutablePointer(mutating: try requireMatrix(UnsafePointer(c), rows, width, leading: ldc, name: "c"))
    let matrix = SparseTensor.Matrix(
      rows: rows, columns: columns, rowOffsets: try required(row_offsets, "row_offsets"),
      columnIndices: try optional(column_indices, "column_indices"), values: try optional(values, "values"))
    try SparseTensor.multiply(matrix, width: width, right, ldb: ldb, into: result, ldc: ldc)
  }
}

@_cdecl("nsk_gemm_u8s8s32") @implementation
public func nsk_gemm_u8s8s32(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<UInt8>?, _ lda: Int, _ a_zero_point: Int32, _ b: UnsafePointer<Int8>?, _ ldb: Int,
  _ c: UnsafeMutablePointer<Int32>?, _ ldc: Int
) -> nsk_status {
  attempt {
    let left = try requireMatrix(a, m, k, leading: lda, name: "a"), right = try requireMatrix(b, n, k, leading: ldb, name: "b")
    let result = UnsafeMutablePointer(mutating: try requireMatrix(UnsafePointer(c), m, n, leading: ldc, name: "c"))
    try IntegerProduct.multiply(
      m: m, n: n, k: k, left, lda: lda, zeroPoint: a_zero_point, right, ldb: ldb, into: result, ldc: ldc)
  }
}
