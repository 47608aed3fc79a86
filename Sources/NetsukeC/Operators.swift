import CNetsuke
import Netsuke

/// What the option structs of an operator say, translated.
enum OperatorOptions {
  static func weights(_ pointer: UnsafePointer<nsk_weights_options>?) throws -> WeightFormat {
    let chosen = try options(pointer, "options")
    return try WeightFormat(format: chosen.format, low: chosen.input_min, high: chosen.input_max)
  }

  static func run(_ pointer: UnsafePointer<nsk_run_options>?) throws -> OperatorRun {
    guard pointer != nil else { return .alone }
    let chosen = try options(pointer, "options")
    return try OperatorRun(
      threads: chosen.threads, on: chosen.parallel_for.map { CallerThreads($0, user: chosen.parallel_user) })
  }

  static func shape(_ desc: nsk_conv2d_desc) throws -> ConvolutionShape {
    guard desc.layout == NSK_LAYOUT_NCHW || desc.layout == NSK_LAYOUT_NHWC else {
      throw Failure(.invalidArgument, "there is no layout \(desc.layout); NSK_LAYOUT_NCHW is 0, NHWC 1")
    }
    var shape = ConvolutionShape()
    (shape.inChannels, shape.outChannels, shape.groups) = (Int(desc.in_channels), Int(desc.out_channels), Int(desc.groups))
    (shape.kernelHeight, shape.kernelWidth) = (Int(desc.kernel_h), Int(desc.kernel_w))
    (shape.strideY, shape.strideX) = (Int(desc.stride_h), Int(desc.stride_w))
    (shape.dilationY, shape.dilationX) = (Int(desc.dilation_h), Int(desc.dilation_w))
    (shape.padTop, shape.padLeft) = (Int(desc.pad_top), Int(desc.pad_left))
    (shape.padBottom, shape.padRight) = (Int(desc.pad_bottom), Int(desc.pad_right))
    shape.isNHWC = desc.layout == NSK_LAYOUT_NHWC
    return shape
  }
}

@_cdecl("nsk_weights_options_init") @implementation
public func nsk_weights_options_init(_ options: UnsafeMutablePointer<nsk_weights_options>?) { options?.pointee = .defaults }

@_cdecl("nsk_run_options_init") @implementation
public func nsk_run_options_init(_ options: UnsafeMutablePointer<nsk_run_options>?) { options?.pointee = .defaults }

@_cdecl("nsk_conv2d_desc_init") @implementation
public func nsk_conv2d_desc_init(_ desc: UnsafeMutablePointer<nsk_conv2d_desc>?) { desc?.pointee = .defaults }

// MARK: Fully connected

@_cdecl("nsk_linear_create") @implementation
public func nsk_linear_create(
  _ weights: UnsafePointer<Float>?, _ bias: UnsafePointer<Float>?, _ out_features: Int, _ in_features: Int,
  _ options: UnsafePointer<nsk_weights_options>?, _ activation: UnsafePointer<nsk_activation>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> nsk_status {
  attempt {
    let out = try required(out, "out"), chosen = activation?.pointee ?? nsk_activation()
    let layer = try Convolution(
      outFeatures: out_features, inFeatures: in_features, weights: try required(weights, "weights"), bias: try optional(bias, "bias"),
      format: try OperatorOptions.weights(options), activation: (chosen.kind, chosen.alpha, chosen.beta))
    out.pointee = Handle.make(LinearHandle(ConvolutionChain(layer)))
  }
}

@_cdecl("nsk_linear_run") @implementation
public func nsk_linear_run(
  _ linear: OpaquePointer?, _ x: UnsafePointer<Float>?, _ batch: Int, _ y: UnsafeMutablePointer<Float>?,
  _ options: UnsafePointer<nsk_run_options>?
) -> nsk_status {
  attempt {
    let layer = try Handle.object(linear, LinearHandle.self).operation
    try layer.run(try optional(x, "x"), rows: batch, to: try optional(y, "y"), try OperatorOptions.run(options))
  }
}

@_cdecl("nsk_linear_bytes") @implementation
public func nsk_linear_bytes(_ linear: OpaquePointer?) -> Int { (try? Handle.object(linear, LinearHandle.self).operation.byteCount) ?? 0 }

@_cdecl("nsk_linear_release") @implementation
public func nsk_linear_release(_ linear: OpaquePointer?) { Handle.release(linear, LinearHandle.self) }

// MARK: Convolution

@_cdecl("nsk_conv2d_create") @implementation
public func nsk_conv2d_create(
  _ desc: UnsafePointer<nsk_conv2d_desc>?, _ weights: UnsafePointer<Float>?, _ bias: UnsafePointer<Float>?,
  _ options: UnsafePointer<nsk_weights_options>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> nsk_status {
  attempt {
    let out = try required(out, "out"), desc = try NetsukeC.options(try required(desc, "desc"), "desc")
    let activation = (desc.activation.kind, desc.activation.alpha, desc.activation.beta)
    let convolution = try Convolution(
      try OperatorOptions.shape(desc), weights: try required(weights, "weights"), bias: try optional(bias, "bias"),
      format: try OperatorOptions.weights(options), activation: activation)
    out.pointee = Handle.make(ConvolutionHandle(ConvolutionChain(convolution)))
  }
}

@_cdecl("nsk_conv2d_output_size") @implementation
public func nsk_conv2d_output_size(
  _ conv: OpaquePointer?, _ height: Int64, _ width: Int64, _ out_height: UnsafeMutablePointer<Int64>?,
  _ out_width: UnsafeMutablePointer<Int64>?
) -> nsk_status {
  attempt {
    let convolution = try Handle.object(conv, ConvolutionHandle.self).operation
    let outHeight = try required(out_height, "out_height"), outWidth = try required(out_width, "out_width")
    let size = try convolution.outputSize(height: Int(height), width: Int(width))
    (outHeight.pointee, outWidth.pointee) = (Int64(size.height), Int64(size.width))
  }
}

@_cdecl("nsk_conv2d_run") @implementation
public func nsk_conv2d_run(
  _ conv: OpaquePointer?, _ x: UnsafePointer<Float>?, _ batch: Int, _ height: Int64, _ width: Int64, _ y: UnsafeMutablePointer<Float>?,
  _ options: UnsafePointer<nsk_run_options>?
) -> nsk_status {
  attempt {
    let convolution = try Handle.object(conv, ConvolutionHandle.self).operation
    try convolution.run(
      try optional(x, "x"), batch: batch, height: Int(height), width: Int(width), to: try optional(y, "y"), try OperatorOptions.run(options)
    )
  }
}

@_cdecl("nsk_conv2d_bytes") @implementation
public func nsk_conv2d_bytes(_ conv: OpaquePointer?) -> Int { (try? Handle.object(conv, ConvolutionHandle.self).operation.byteCount) ?? 0 }

@_cdecl("nsk_conv2d_release") @implementation
public func nsk_conv2d_release(_ conv: OpaquePointer?) { Handle.release(conv, ConvolutionHandle.self) }
