import CNetsuke
import Netsuke

@_cdecl("nsk_svd") @implementation
public func nsk_svd(
  _ a: UnsafePointer<Double>?, _ rows: Int, _ columns: Int, _ u: UnsafeMutablePointer<Double>?, _ s: UnsafeMutablePointer<Double>?,
  _ vt: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    let a = try elements(a, rows, columns, name: "a"), k = min(rows, columns)
    try LinearAlgebra.singularValues(
      a, rows: rows, columns: columns, left: try elements(u, rows, k, name: "u"), values: try elements(s, k, name: "s"),
      right: try elements(vt, k, columns, name: "vt"))
  }
}

@_cdecl("nsk_eigh") @implementation
public func nsk_eigh(
  _ a: UnsafePointer<Double>?, _ size: Int, _ values: UnsafeMutablePointer<Double>?, _ vectors: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    try LinearAlgebra.eigenvalues(
      try elements(a, size, size, name: "a"), size: size, values: try elements(values, size, name: "values"),
      vectors: try elements(vectors, size, size, name: "vectors"))
  }
}

@_cdecl("nsk_cholesky") @implementation
public func nsk_cholesky(_ a: UnsafePointer<Double>?, _ size: Int, _ l: UnsafeMutablePointer<Double>?) -> nsk_status {
  attempt {
    try LinearAlgebra.cholesky(try elements(a, size, size, name: "a"), size: size, factor: try elements(l, size, size, name: "l"))
  }
}

@_cdecl("nsk_lstsq") @implementation
public func nsk_lstsq(
  _ a: UnsafePointer<Double>?, _ rows: Int, _ columns: Int, _ b: UnsafePointer<Double>?, _ count: Int, _ x: UnsafeMutablePointer<Double>?,
  _ rank: UnsafeMutablePointer<Int>?
) -> nsk_status {
  attempt {
    let rank = try optional(rank, "rank")
    let found = try LinearAlgebra.leastSquares(
      try elements(a, rows, columns, name: "a"), rows: rows, columns: columns, try elements(b, rows, count, name: "b"), count: count,
      into: try elements(x, columns, count, name: "x"))
    rank?.pointee = found
  }
}
