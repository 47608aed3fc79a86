import CNetsuke
import Netsuke

@_cdecl("nsk_factorize_tucker2") @implementation
public func nsk_factorize_tucker2(
  _ weights: UnsafePointer<Float>?, _ n: Int, _ c: Int, _ kh: Int, _ kw: Int, _ rank_in: Int, _ rank_out: Int,
  _ options: UnsafePointer<nsk_factorize_options>?, _ first: UnsafeMutablePointer<Float>?, _ core: UnsafeMutablePointer<Float>?,
  _ last: UnsafeMutablePointer<Float>?, _ error: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    let error = try optional(error, "error"), weights = try elements(weights, n, c, kh, kw, name: "weights")
    let found = try factorizer(options).tucker2(
      weights, .init(n: n, c: c, kh: kh, kw: kw), ranks: (rank_in, rank_out), first: try elements(first, rank_in, c, name: "first"),
      core: try elements(core, rank_out, rank_in, kh, kw, name: "core"), last: try elements(last, n, rank_out, name: "last"))
    error?.pointee = found
  }
}

@_cdecl("nsk_factorize_rank") @implementation
public func nsk_factorize_rank(
  _ matrix: UnsafePointer<Float>?, _ rows: Int, _ columns: Int, _ rank: UnsafeMutablePointer<Int>?
) -> nsk_status {
  attempt {
    let rank = try required(rank, "rank"), matrix = try elements(matrix, rows, columns, name: "matrix")
    rank.pointee = try FactorizeTensor(threads: 1).rank(matrix, rows: rows, columns: columns)
  }
}

@_cdecl("nsk_factorize_depthwise") @implementation
public func nsk_factorize_depthwise(
  _ weights: UnsafePointer<Float>?, _ n: Int, _ c: Int, _ kh: Int, _ kw: Int, _ multiplier: Int,
  _ options: UnsafePointer<nsk_factorize_options>?, _ spatial: UnsafeMutablePointer<Float>?, _ pointwise: UnsafeMutablePointer<Float>?,
  _ error: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    let error = try optional(error, "error"), weights = try elements(weights, n, c, kh, kw, name: "weights")
    let found = try factorizer(options).depthwise(
      weights, .init(n: n, c: c, kh: kh, kw: kw), multiplier: multiplier,
      spatial: try elements(spatial, c, multiplier, kh, kw, name: "spatial"),
      pointwise: try elements(pointwise, n, c, multiplier, name: "pointwise"))
    error?.pointee = found
  }
}

@_cdecl("nsk_factorize_cp") @implementation
public func nsk_factorize_cp(
  _ weights: UnsafePointer<Float>?, _ n: Int, _ c: Int, _ kh: Int, _ kw: Int, _ rank: Int,
  _ options: UnsafePointer<nsk_factorize_options>?, _ first: UnsafeMutablePointer<Float>?, _ vertical: UnsafeMutablePointer<Float>?,
  _ horizontal: UnsafeMutablePointer<Float>?, _ last: UnsafeMutablePointer<Float>?, _ error: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    let error = try optional(error, "error"), weights = try elements(weights, n, c, kh, kw, name: "weights")
    let found = try factorizer(options).cp(
      weights, .init(n: n, c: c, kh: kh, kw: kw), rank: rank, first: try elements(first, rank, c, name: "first"),
      vertical: try elements(vertical, rank, kh, name: "vertical"), horizontal: try elements(horizontal, rank, kw, name: "horizontal"),
      last: try elements(last, n, rank, name: "last"))
    error?.pointee = found
  }
}

@_cdecl("nsk_dct2") @implementation
public func nsk_dct2(
  _ filters: UnsafePointer<Float>?, _ count: Int, _ kh: Int, _ kw: Int, _ inverse: Int32, _ out: UnsafeMutablePointer<Float>?
) -> nsk_status {
  attempt {
    try FactorizeTensor(threads: 1).cosine(
      try elements(filters, count, kh, kw, name: "filters"), count: count, kh: kh, kw: kw, isInverse: inverse != 0,
      into: try elements(out, count, kh, kw, name: "out"))
  }
}
