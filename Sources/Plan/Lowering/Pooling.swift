import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  func lowerPool(_ kind: PoolKind) throws {
    let counts = try node.attributes.int("count_include_pad", default: 0) != 0
    try emitPool(WindowGeometry(node, in: graph), kind, countsPadding: counts)
  }

  /// A window of the whole image.
  func lowerGlobalPool(_ kind: PoolKind) throws {
    let x = try node.requiredInput(0)
    let extents = Array(try shape(x).dropFirst(2))
    if isPlanar, kind == .average, codes(x) == nil, try dtype(x) == .f32 {
      return try emitMean(planes(x), axes: Set(2..<extents.count + 2))
    }
    // More than two spatial extents are as good as one: they are dense in pixels.
    let image = extents.count <= 2 ? extents : [extents.reduce(1, *)]
    try emitPool(WindowGeometry(axes: image.map { .init(input: $0, kernel: $0, output: 1) }), kind, countsPadding: false)
  }

  func emitPool(_ window: WindowGeometry, _ kind: PoolKind, countsPadding: Bool) throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    let extents = try shape(x)
    if try dtype(x) != .f32 { _ = try integerCodes(x) }
    if let input = try pixelCodes(x), try emitCodePool(window, kind, countsPadding, input, out) { return }
    try requireFloat(x)
    if isPlanar, try emitPlanarPool(window, kind, countsPadding, x, out) { return }
    let input = try pixels(x)
    let output = try pixelDestination(out, .f32)
    guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no pixel layout") }
    let geometry = Geometry(window, batch: extents[0], inputPixelStride: inStride, outputPixelStride: outStride)
    try emit(PoolF32Descriptor(geometry: geometry, channels: extents[1], kind: kind, countsPadding: countsPadding), [output, input])
    define(out, output)
  }

  /// A maximum keeps the quantization and is exact; an average has to be quantized next.
  private func emitCodePool(
    _ window: WindowGeometry, _ kind: PoolKind, _ countsPadding: Bool, _ input: Codes, _ out: ValueID
  ) throws -> Bool {
    let parameters: CodeParameters
    switch kind {
    case .max: parameters = input.parameters
    case .average:
      guard let quantizer = quantizer(of: out) else { return false }
      parameters = quantizer
    }
    let output = try pixelDestination(out, .u8, codes: parameters)
    guard let inStride = input.view.pixelStride, let outStride = output.pixelStride else { return false }
    let extents = input.view.shape
    let descriptor = PoolU8Descriptor(
      geometry: Geometry(window, batch: extents[0], inputPixelStride: inStride, outputPixelStride: outStride), channels: extents[1],
      kind: kind, countsPadding: countsPadding, inputZeroPoint: input.parameters.zeroPoint, outputZeroPoint: parameters.zeroPoint,
      scale: Float(Double(input.parameters.scale) / Double(parameters.scale)))
    try emit(descriptor, [output, input.view])
    define(out, output, parameters)
    return true
  }

  func lowerReduceMean() throws {
    let (x, out) = (try node.requiredInput(0), node.outputs[0])
    let extents = try shape(x)
    guard let axes = try context.reducedAxes() else { return move(x, to: out) { $0 } }
    let keeps = try node.attributes.int("keepdims", default: 1) != 0
    if keeps, extents.count >= 3, axes == Set(2..<extents.count) { return try lowerGlobalPool(.average) }
    try requireFloat(x)
    try emitMean(plain(x), axes: axes)
  }

  private func emitMean(_ input: View, axes: Set<Int>) throws {
    let output = try rowMajorDestination(node.outputs[0], .f32)
    let isReduced = input.shape.indices.map(axes.contains)
    guard let descriptor = ReduceMeanF32Descriptor(extents: input.shape, strides: input.strides, isReduced: isReduced) else {
      throw unsupported("a mean over more than six dimensions")
    }
    try emit(descriptor, [output, input])
    define(node.outputs[0], output)
  }
}
