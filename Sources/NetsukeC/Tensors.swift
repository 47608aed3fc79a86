import CNetsuke
import Netsuke

// MARK: Pruning

@_cdecl("nsk_prune_magnitude") @implementation
public func nsk_prune_magnitude(
  _ weights: UnsafePointer<Float>?, _ count: Int, _ sparsity: Double, _ mask: UnsafeMutablePointer<UInt8>?
) -> nsk_status {
  attempt {
    try PruneTensor.magnitude(
      try elements(weights, count, name: "weights"), sparsity: sparsity, mask: try elements(mask, count, name: "mask"))
  }
}

@_cdecl("nsk_prune_magnitude_activation") @implementation
public func nsk_prune_magnitude_activation(
  _ weights: UnsafePointer<Float>?, _ rows: Int, _ columns: Int, _ input_norms: UnsafePointer<Float>?, _ sparsity: Double,
  _ mask: UnsafeMutablePointer<UInt8>?
) -> nsk_status {
  attempt {
    try PruneTensor.magnitudeActivation(
      try elements(weights, rows, columns, name: "weights"), columns: columns,
      norms: try elements(input_norms, columns, name: "input_norms"),
      sparsity: sparsity, mask: try elements(mask, rows, columns, name: "mask"))
  }
}

@_cdecl("nsk_prune_apply") @implementation
public func nsk_prune_apply(_ weights: UnsafeMutablePointer<Float>?, _ mask: UnsafePointer<UInt8>?, _ count: Int) -> nsk_status {
  attempt {
    let mask = try elements(mask, count, name: "mask")
    PruneTensor.apply(mask, to: try elements(weights, count, name: "weights"))
  }
}

// MARK: Quantization

@_cdecl("nsk_quantize_params") @implementation
public func nsk_quantize_params(
  _ min: Float, _ max: Float, _ dtype: nsk_dtype, _ symmetric: Int32, _ scale: UnsafeMutablePointer<Float>?,
  _ zero_point: UnsafeMutablePointer<Int32>?
) -> nsk_status {
  attempt {
    let scale = try required(scale, "scale"), zeroPoint = try required(zero_point, "zero_point")
    let parameters = try QuantizeTensor.parameters(low: min, high: max, dtype: dtype, symmetric: symmetric != 0)
    (scale.pointee, zeroPoint.pointee) = (parameters.scale, parameters.zeroPoint)
  }
}

@_cdecl("nsk_quantize_affine") @implementation
public func nsk_quantize_affine(
  _ x: UnsafePointer<Float>?, _ count: Int, _ scale: Float, _ zero_point: Int32, _ dtype: nsk_dtype, _ q: UnsafeMutableRawPointer?
) -> nsk_status {
  attempt {
    try QuantizeTensor.quantize(
      try elements(x, count, name: "x"), scale: scale, zeroPoint: zero_point, dtype: dtype, into: try bytes(q, count, name: "q"))
  }
}

@_cdecl("nsk_dequantize_affine") @implementation
public func nsk_dequantize_affine(
  _ q: UnsafeRawPointer?, _ count: Int, _ scale: Float, _ zero_point: Int32, _ dtype: nsk_dtype, _ x: UnsafeMutablePointer<Float>?
) -> nsk_status {
  attempt {
    try QuantizeTensor.dequantize(
      try bytes(q, count, name: "q"), scale: scale, zeroPoint: zero_point, dtype: dtype, into: try elements(x, count, name: "x"))
  }
}

@_cdecl("nsk_quantize_per_channel") @implementation
public func nsk_quantize_per_channel(
  _ weights: UnsafePointer<Float>?, _ channels: Int, _ count: Int, _ q: UnsafeMutablePointer<Int8>?, _ scales: UnsafeMutablePointer<Float>?
) -> nsk_status {
  attempt {
    try QuantizeTensor.perChannel(
      try elements(weights, channels, count, name: "weights"), channels: channels,
      into: UnsafeMutableRawBufferPointer(try elements(q, channels, count, name: "q")),
      scales: try elements(scales, channels, name: "scales"))
  }
}

// MARK: Calibration

@_cdecl("nsk_calibrator_create") @implementation
public func nsk_calibrator_create(_ method: Int32, _ percentile: Double, _ out: UnsafeMutablePointer<OpaquePointer?>?) -> nsk_status {
  attempt {
    let out = try required(out, "out")
    out.pointee = Handle.make(CalibratorHandle(try TensorCalibrator(method: method, percentile: percentile)))
  }
}

@_cdecl("nsk_calibrator_observe") @implementation
public func nsk_calibrator_observe(_ calibrator: OpaquePointer?, _ values: UnsafePointer<Float>?, _ count: Int) -> nsk_status {
  attempt {
    let calibrator = try Handle.object(calibrator, CalibratorHandle.self).calibrator
    try calibrator.observe(try elements(values, count, name: "values"))
  }
}

@_cdecl("nsk_calibrator_range") @implementation
public func nsk_calibrator_range(
  _ calibrator: OpaquePointer?, _ min: UnsafeMutablePointer<Float>?, _ max: UnsafeMutablePointer<Float>?
) -> nsk_status {
  attempt {
    let calibrator = try Handle.object(calibrator, CalibratorHandle.self).calibrator
    let min = try required(min, "min"), max = try required(max, "max")
    let range = try calibrator.range()
    (min.pointee, max.pointee) = (range.low, range.high)
  }
}

@_cdecl("nsk_calibrator_release") @implementation
public func nsk_calibrator_release(_ calibrator: OpaquePointer?) { Handle.release(calibrator, CalibratorHandle.self) }
