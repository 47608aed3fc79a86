import CNetsuke
import Netsuke

extension nsk_factorize_options: OptionStruct {
  static var defaults: Self {
    var options = Self()
    options.struct_size = UInt32(MemoryLayout<Self>.size)
    return options
  }
  var isClean: Bool { reserved.0 | reserved.1 | reserved.2 | reserved.3 == 0 }
}

func factorizer(_ pointer: UnsafePointer<nsk_factorize_options>?) throws -> FactorizeTensor {
  let chosen = try options(pointer, "options")
  guard let progress = chosen.progress else { return try FactorizeTensor(threads: chosen.threads) }
  return try FactorizeTensor(threads: chosen.threads) { phase, done, total in
    phase.withCString { progress(chosen.progress_user, $0, Int64(done), Int64(total)) } == 0
  }
}

private func give(_ error: Double, to out: UnsafeMutablePointer<Double>?) { out?.pointee = error }

@_cdecl("nsk_factorize_options_init") @implementation
public func nsk_factorize_options_init(_ options: UnsafeMutablePointer<nsk_factorize_options>?) { options?.pointee = .defaults }

@_cdecl("nsk_factorize_svd") @implementation
public func nsk_factorize_svd(
  _ weights: UnsafePointer<Float>?, _ rows: Int, _ columns: Int, _ moments: UnsafePointer<Double>?, _ rank: Int,
  _ options: UnsafePointer<nsk_factorize_options>?, _ left: UnsafeMutablePointer<Float>?, _ right: UnsafeMutablePointer<Float>?,
  _ error: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    let error = try optional(error, "error")
    let moments = try moments.map { try elements($0, columns, columns, name: "moments") }
    give(
      try factorizer(options).svd(
        try elements(weights, rows, columns, name: "weights"), rows: rows, columns: columns, moments: moments, rank: rank,
        left: try elements(left, rows, rank, name: "left"), right: try elements(right, rank, columns, name: "right")), to: error)
  }
}

@_cdecl("nsk_factorize_spatial") @implementation
public func nsk_factorize_spatial(
  _ weights: UnsafePointer<Float>?, _ n: Int, _ c: Int, _ kh: Int, _ kw: Int, _ rank: Int,
  _ options: UnsafePointer<nsk_factorize_options>?, _ vertical: UnsafeMutablePointer<Float>?,
  _ horizontal: UnsafeMutablePointer<Float>?, _ error: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    let error = try optional(error, "error"), weights = try elements(weights, n, c, kh, kw, name: "weights")
    give(
      try factorizer(options).spatial(
        weights, .init(n: n, c: c, kh: kh, kw: kw), rank: rank, vertical: try elements(vertical, rank, c, kh, name: "vertical"),
        horizontal: try elements(horizontal, n, rank, kw, name: "horizontal")), to: error)
  }
}

@_cdecl("nsk_factorize_separable") @implementation
public func nsk_factorize_separable(
  _ filters: UnsafePointer<Float>?, _ count: Int, _ kh: Int, _ kw: Int, _ rank: Int, _ columns: UnsafeMutablePointer<Float>?,
  _ rows: UnsafeMutablePointer<Float>?, _ errors: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    let errors = try errors.map { try elements($0, count, name: "errors") }
    try FactorizeTensor(threads: 1).separable(
      try elements(filters, count, kh, kw, name: "filters"), count: count, kh: kh, kw: kw, rank: rank,
      columns: try elements(columns, count, rank, kh, name: "columns"), rows: try elements(rows, count, rank, kw, name: "rows"),
      errors: errors)
  }
}

@_cdecl("nsk_factorize_channel") @implementation
public func nsk_factorize_channel(
  _ responses: UnsafePointer<Float>?, _ samples: Int, _ channels: Int, _ rank: Int, _ nonlinear: Int32,
  _ options: UnsafePointer<nsk_factorize_options>?, _ expand: UnsafeMutablePointer<Float>?, _ reduce: UnsafeMutablePointer<Float>?,
  _ bias: UnsafeMutablePointer<Float>?, _ error: UnsafeMutablePointer<Double>?
) -> nsk_status {
  attempt {
    let error = try optional(error, "error")
    give(
      try factorizer(options).channel(
        try elements(responses, samples, channels, name: "responses"), samples: samples, channels: channels, rank: rank,
        isNonlinear: nonlinear != 0, expand: try elements(expand, channels, rank, name: "expand"),
        reduce: try elements(reduce, rank, channels, name: "reduce"), bias: try elements(bias, channels, name: "bias")), to: error)
  }
}
