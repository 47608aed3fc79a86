import CNetsuke
import Netsuke

/// The elements of an array of pointers, none of them NULL.
private func pointers<Element>(_ array: UnsafePointer<UnsafePointer<Element>?>?, _ count: Int, _ name: String) throws -> [UnsafePointer<
  Element
>] {
  guard (1...ConvolutionChain.limit).contains(count) else {
    throw Failure(.invalidArgument, "a layer has 1 to \(ConvolutionChain.limit) factors, not \(UInt(bitPattern: count))")
  }
  guard let array else { throw Failure(.invalidArgument, "\(name) is NULL") }
  return try (0..<count).map { index in
    guard let element = array[index] else { throw Failure(.invalidArgument, "\(name)[\(index)] is NULL") }
    return element
  }
}

@_cdecl("nsk_linear_create_factors") @implementation
public func nsk_linear_create_factors(
  _ factors: UnsafePointer<UnsafePointer<Float>?>?, _ features: UnsafePointer<Int>?, _ count: Int, _ bias: UnsafePointer<Float>?,
  _ options: UnsafePointer<nsk_weights_options>?, _ activation: UnsafePointer<nsk_activation>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> nsk_status {
  attempt {
    let out = try required(out, "out"), chosen = activation?.pointee ?? nsk_activation()
    let factors = try pointers(factors, count, "factors"), features = try required(features, "features")
    let layer = try ConvolutionChain(
      features: (0...count).map { features[$0] }, factors: factors, bias: try optional(bias, "bias"),
      format: try OperatorOptions.weights(options), activation: (chosen.kind, chosen.alpha, chosen.beta))
    out.pointee = Handle.make(LinearHandle(layer))
  }
}

@_cdecl("nsk_conv2d_create_factors") @implementation
public func nsk_conv2d_create_factors(
  _ descs: UnsafePointer<UnsafePointer<nsk_conv2d_desc>?>?, _ weights: UnsafePointer<UnsafePointer<Float>?>?, _ count: Int,
  _ bias: UnsafePointer<Float>?, _ options: UnsafePointer<nsk_weights_options>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> nsk_status {
  attempt {
    let out = try required(out, "out")
    let descs = try pointers(descs, count, "descs").map { try NetsukeC.options($0, "desc") }
    let convolution = try ConvolutionChain(
      try descs.map(OperatorOptions.shape), weights: try pointers(weights, count, "weights"), bias: try optional(bias, "bias"),
      format: try OperatorOptions.weights(options),
      activations: descs.map { ($0.activation.kind, $0.activation.alpha, $0.activation.beta) })
    out.pointee = Handle.make(ConvolutionHandle(convolution))
  }
}
